"""The state machines as tables of data (protocol §3.1–3.4 and §6; curriculum.md §4 for teaching flows).

A table is read in order: of the transitions that a pass can make from a state, the first whose ``when`` holds is the
next step (machine.py). The names in ``pre`` and ``post`` are functions in conditions.py.
"""

from __future__ import annotations

from codex.campaign.states import Machine, State, Transition

_BOOK_WAY = (
    Transition(
        "draft",
        "audited",
        "the book is part of an active batch",
        "P1_audit",
        pre=("audit_pending",),
        post=("audit_filled", "three_sources"),
    ),
    Transition(
        "audited",
        "gap-analysed",
        "the book is audited",
        "P2_gap",
        pre=("audit_filled", "corpus_readable"),
        post=("coverage_filled", "scorecard_filled"),
    ),
    Transition(
        "audit-degraded",
        "gap-analysed",
        "the book goes on with reduced expectations",
        "P2_gap",
        pre=("corpus_readable",),
        post=("coverage_filled", "scorecard_filled"),
    ),
    Transition(
        "gap-analysed",
        "production-ready",
        "the book is gap-analysed",
        "P3_plan",
        pre=("coverage_filled",),
        post=("plan_filled", "decomposition_filled"),
    ),
    Transition(
        "production-ready",
        "in-production",
        "a production batch is dispatched",
        "P4_production",
        pre=("plan_lists_units", "budget_left"),
    ),
    Transition(
        "in-production",
        "production-complete",
        "every unit of the batch has been integrated",
        "P4_production",
        pre=("plan_lists_units",),
        post=("units_shipped",),
    ),
    Transition(
        "production-complete",
        "verified",
        "production is complete",
        "P5_verification",
        pre=("units_shipped",),
        post=("verification_filled", "layers_met"),
    ),
    Transition(
        "verified",
        "woven",
        "the book and the related books of its batch are verified",
        "PW_weaving",
        pre=("batch_verified",),
        post=("weaving_reported",),
    ),
    Transition(
        "woven",
        "woven",
        "continuity fell short: weave again, naming the metrics",
        "PW_weaving",
        pre=("batch_verified",),
        post=("weaving_reported",),
        when="continuity_fell_short",
    ),
    Transition(
        "woven",
        "equivalence-covered",
        "continuity is verified",
        "PV_continuity",
        pre=("weaving_reported",),
        post=("continuity_met", "nothing_outstanding"),
    ),
)

_BOOK_FAILURES = (
    Transition("draft", "audit-degraded", "tier γ: a second audit failed", "P1_audit", outcome="failure"),
    Transition(
        "in-production",
        "production-needs-rework",
        "a unit failed its third attempt",
        "P4_production",
        outcome="failure",
    ),
    Transition(
        "production-complete",
        "production-ready",
        "a layer is below its threshold: back with the gap list",
        "P5_verification",
        outcome="failure",
    ),
)

_FLOW_WAY = (
    Transition(
        "draft",
        "trajectory-extracted",
        "the flow joins the campaign",
        "PA_trajectory",
        post=("flow_has_steps", "flow_units_exist"),
    ),
    Transition(
        "trajectory-extracted",
        "bridged",
        "the steps are there",
        "PB_bridges",
        pre=("flow_has_steps",),
        post=("flow_has_bridges",),
    ),
    Transition(
        "bridged", "paused", "the bridges are there", "PC_pauses", pre=("flow_has_bridges",), post=("flow_has_pauses",)
    ),
    Transition(
        "paused",
        "verified",
        "the pauses are there",
        "PD_verification",
        pre=("flow_has_pauses",),
        post=("flow_units_exist",),
    ),
    Transition("verified", "woven", "the flow is verified", "PE_weaving", post=("flow_looks_outward",)),
    Transition(
        "woven",
        "woven",
        "attenuation fell short: weave again",
        "PE_weaving",
        post=("flow_looks_outward",),
        when="attenuation_fell_short",
    ),
    Transition("woven", "attenuation-verified", "the flow is woven", "PV_attenuation", pre=("flow_looks_outward",)),
)

_FLOW_FAILURES = (
    Transition("paused", "draft", "the sequence does not hold", "PD_verification", outcome="failure"),
    Transition("paused", "trajectory-extracted", "a bridge does not hold", "PD_verification", outcome="failure"),
    Transition("paused", "bridged", "a pause does not hold", "PD_verification", outcome="failure"),
)


def _by_persons(working: tuple[str, ...], waiting: tuple[str, ...]) -> tuple[Transition, ...]:
    """Escalation from every working state, the answers that lead back, and deferral from anywhere."""
    rows = [Transition(s, "escalated", "a ladder's last rung, or a budget", outcome="failure") for s in working]
    rows += [Transition("escalated", s, "a person answers", outcome="person") for s in working]
    rows += [Transition(s, "deferred", "left to a later phase", outcome="person") for s in (*working, *waiting)]
    return (*rows, Transition("deferred", working[0], "a person takes it up again", outcome="person"))


_BOOK_WORKING = (
    "draft",
    "audited",
    "audit-degraded",
    "gap-analysed",
    "production-ready",
    "in-production",
    "production-complete",
    "verified",
    "woven",
)
_FLOW_WORKING = ("draft", "trajectory-extracted", "bridged", "paused", "verified", "woven")

BOOK = Machine(
    kind="book",
    initial="draft",
    states=(
        *map(State, _BOOK_WORKING),
        State("production-needs-rework", person=True),
        State("escalated", person=True),
        State("equivalence-covered", final=True),
        State("deferred", final=True),
    ),
    passes=("P1_audit", "P2_gap", "P3_plan", "P4_production", "P5_verification", "PW_weaving", "PV_continuity"),
    transitions=(
        *_BOOK_WAY,
        *_BOOK_FAILURES,
        *_by_persons(_BOOK_WORKING, ("production-needs-rework", "escalated")),
        Transition("production-needs-rework", "in-production", "a person gives a hint or a draft", outcome="person"),
        Transition("production-needs-rework", "gap-analysed", "a person asks for another plan", outcome="person"),
        *(
            Transition(source, "production-ready", "a person withdraws a unit", outcome="person")
            for source in ("verified", "woven", "equivalence-covered")
        ),
    ),
    aliases={"equivalence-covered-and-continuity-verified": "equivalence-covered"},
)

_UNIT_WORKING = ("queued", "in-production")

#: A queued unit that belongs to no book in production (production guide, "Producer"). Its name in other events: a unit
#: that somebody handed in and that was turned down is queued as before, and so is one that was withdrawn.
UNIT = Machine(
    kind="unit",
    initial="queued",
    states=(
        *map(State, _UNIT_WORKING),
        State("production-needs-rework", person=True),
        State("escalated", person=True),
        State("shipped", final=True),
        State("deferred", final=True),
    ),
    passes=("P4_production",),
    transitions=(
        Transition(
            "queued",
            "in-production",
            "the unit is next in the queue",
            "P4_production",
            pre=("prerequisites_shipped", "budget_left"),
        ),
        Transition("in-production", "shipped", "the unit has been integrated", "P4_production"),
        Transition(
            "in-production",
            "production-needs-rework",
            "the unit failed its third attempt",
            "P4_production",
            outcome="failure",
        ),
        *_by_persons(_UNIT_WORKING, ("production-needs-rework", "escalated")),
        Transition("production-needs-rework", "in-production", "a person gives a hint or a draft", outcome="person"),
        Transition("production-needs-rework", "queued", "a person puts it back", outcome="person"),
    ),
    aliases={"rejected": "queued", "withdrawn": "queued"},
)

FLOW = Machine(
    kind="flow",
    initial="draft",
    states=(
        *map(State, _FLOW_WORKING),
        State("escalated", person=True),
        State("attenuation-verified", final=True),
        State("deferred", final=True),
    ),
    passes=("PA_trajectory", "PB_bridges", "PC_pauses", "PD_verification", "PE_weaving", "PV_attenuation"),
    transitions=(
        *_FLOW_WAY,
        *_FLOW_FAILURES,
        *_by_persons(_FLOW_WORKING, ("escalated",)),
        Transition("attenuation-verified", "woven", "a person reopens it", outcome="person"),
    ),
)

#: Kind of subject (the part before the colon) → its machine. ``campaign`` has none.
MACHINES: dict[str, Machine] = {machine.kind: machine for machine in (BOOK, FLOW, UNIT)}


def machine_of(subject: str) -> Machine | None:
    """The machine of a subject's kind; None for the campaign itself."""
    return MACHINES.get(subject.partition(":")[0])
