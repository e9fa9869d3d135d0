"""The unit format: parse a file into one typed model, render it, change a front-matter key in place."""

from codex.units.edit import set_frontmatter_value
from codex.units.exercises import Exercise
from codex.units.headings import TIERS, Heading, Tier
from codex.units.ids import domain_of, is_id
from codex.units.model import Section, Unit, UnitError
from codex.units.parse import parse_unit

__all__ = [
    "TIERS",
    "Exercise",
    "Heading",
    "Section",
    "Tier",
    "Unit",
    "UnitError",
    "domain_of",
    "is_id",
    "parse_unit",
    "set_frontmatter_value",
]
