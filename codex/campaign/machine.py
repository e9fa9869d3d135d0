"""The state machines as tables of data: states, transitions, and what comes next for a subject.

Sources: orchestration protocol §3.1–3.4 and §6; curriculum.md §4 for teaching flows. A table is read in order: of the
transitions that a pass can make from a state, the first whose ``when`` holds is the next step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from codex.errors import UserError

if TYPE_CHECKING:
    from codex.campaign.ledger import Ledger

Outcome = Literal["success", "failure", "person"]


@dataclass(frozen=True, slots=True)
class State:
    """``final``: nothing more is done by itself; ``person``: waits for an answer."""

    name: str
    final: bool = False
    person: bool = False


@dataclass(frozen=True, slots=True)
class Transition:
    """A row of the table. ``pre`` and ``post`` name conditions (conditions.py), ``when`` a route (``ROUTES``).

    ``pass_name`` is the pass whose result makes the transition; None where a person or the engine decides.
    """

    source: str
    target: str
    trigger: str
    pass_name: str | None = None
    pre: tuple[str, ...] = ()
    post: tuple[str, ...] = ()
    outcome: Outcome = "success"
    when: str = ""


@dataclass(frozen=True, slots=True)
class Machine:
    """A kind of subject: its states, its passes in order, its transitions. ``aliases``: names of other ages."""

    kind: str
    initial: str
    states: tuple[State, ...]
    passes: tuple[str, ...]
    transitions: tuple[Transition, ...]
    aliases: dict[str, str] = field(default_factory=dict)

    def state(self, status: str) -> State | None:
        """The state of that name or alias; None for a text that is no state."""
        name = self.aliases.get(status, status)
        return next((s for s in self.states if s.name == name), None)

    def leaving(self, state: str) -> Iterator[Transition]:
        return (t for t in self.transitions if t.source == state)

    def between(self, source: str, target: str) -> Transition | None:
        return next((t for t in self.leaving(source) if t.target == target), None)

    def rank(self, state: str) -> int:
        """How far a state is along the way of success, from 0; a state beside the way ranks -1.

        A side road that joins the way (audit-degraded) ranks just below where it joins.
        """
        ahead = [t for t in self.transitions if t.outcome == "success"]
        order = list(dict.fromkeys([self.initial, *(t.target for t in ahead)]))
        if state in order:
            return order.index(state)
        return next((order.index(t.target) - 1 for t in ahead if t.source == state), -1)


@dataclass(frozen=True, slots=True)
class Step:
    """What to do next: run ``pass_name``; its success moves the subject from ``source`` to ``target``."""

    subject: str
    pass_name: str
    source: str
    target: str
    transition: Transition


@dataclass(frozen=True, slots=True)
class Final:
    """Nothing is left to do."""

    subject: str
    state: str


@dataclass(frozen=True, slots=True)
class NeedsPerson:
    """A person has to answer: one of ``choices``, the states from which the work may go on."""

    subject: str
    state: str
    reason: str
    choices: tuple[str, ...]


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
        Transition("equivalence-covered", "production-ready", "a person withdraws a unit", outcome="person"),
    ),
    aliases={"equivalence-covered-and-continuity-verified": "equivalence-covered"},
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

#: Kind of subject (the part before the colon) → its machine. ``unit:`` and ``campaign`` have none.
MACHINES: dict[str, Machine] = {machine.kind: machine for machine in (BOOK, FLOW)}


def machine_of(subject: str) -> Machine | None:
    """The machine of a subject's kind; None for units and for the campaign itself."""
    return MACHINES.get(subject.partition(":")[0])


def _fell_short(verify: str, weave: str) -> Callable[[Ledger, str], bool]:
    """True while the last verification failed and neither a weaving nor a person's answer came after it."""

    def route(ledger: Ledger, subject: str) -> bool:
        for event in reversed(ledger.events(subject)):
            if event.kind == "answered" or (event.kind == "pass_completed" and event.pass_name in {verify, weave}):
                return False
            if event.kind == "pass_failed" and event.pass_name == verify:
                return True
        return False

    return route


#: Which of two ways to go, decided by the ledger alone.
ROUTES: dict[str, Callable[[Ledger, str], bool]] = {
    "continuity_fell_short": _fell_short("PV_continuity", "PW_weaving"),
    "attenuation_fell_short": _fell_short("PV_attenuation", "PE_weaving"),
}


def next_step(ledger: Ledger, subject: str) -> Step | Final | NeedsPerson:
    """What comes next for a subject, by its status in the ledger; raises UserError for an unknown subject.

    A status that is no state of the machine (another age may have written any text) needs a person.
    """
    machine = machine_of(subject)
    if machine is None:
        raise UserError(f"{subject} has no state machine.", remedy="Name a book or a teaching flow.")
    status = ledger.status(subject) or machine.initial
    state = machine.state(status)
    if state is None:
        working = tuple(s.name for s in machine.states if not s.final and not s.person)
        return NeedsPerson(subject, status, f"the status {status!r} is none of this machine's states", working)
    if state.final:
        return Final(subject, state.name)
    if state.person:
        return _waiting(ledger, subject, machine, state.name)
    return _step(ledger, subject, machine, state.name)


def _step(ledger: Ledger, subject: str, machine: Machine, state: str) -> Step | NeedsPerson:
    for row in machine.leaving(state):
        if row.outcome != "success" or row.pass_name is None:
            continue
        if not row.when or ROUTES[row.when](ledger, subject):
            return Step(subject, row.pass_name, state, row.target, row)
    return _waiting(ledger, subject, machine, state)


def _waiting(ledger: Ledger, subject: str, machine: Machine, state: str) -> NeedsPerson:
    escalation = ledger.entry(subject).get("escalation")
    reason = escalation.get("reason", "") if isinstance(escalation, dict) else ""
    return NeedsPerson(
        subject, state, str(reason) or f"{subject} waits at {state!r}", tuple(t.target for t in machine.leaving(state))
    )
