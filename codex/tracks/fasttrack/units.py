"""Queued units that belong to no book in production (production guide, "Producer"): their machine as a table."""

from __future__ import annotations

from codex.tracks.fasttrack.names import IN_PRODUCTION, NEEDS_REWORK, PRODUCTION, QUEUED, SHIPPED
from codex.tracks.machine import BESIDE_THE_WAY, ESCALATED, Machine, State, Transition, by_persons

_WORKING = (QUEUED, IN_PRODUCTION)

#: Its name in other events: a unit that somebody handed in and that was turned down is queued as before, and so is one
#: that was withdrawn. It needs no registration: units are named by the plan.
UNIT = Machine(
    kind="unit",
    shelf="units",
    initial=QUEUED,
    states=(*map(State, _WORKING), State(NEEDS_REWORK, person=True), State(SHIPPED, final=True), *BESIDE_THE_WAY),
    passes=(PRODUCTION,),
    transitions=(
        Transition(
            QUEUED,
            IN_PRODUCTION,
            "the unit is next in the queue",
            PRODUCTION,
            pre=("prerequisites_shipped", "budget_left"),
        ),
        Transition(IN_PRODUCTION, SHIPPED, "the unit has been integrated", PRODUCTION),
        Transition(IN_PRODUCTION, NEEDS_REWORK, "the unit failed its third attempt", PRODUCTION, outcome="failure"),
        *by_persons(_WORKING, (NEEDS_REWORK, ESCALATED)),
        Transition(NEEDS_REWORK, IN_PRODUCTION, "a person gives a hint or a draft", outcome="person"),
        Transition(NEEDS_REWORK, QUEUED, "a person puts it back", outcome="person"),
    ),
    aliases={"rejected": QUEUED, "withdrawn": QUEUED},
    names=r"\d{2}\.(?:\d{2}\.(?:\d{2}|E\d{1,2})|essays\.\d{2})",
    made_by_naming=True,
)
