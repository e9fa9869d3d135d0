"""What a pass run leaves: events with their costs, and the proposal for the integrator, spooled.

No function here writes to the workspace: what comes out is the id of a spooled proposal.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from codex.agents.conversation import Outcome
from codex.campaign.events import EventDraft, Kind
from codex.campaign.ladder import rung
from codex.campaign.ledger import Ledger
from codex.campaign.machine import Step
from codex.errors import UserError
from codex.integration import spool
from codex.integration.proposal import CostLine, Proposal
from codex.passes.base import Changes, Context, Pass, Verdict

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
    each: Pass[Any],
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


#: Pass whose shortfall sends the book back → the state it goes back to (protocol §3.4); others stay where they are.
_SENT_BACK = {"P5_verification": "production-ready"}


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
    step_taken = rung(context.pass_name, count)
    data = {"kind": "shortfall", "defects": defects, "next": step_taken.action, "why": step_taken.note, **figures}
    events = [context.event(Kind.PASS_FAILED, cost_usd=outcome.cost, rationale="the book falls short", data=data)]
    if changes.deliverables is not None:
        events.append(_deliverables(context, changes))
    back = _SENT_BACK.get(context.pass_name)
    if back:
        events.append(_transition(context, step.source, back, "; ".join(f"{d['where']}: {d['what']}" for d in defects)))
    return events


def _deliverables(context: Context, changes: Changes) -> EventDraft:
    outstanding = [d.as_data() for d in changes.deliverables or ()]
    return context.event(Kind.DELIVERABLES, data={"outstanding": outstanding})


def _transition(context: Context, source: str, target: str, why: str) -> EventDraft:
    return context.event(Kind.TRANSITION, from_state=source, to_state=target, expect=source, rationale=why)


def failed(
    workspace: Workspace,
    services: Services,
    context: Context,
    each: Pass[Any],
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
    tier = context.book.get("tier")
    following = rung(context.pass_name, count, tier if isinstance(tier, str) else None)
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
            events.append(_transition(context, "draft", "audit-degraded", "a second audit of a tier γ book failed"))
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


def advance_production(workspace: Workspace, subject: str, step: Step, owner: str | None) -> PassResult:
    """Dispatch a batch or close it: a transition, no agent."""
    snapshot = workspace.snapshot()
    context = Context(snapshot, snapshot.label, subject, "P4_production", 1, None, owner)
    outstanding = [d.id for d in context.deliverables]
    if step.source == "in-production" and outstanding:
        raise UserError(f"{subject} still owes {', '.join(outstanding)}.", remedy="Produce these first.")
    transition = _transition(context, step.source, step.target, step.transition.trigger)
    kind = Kind.PASS_STARTED if step.target == "in-production" else Kind.PASS_COMPLETED
    attempt = context.ledger.attempts(subject, "P4_production") + 1
    mark = context.event(kind, data={"attempt": attempt, "units": outstanding})
    title = f"{context.book['title']}: " + (
        "dispatch " + ", ".join(outstanding) if outstanding else "production complete"
    )
    proposal = Proposal(
        subject=subject, pass_name="P4_production", title=title[:120], base=context.base, owner=owner,
        events=(mark, *([_deliverables_of(context)] if context.queued and outstanding else []), transition),
    )  # fmt: skip
    return PassResult(subject, "P4_production", None, attempt, "completed", spool.put(workspace, proposal))


def _deliverables_of(context: Context) -> EventDraft:
    """What a queued unit owes, as the plan has it now: every attempt is measured by that."""
    return context.event(Kind.DELIVERABLES, data={"outstanding": [d.as_data() for d in context.deliverables]})


#: Pass → the state in which its last failure leaves a book (protocol §3.4); the others just become escalated.
_ESCALATED_TO = {"P4_production": "production-needs-rework"}


def escalation(workspace: Workspace, subject: str, pass_name: str, reason: str, owner: str | None = None) -> str:
    """Spool the escalation of a subject to a person; returns the proposal's id."""
    snapshot = workspace.snapshot()
    ledger = Ledger.load(snapshot)
    state = ledger.status(subject)
    event = EventDraft(
        subject=subject, kind=Kind.ESCALATED, pass_name=pass_name, owner=owner, expect=state, rationale=reason,
        to_state=_ESCALATED_TO.get(pass_name), data={"reason": reason},
    )  # fmt: skip
    title = f"Escalate {subject}: {' '.join(reason.split())}"[:120]
    proposal = Proposal(
        subject=subject, pass_name=pass_name, title=title, base=snapshot.label, owner=owner, events=(event,)
    )
    return spool.put(workspace, proposal)
