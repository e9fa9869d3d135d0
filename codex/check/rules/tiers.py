"""Tier markers in relation to each other: XL001 XL002 (level full)."""

from __future__ import annotations

from codex.check.answers import Answers
from codex.check.rule import Example, Finding, Place, Rule, fail_at, show
from codex.units import TIERS, Heading, Tier, Unit


def _lowest(tiers: frozenset[Tier]) -> int:
    return min(TIERS.index(tier) for tier in tiers)


def _leaks(unit: Unit, answers: Answers) -> Finding:
    places = []
    above: Heading | None = None
    for heading in unit.headings:
        if heading.level == 2:
            above = heading
        elif above and above.tiers and heading.tiers and _lowest(heading.tiers) > _lowest(above.tiers):
            detail = f"{show(heading.title)} [{heading.marker}] stands inside {show(above.title)} [{above.marker}]"
            places.append(Place(detail, unit.line_at(heading.start)))
    return fail_at(places)


XL001 = Rule(
    code="XL001",
    name="no sub-heading of a higher tier inside a lower one",
    level="full",
    severity="error",
    reads=("headings",),
    why="A reader of the lower tier would run into text of the higher one.",
    failing=Example(
        "## Worked example [Beginner]\n", "## Worked example [Beginner]\n\n### The general case [Master]\n\nText.\n\n"
    ),
    passing=Example(
        "## Worked example [Beginner]\n", "## Worked example [Beginner]\n\n### A second case [Beginner]\n\nText 1.\n\n"
    ),
    hint="Move the sub-section under an H2 of its own tier, or mark it with the tier of its H2.",
    constraint="Sub-headings carry no tier marker, or that of their `##` heading.",
    check=_leaks,
)


def _marked(unit: Unit, answers: Answers) -> Finding:
    return fail_at(
        Place(_marker_problem(heading), unit.line_at(heading.start))
        for heading in unit.headings
        if heading.level == 2 and not heading.tiers and not heading.title.lower().endswith("[all tiers]")
    )


def _marker_problem(heading: Heading) -> str:
    if heading.marker:
        return f"{show(heading.title)} has the unknown marker [{heading.marker}]"
    return f"{show(heading.title)} has no tier marker"


XL002 = Rule(
    code="XL002",
    name="every H2 carries a known tier marker",
    level="full",
    severity="warning",
    reads=("headings",),
    why="Text under an unmarked heading belongs to no tier and is shown to nobody.",
    failing=Example("## Visual [Beginner]", "## Visual"),
    passing=Example("## Visual [Beginner]", "## Visual [All tiers]"),
    hint="End the heading with [Beginner], [Intermediate], [Intermediate+], [Master] or [All tiers].",
    constraint="Every `##` heading ends with a tier marker.",
    check=_marked,
)
