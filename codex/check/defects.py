"""What is wrong with something that was handed in, for its author: the one shape of it, and how checks become that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from codex.check.result import CheckResult, UnitResult
from codex.units.model import UnitError

#: Places of one check that are listed.
_SHOWN_PLACES = 5


@dataclass(frozen=True)
class Defect:
    """Something wrong with a reply or a unit: where, what, and what would be right."""

    where: str
    what: str
    code: str = "CLAIM"

    def as_data(self) -> dict[str, str]:
        return {"code": self.code, "where": self.where, "what": self.what}


def defects_of(result: UnitResult) -> Iterator[Defect]:
    """What keeps a unit from shipping: the error that it cannot be read for, and each place of a check that fails."""
    if result.error:
        yield unreadable(result.error)
    for check in result.decisive:
        if check.verdict == "fail":
            yield from _places(check)


def unjudged(result: UnitResult) -> Iterator[Defect]:
    """What could not be judged here: a new unit ships only when every check could be made."""
    for check in result.decisive:
        if check.verdict == "not_judged":
            yield Defect(f"line {check.line}" if check.line else "unit", f"{check.name}: {check.detail}", check.code)


def unreadable(error: UnitError) -> Defect:
    return Defect(f"line {error.line}", error.sentence, error.code)


def _places(check: CheckResult) -> Iterator[Defect]:
    hint = f" — {check.hint}" if check.hint else ""
    if not check.places:
        yield Defect("unit", f"{check.name}{hint}", check.code)
    for place in check.places[:_SHOWN_PLACES]:
        where = f"line {place.line}" if place.line else "unit"
        yield Defect(where, f"{check.name}: {place.detail}{hint}", check.code)
    more = len(check.places) - _SHOWN_PLACES
    if more > 0:
        yield Defect("unit", f"{check.name}: {more} more of the same", check.code)
