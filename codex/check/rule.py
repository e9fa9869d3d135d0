"""What a rule is: a value with a code, texts for people and agents, and one function."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from codex.check.answers import Answers
from codex.units import Unit

Verdict = Literal["pass", "fail", "not_judged"]
Level = Literal["core", "full"]
Severity = Literal["error", "warning"]

#: No finding shows more of a value, or lists more places, than this.
SHOWN_CHARACTERS = 120
SHOWN_PLACES = 20


@dataclass(frozen=True, slots=True)
class Place:
    """One spot of a finding: a line of the file (None: the file as a whole) and what is wrong there."""

    detail: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says about a unit. ``places`` is empty for a plain pass; ``severity`` overrides the rule's own."""

    verdict: Verdict
    places: tuple[Place, ...] = ()
    severity: Severity | None = None


PASS = Finding("pass")


def fail(detail: str, line: int | None = None) -> Finding:
    return Finding("fail", (Place(detail, line),))


def not_judged(reason: str, line: int | None = None) -> Finding:
    return Finding("not_judged", (Place(reason, line),))


def fail_at(places: Iterable[Place], severity: Severity | None = None) -> Finding:
    """Fails when there is any place, passes otherwise."""
    found = tuple(places)
    return Finding("fail", found, severity) if found else PASS


def pass_if(good: object, detail: str, line: int | None = None) -> Finding:
    return PASS if good else fail(detail, line)


class UnfitField(Exception):
    """A front-matter field has a type that a rule cannot work with (PE004)."""

    def __init__(self, unit: Unit, key: str, wanted: str) -> None:
        value = unit.frontmatter.get(key)
        super().__init__(f"The front-matter field {key} must be {wanted}, not {show(value)}.")
        self.line = unit.line_of_key(key)


#: ``None`` means that the rule does not apply to this unit and adds no result.
Check = Callable[[Unit, Answers], Finding | None]


@dataclass(frozen=True, slots=True)
class Example:
    """A change to the sample unit (codex/check/samples.py): ``old``, which stands in it, becomes ``new`` everywhere.

    The documentation prints ``new``; the tests make the change and run the rule. ``also`` are further replacements
    that the verdict needs; ``files`` are changes to the sample workspace around the unit (path → text, None removes
    the file); ``name`` gives the unit another file name.
    """

    old: str = ""
    new: str = ""
    also: tuple[tuple[str, str], ...] = ()
    files: tuple[tuple[str, str | None], ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the rubric.

    ``reads`` names what the verdict depends on. ``failing`` is None for a rule that cannot fail.
    ``hint`` tells the agent who has to repair the unit what to do.
    ``constraint`` is the rule as an order to whoever writes a unit ("" when a writer cannot break it). ``version`` is
    raised when the function's answers change: cached results die with it.
    """

    code: str
    name: str
    level: Level
    severity: Severity
    reads: tuple[str, ...]
    why: str
    failing: Example | None
    passing: Example
    hint: str
    constraint: str
    check: Check
    version: int = 1


def show(value: Any) -> str:
    """A value for a message: one line, bounded, printable."""
    text = value if isinstance(value, str) else repr(value)
    text = " ".join(text.split()) if text.strip() else repr(value)
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"
