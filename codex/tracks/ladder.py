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
    "degrade",  # go on with reduced expectations: the failure transition, with what of the reply stands
    "accept",  # go on with the threshold reduced for this subject, and the deferral documented
    "escalate",  # a person
]


@dataclass(frozen=True, slots=True)
class Rung:
    """What to do after a failure. ``token_factor`` multiplies the pass's token budget; ``note`` is for the brief."""

    action: Action
    note: str
    token_factor: Decimal = Decimal(1)


#: The first rung is for the first failure, the last for every failure from there on.
Ladder = tuple[Rung, ...]

ESCALATE = Rung("escalate", "A person decides how to go on.")

#: Of a pass without a ladder of its own.
DEFAULT: Ladder = (
    Rung("retry", "Mend every defect of the list.", Decimal("1.5")),
    Rung("reduce", "Redo only what failed.", Decimal("1.5")),
    ESCALATE,
)


def climb(ladder: Ladder, failures_so_far: int) -> Rung:
    """What to do after ``failures_so_far`` (≥ 1) failures in a row. ValueError below 1."""
    if failures_so_far < 1:
        raise ValueError("a ladder begins with a failure")
    return ladder[min(failures_so_far, len(ladder)) - 1]
