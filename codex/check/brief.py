"""The rules as words for an agent: constraints before it writes, a defect list after."""

from __future__ import annotations

from collections.abc import Iterator

from codex.check.faults import FAULTS
from codex.check.registry import rules_at
from codex.check.result import CheckResult, UnitResult
from codex.check.rule import SHOWN_PLACES, Level


def constraints(level: Level = "core") -> list[tuple[str, str]]:
    """The hard constraints on a unit as (code, sentence), in the order of the rules."""
    return [(rule.code, rule.constraint) for rule in rules_at(level) if rule.constraint]


def defect_list(result: UnitResult) -> str:
    """What is wrong with a unit and how to repair it, as a Markdown list; "" when nothing fails.

    What was not judged is left out: no change to the unit could settle it.
    """
    return "\n".join(_lines(result))


def _lines(result: UnitResult) -> Iterator[str]:
    if result.error:
        yield f"- **{result.error.code}** (line {result.error.line}) {result.error.sentence}"
        yield f"  - Repair: {FAULTS[result.error.code].hint}"
    for check in result.checks:
        if check.verdict == "fail":
            yield from _defect(check)


def _defect(check: CheckResult) -> Iterator[str]:
    weight = "" if check.severity == "error" else " (warning)"
    yield f"- **{check.code}**{weight} {check.name}"
    for place in check.places[:SHOWN_PLACES]:
        yield f"  - line {place.line}: {place.detail}" if place.line else f"  - {place.detail}"
    if len(check.places) > SHOWN_PLACES:
        yield f"  - … and {len(check.places) - SHOWN_PLACES} more of the same"
    if check.hint:
        yield f"  - Repair: {check.hint}"
