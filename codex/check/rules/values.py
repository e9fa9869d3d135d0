"""Front-matter values as the rules of level core see them (unit-rubric §1.2, §1.6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from codex.check.rule import UnfitField
from codex.units import Unit


def id_text(unit: Unit) -> str:
    """The id as the reference prints it: "" when missing, ``None`` when null, ``12.05`` for a float."""
    return str(unit.frontmatter["id"]) if "id" in unit.frontmatter else ""


def declared_tiers(unit: Unit) -> frozenset[Any]:
    """set(tiers_present): list items, keys of a mapping, characters of a string. UnfitField for anything else."""
    value = unit.frontmatter.get("tiers_present", ())
    try:
        return frozenset(value)
    except TypeError:
        raise UnfitField(unit, "tiers_present", "a list of tier names") from None


def items(unit: Unit, key: str) -> Iterable[Any]:
    """The entries of a list (keys of a mapping, characters of a string). UnfitField when it cannot be iterated."""
    value = unit.frontmatter.get(key)
    if not isinstance(value, Iterable):
        raise UnfitField(unit, key, "a list")
    return value


def mappings(unit: Unit, key: str) -> list[Mapping[Any, Any]]:
    """The entries that are mappings; empty when the value is missing, empty or no collection."""
    value = unit.frontmatter.get(key)
    if not isinstance(value, Iterable):
        return []
    return [entry for entry in value if isinstance(entry, Mapping)]
