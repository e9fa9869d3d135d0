"""The two ways in which something is not written: a whole proposal, or one unit of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from codex.check import CheckResult, UnitResult
from codex.integration.proposal import RejectedUnit

#: Places of one check that a defect lists.
_SHOWN_PLACES = 5


class Refused(Exception):
    """The proposal is not integrated at all, and why (a sentence)."""


class Rejected(Exception):
    """One unit of the proposal is not written; the others go on."""

    def __init__(self, unit: RejectedUnit) -> None:
        super().__init__(unit.detail)
        self.unit = unit


def rejected(unit_id: str, reason: Any, detail: str, defects: Iterable[dict[str, Any]] = ()) -> Rejected:
    """A rejection; without defects of its own, its detail is the one defect."""
    listed = tuple(defects) or ({"code": reason, "where": "unit", "what": detail},)
    return Rejected(RejectedUnit(id=unit_id, reason=reason, detail=detail, defects=listed))


def defects_of(result: UnitResult) -> list[dict[str, Any]]:
    """What did not pass, as an agent needs it in order to mend it: code, where, what (with the hint)."""
    found = []
    if result.error:
        where = f"line {result.error.line}"
        found.append({"code": result.error.code, "where": where, "what": result.error.sentence})
    for check in result.checks:
        if check.verdict == "fail" and check.severity == "error":
            found += _places(check)
    return found


def _places(check: CheckResult) -> list[dict[str, Any]]:
    hint = f" — {check.hint}" if check.hint else ""
    return [
        {
            "code": check.code,
            "where": f"line {place.line}" if place.line else "unit",
            "what": f"{check.name}: {place.detail}{hint}",
        }
        for place in check.places[:_SHOWN_PLACES]
    ] or [{"code": check.code, "where": "unit", "what": f"{check.name}{hint}"}]
