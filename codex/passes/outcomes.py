"""What a pass run leaves: events with their costs, and the proposal for the integrator, spooled.

No function here writes to the workspace: what comes out is the id of a spooled proposal.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from codex.agents.conversation import Outcome
from codex.campaign.due import Step
from codex.campaign.events import EventDraft, Kind
from codex.campaign.ledger import Ledger
from codex.errors import UserError
from codex.integration import spool
from codex.integration.proposal import CostLine, Proposal
from codex.passes.base import Changes, Pass, Verdict
from codex.passes.context import Context
from codex.tracks.ladder import Rung
from codex.tracks.registry import machine_in, rung

if TYPE_CHECKING:
    from codex.passes.services import Services
    from codex.workspace import Workspace


@dataclass(frozen=True)
class PassResult:
    """What became of one pass run. ``proposal`` is the spooled proposal's id; integrate it in any case."""

    subject: str
    pass_name: str
    unit: str | None
    attempt: int
    outcome: Literal["completed", "failed", "shortfall"]
    proposal: str
    defects: tuple[dict[str, Any], ...] = ()
    figures: dict[str, Any] = field(default_factory=dict)
    cost_usd: str = "0"
    turns: int = 0
    seconds: float = 0.0


def completed(
    workspace: Workspace,
    services: Services,
    context: Context,
    each: Pass[Any, Any],
    step: Step,
    outcome: Outcome[Any],
    verdict: Verdict,
    started: float,
) -> PassResult:
    changes = each.changes(context, outcome.reply, verdict)
    figures = {"turns": outcome.turns, "agent_invocations": 1, **_submissions(outcome), **verdict.figures}
    if context.unit:
        always = [context.event(Kind.NOTED, cost_usd=outcome.cost, rationale="a draft was handed in", data=figures)]
        events: list[EventDraft] = []
    elif verdict.shortfall:
        always, events = [], _fallen_short(context, step, verdict, outcome, changes, figures)
    else:
        always, events = [], _succeeded(context, step, outcome, changes, figures)
    proposal = _proposal(services, context, changes, events, always)
    return PassResult(
        context.subject, each.name, context.unit, context.attempt,
        "shortfall" if verdict.shortfall else "completed",
        spool.put(workspace, proposal),
        tuple(d.as_data() for d in verdict.shortfall),
        dict(verdict.figures), str(outcome.cost), outcome.turns, time.monotonic() - started,
    )  # fmt: skip


def _submissions(outcome: Outcome[Any]) -> dict[str, Any]:
    """What first submissions are counted from: the prompt pattern, and how often a reply did not match its model."""
    return {"pattern": outcome.pattern, "repairs": outcome.repairs}


def _succeeded(
    context: Context, step: Step, outcome: Outcome[Any], changes: Changes, figures: Mapping[str, Any]
) -> list[EventDraft]:
    events = [context.event(Kind.PASS_COMPLETED, cost_usd=outcome.cost, data=figures)]
    if changes.deliverables is not None:
        events.append(_deliverables(context, changes))
    if step.source != step.target:
        events.append(_transition(context, step.source, step.target, step.transition.trigger))
    return events


def _fallen_short(
    context: Context,
    step: Step,
    verdict: Verdict,
    outcome: Outcome[Any],
    changes: Changes,
    figures: Mapping[str, Any],
) -> list[EventDraft]:
    defects = [d.as_data() for d in verdict.shortfall]
    count = context.ledger.failures(context.subject, context.pass_name) + 1
    following = _rung(context, count)
    data = {"kind": "shortfall", "defects": defects, "next": following.action, "why": following.note, **figures}
    events = [context.event(Kind.PASS_FAILED, cost_usd=outcome.cost, rationale="the book falls short", data=data)]
    if changes.deliverables is not None:
        events.append(_deliverables(context, changes))
    back = machine_in(context.subject).falls_back(step.source, context.pass_name)
    if back:
        events.append(_transition(context, step.source, back, "; ".join(f"{d['where']}: {d['what']}" for d in defects)))
    return events


def _deliverables(context: Context, changes: Changes) -> EventDraft:
    outstanding = [d.as_data() for d in changes.deliverables or ()]
    return context.event(Kind.DELIVERABLES, data={"outstanding": outstanding})


def _transition(context: Context, source: str, target: str, why: str) -> EventDraft:
    return context.event(Kind.TRANSITION, from_state=source, to_state=target, expect=source, rationale=why)


def _rung(context: Context, failures: int) -> Rung:
    tier = context.entry.get("tier")
    return rung(context.pass_name, failures, tier if isinstance(tier, str) else None)


def _reduced(context: Context, following: Rung) -> list[EventDraft]:
    """The step onto the side road on which the subject goes on with less; none where its table has no such road."""
    state = str(context.ledger.status(context.subject))
    aside = machine_in(context.subject).falls_back(state, context.pass_name)
    return [_transition(context, state, aside, following.note)] if aside else []


def failed(
    workspace: Workspace,
    services: Services,
    context: Context,
    each: Pass[Any, Any],
    outcome: Outcome[Any],
    started: float,
    verdict: Verdict | None = None,
) -> PassResult:
    """A reply that is missing or does not hold: an event with its defects and costs.

    Nothing else is written, except where the ladder goes on with less and something of the reply stands.
    """
    if verdict:
        defects = [d.as_data() for d in verdict.defects]
        kind = "reply"
    else:
        defects = [{"code": str(outcome.failure), "where": "agent", "what": outcome.detail}]
        kind = "agent"
    count = context.ledger.failures(context.subject, context.pass_name, context.unit) + 1
    following = _rung(context, count)
    data = {
        "kind": kind, "defects": defects, "next": following.action, "why": following.note,
        "turns": outcome.turns, "agent_invocations": 1, **_submissions(outcome),
        **(verdict.figures if verdict else {}),
    }  # fmt: skip
    what = f"{len(defects)} defects" if verdict else outcome.detail
    event = context.event(Kind.PASS_FAILED, cost_usd=outcome.cost, rationale=what, data=data)
    title = f"{context.pass_name} of {context.unit or context.slug}: attempt {context.attempt} failed ({what})"
    events, changes = [event], Changes(title=title[:120])
    if following.action == "degrade" and outcome.reply is not None and each.salvage:
        kept = each.salvage(context, outcome.reply)
        if kept is not None:  # protocol §6, pass 1: a tier γ book goes on with reduced expectations
            events += _reduced(context, following)
            changes = replace(kept, title=title[:120])
    proposal = _proposal(services, context, changes, events, [])
    return PassResult(
        context.subject, context.pass_name, context.unit, context.attempt, "failed",
        spool.put(workspace, proposal), tuple(defects), dict(verdict.figures) if verdict else {},
        str(outcome.cost), outcome.turns, time.monotonic() - started,
    )  # fmt: skip


def _proposal(
    services: Services, context: Context, changes: Changes, events: list[EventDraft], always: list[EventDraft]
) -> Proposal:
    costs = [CostLine.model_validate(line) for line in services.journal.cost_lines(context.subject)]
    return Proposal(
        subject=context.subject,
        pass_name=context.pass_name,
        title=changes.title,
        base=context.base,
        owner=context.owner,
        units=changes.units,
        edges=changes.edges,
        pending=changes.pending,
        catalog=changes.catalog,
        connections=changes.connections,
        sections=changes.sections,
        notation=changes.notation,
        reports=changes.reports,
        events=tuple(events),
        always_events=tuple(always),
        costs=tuple(costs),
    )


def advance(workspace: Workspace, each: Pass[Any, Any], subject: str, step: Step, owner: str | None) -> PassResult:
    """Dispatch a batch of a pass that is asked for each unit, or close it: a transition, no agent."""
    snapshot = workspace.snapshot()
    attempt = Ledger.load(snapshot).attempts(subject, each.name) + 1
    context = each.context(snapshot, snapshot.label, subject, each.name, attempt, None, owner)
    owed, machine = [d.id for d in context.deliverables], machine_in(subject)
    if owed and machine.in_batch(step.source, each.name):
        raise UserError(f"{subject} still owes {', '.join(owed)}.", remedy="Produce these first.")
    dispatched = machine.in_batch(step.target, each.name)
    mark = context.event(Kind.PASS_STARTED if dispatched else Kind.PASS_COMPLETED, data={"units": owed})
    named = [] if context.entry.get("outstanding_deliverables") or not owed else [_owed(context)]
    transition = _transition(context, step.source, step.target, step.transition.trigger)
    title = f"{context.title}: " + ("dispatch " + ", ".join(owed) if owed else f"{each.title} complete")
    proposal = Proposal(
        subject=subject, pass_name=each.name, title=title[:120], base=context.base, owner=owner,
        events=(mark, *named, transition),
    )  # fmt: skip
    return PassResult(subject, each.name, None, attempt, "completed", spool.put(workspace, proposal))


def _owed(context: Context) -> EventDraft:
    """What a subject owes that has no plan of its own (a queued unit): every attempt is measured by that."""
    return context.event(Kind.DELIVERABLES, data={"outstanding": [d.as_data() for d in context.deliverables]})


def escalation(workspace: Workspace, subject: str, pass_name: str, reason: str, owner: str | None = None) -> str:
    """Spool the escalation of a subject to a person; returns the proposal's id."""
    snapshot = workspace.snapshot()
    ledger = Ledger.load(snapshot)
    state = ledger.status(subject)
    event = EventDraft(
        subject=subject, kind=Kind.ESCALATED, pass_name=pass_name, owner=owner, expect=state, rationale=reason,
        to_state=machine_in(subject).escalates_to(str(state), pass_name), data={"reason": reason},
    )  # fmt: skip
    title = f"Escalate {subject}: {' '.join(reason.split())}"[:120]
    proposal = Proposal(
        subject=subject, pass_name=pass_name, title=title, base=snapshot.label, owner=owner, events=(event,)
    )
    return spool.put(workspace, proposal)
