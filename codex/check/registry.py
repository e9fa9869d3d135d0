"""Every rule, in the order in which results are listed (unit-rubric §1.6, then Part 2)."""

from __future__ import annotations

from collections.abc import Iterable

from codex.check.rule import Level, Rule
from codex.check.rules.beginner import BG001, BG002, BG003, BG004
from codex.check.rules.crossrefs import XC001, XC002, XR001
from codex.check.rules.depth import XH001, XP001, XP002, XT001
from codex.check.rules.exercises import XE001, XE002, XE003, XE004, XE005, XE006
from codex.check.rules.frontmatter import CC001, FM001, ID001, PR001, TR001, TR002, TR003
from codex.check.rules.graph import XG001
from codex.check.rules.identity import XA001, XI001, XI002, XS001
from codex.check.rules.lean import LN001, LN002, LN003, LN004, LN005, LN006
from codex.check.rules.notation import XN001
from codex.check.rules.prose import PG001, PH001
from codex.check.rules.reading import XB001, XB002
from codex.check.rules.references import CT001, HK001, HK002, RF001, RF002, RF003
from codex.check.rules.sources import XM001, XM002, XM003, XV001
from codex.check.rules.tiers import XL001, XL002
from codex.check.rules.upper import IM001, IM002, IM003, IM004, MS001, MS002, MS003, MS004
from codex.errors import UserError

RULES: tuple[Rule, ...] = (
    # Level core: the gate. Order and names are part of the rubric.
    FM001, ID001, TR001, CC001, TR002, TR003, PR001,
    RF001, RF002, RF003,
    LN001, LN002, LN003, LN004, LN005, LN006,
    CT001, HK001, HK002, PH001, PG001,
    BG001, BG002, BG003, BG004,
    IM001, IM002, IM003, IM004,
    MS001, MS002, MS003, MS004,
    # Level full: what the rubric asks and nobody checked before.
    XI001, XI002, XA001, XS001, XR001,
    XE001, XE002, XE003, XE004, XE005, XE006,
    XB001, XB002, XP001, XP002, XC001, XC002, XH001,
    XV001, XN001, XL001, XL002, XM001, XM002, XM003, XT001, XG001,
)  # fmt: skip

#: Rules on manifests/deps.json; all others are on units.
GRAPH_RULES: tuple[Rule, ...] = (XG001,)

RULE_BY_CODE = {rule.code: rule for rule in RULES}


def rules_at(level: Level) -> tuple[Rule, ...]:
    """The rules of a level: ``full`` includes ``core``."""
    return RULES if level == "full" else tuple(rule for rule in RULES if rule.level == "core")


def rules_named(codes: Iterable[str]) -> tuple[Rule, ...]:
    """The rules of any level whose codes are, or begin with, one of these. UserError for a code that no rule has."""
    wanted = tuple(code.strip().upper() for code in codes if code.strip())
    for code in wanted:
        if not any(rule.code.startswith(code) for rule in RULES):
            raise UserError(f"No rule has the code {code!r}.", remedy="`codexctl check --explain all` lists them.")
    return tuple(rule for rule in RULES if rule.code.startswith(wanted)) if wanted else ()


def select_rules(level: Level, select: Iterable[str] = ()) -> tuple[Rule, ...]:
    """The rules of a level, or those that ``select`` names, where it names any."""
    return rules_named(select) or rules_at(level)
