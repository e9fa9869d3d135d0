"""The two ways in which something is not written: a whole proposal, or one unit of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from codex.check.defects import Defect
from codex.integration.proposal import RejectedUnit


class Refused(Exception):
    """The proposal is not integrated at all, and why (a sentence)."""


class Rejected(Exception):
    """One unit of the proposal is not written; the others go on."""

    def __init__(self, unit: RejectedUnit) -> None:
        super().__init__(unit.detail)
        self.unit = unit


def rejected(unit_id: str, reason: Any, detail: str, defects: Iterable[Defect] = ()) -> Rejected:
    """A rejection; without defects of its own, its detail is the one defect."""
    listed = tuple(each.as_data() for each in defects) or (Defect("unit", detail, reason).as_data(),)
    return Rejected(RejectedUnit(id=unit_id, reason=reason, detail=detail, defects=listed))
