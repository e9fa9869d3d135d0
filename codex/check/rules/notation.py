"""Notation: XN001 undefined macros (level full)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from codex.check.answers import Answers
from codex.check.latex import STANDARD
from codex.check.rule import Example, Finding, Place, Rule, fail_at
from codex.check.rules.prose import paragraphs
from codex.units import Unit
from codex.units.cuts import math_spans

_MACRO = re.compile(r"\\([A-Za-z]+)")
_INTRODUCES = re.compile(r"\b(?:denote|write|define|let\b|call|notation)|:=", re.IGNORECASE)


def _macros(unit: Unit, answers: Answers) -> Finding:
    return fail_at(
        Place(f"\\{macro} is not introduced", unit.line_at(offset))
        for macro, offset in _used(unit)
        if not answers.notation_contains(f"\\{macro}") and not _introduced(unit, macro)
    )


def _used(unit: Unit) -> Iterator[tuple[str, int]]:
    """Macros beyond standard LaTeX in the formulas of Intermediate and Master sections, with their first use there."""
    if all(name in STANDARD for name in set(_MACRO.findall(unit.body_masked))):
        return  # finding the formulas takes longer than this look at the whole body
    upper = [s for s in unit.sections if s.heading.tiers & {"intermediate", "master"}]
    found: dict[str, int] = {}
    for section in upper:
        text = unit.body_masked[section.start : section.end]
        for start, end in math_spans(text):
            for match in _MACRO.finditer(text, start, end):
                if match[1] not in STANDARD:
                    found.setdefault(match[1], section.start + match.start())
    yield from found.items()


def _introduced(unit: Unit, macro: str) -> bool:
    """Whether the paragraph with the macro's first use in the unit says what it means."""
    use = re.compile(rf"\\{macro}(?![A-Za-z])")
    for _, piece in paragraphs(unit.body_masked):
        if use.search(piece):
            return _INTRODUCES.search(piece) is not None
    return False


XN001 = Rule(
    code="XN001",
    name="macros beyond standard LaTeX are introduced",
    level="full",
    severity="warning",
    reads=("Intermediate and Master sections", "_meta/NOTATION.md"),
    why="A symbol is explained in the notation list or where it is first used (denote, write, define, let, call, "
    "notation, `:=`).",
    failing=Example("Every even number is a sum.", r"Every even number lies in $\Evens$."),
    passing=Example("Every even number is a sum.", r"Let $\Evens$ denote the even numbers. All lie in $\Evens$."),
    hint="Say what the macro means where it first appears, use standard LaTeX (`\\operatorname{…}`), or have it added "
    "to _meta/NOTATION.md.",
    constraint="Only standard LaTeX macros (others by `\\operatorname{…}`); every special symbol is explained where it "
    "first appears.",
    check=_macros,
)
