"""Recovery ladders: what to do after the first, second, third failure of a pass (protocol §6), as data.

The last rung of every ladder hands over to a person or accepts a documented shortfall; failures beyond it stay there.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Action = Literal[
    "retry",  # the same task again, with the defect list
    "reduce",  # only the part that failed
    "back",  # the failure transition of the state machine, with the gap list
    "degrade",  # go on with reduced expectations (audit-degraded)
    "accept",  # go on with the threshold reduced for this book, and the deferral documented
    "escalate",  # a person
]


@dataclass(frozen=True, slots=True)
class Rung:
    """What to do after a failure. ``token_factor`` multiplies the pass's token budget; ``note`` is for the brief."""

    action: Action
    token_factor: Decimal
    note: str


def _rung(action: Action, note: str, factor: str = "1") -> Rung:
    return Rung(action, Decimal(factor), note)


_BROADER = _rung("retry", "Use a broader source list: course pages, doctoral theses, reviews.", "2")
_ESCALATE = _rung("escalate", "A person decides how to go on.")
_METRICS = "Address each of the named metrics; finding no gap is no answer while one is below its threshold."
_LOOP = _rung("back", "Weave again for the metrics that fell short, then verify again.")

#: Pass → rungs: the first is for the first failure, the last for every failure from there on.
LADDERS: dict[str, tuple[Rung, ...]] = {
    "P1_audit": (
        _BROADER,
        _rung("retry", _BROADER.note + " State an inventory as none only with a source.", "2"),
        _ESCALATE,
    ),
    "P2_gap": (
        _rung("retry", "Search the corpus again: a unit that covers the listed rows may have been overlooked."),
        _ESCALATE,
    ),
    "P3_plan": (_rung("retry", "Balance the decomposition: each job gets 4 to 8 units."), _ESCALATE),
    "P4_production": (
        _rung("retry", "Mend every defect of the list; change nothing else.", "1.5"),
        _rung("reduce", "Produce only the sections that failed; the others stay as they are.", "1.5"),
        _ESCALATE,
    ),
    "P5_verification": (
        _rung("back", "Back to production with the rows that are not covered."),
        _rung("accept", "Reduce the threshold for this book and document what is deferred."),
    ),
    "PW_weaving": (_rung("retry", _METRICS), _rung("retry", _METRICS), _ESCALATE),
    "PV_continuity": (_LOOP, _LOOP, _LOOP, _ESCALATE),
}

#: Ladders of single tiers: a γ book whose second audit fails goes on with reduced expectations.
TIER_LADDERS: dict[tuple[str, str], tuple[Rung, ...]] = {
    ("P1_audit", "γ"): (_BROADER, _rung("degrade", "Go on with topic equivalence only."), _ESCALATE)
}

#: Passes without a ladder of their own (teaching flows).
DEFAULT: tuple[Rung, ...] = (
    _rung("retry", "Mend every defect of the list.", "1.5"),
    _rung("reduce", "Redo only what failed.", "1.5"),
    _ESCALATE,
)


def rung(pass_name: str, failures_so_far: int, tier: str | None = None) -> Rung:
    """What to do after ``failures_so_far`` (≥ 1) failures in a row; ``tier`` is a Greek letter. ValueError below 1."""
    if failures_so_far < 1:
        raise ValueError("a ladder begins with a failure")
    ladder = TIER_LADDERS.get((pass_name, tier or "")) or LADDERS.get(pass_name, DEFAULT)
    return ladder[min(failures_so_far, len(ladder)) - 1]
