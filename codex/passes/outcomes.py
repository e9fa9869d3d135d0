"""What a pass run leaves: events with their costs, and the proposal for the integrator, spooled.

No function here writes to the workspace: what comes out is the id of a spooled proposal.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from codex.agents.conversation import Outcome
from codex.campaign.costs import calls_in
from codex.campaign.due import Step
from codex.campaign.events import EventDraft, Kind
from codex.campaign.ledger import Ledger
from codex.campaign.owed import owed_ids, owing
from codex.campaign.recourse import after_fault, after_shortfall
from codex.errors import UserError
from codex.integration import spool
from codex.integration.proposal import CostLine, Proposal
from codex.passes.base import Changes, Pass, Verdict
from codex.passes.context import Context
from codex.tracks.registry import machine_in

if TYPE_CHECKING:
    from codex.passes.services import Services
    from codex.snapshot import Snapshot
    from codex.workspace import Workspace


#: Most characters of a commit's first line.
TITLE = 120


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


@dataclass(frozen=True)
class Attempt:
    """One attempt of a pass: where it runs, what it was made from, what its agent answered. ``started``: monotonic."""

    workspace: Workspace
    services: Services
    each: Pass[Any, Any]
    context: Context
    step: Step
    outcome: Outcome[Any]
    started: float

    def result(
        self,
        ending: Literal["completed", "failed", "shortfall"],
        proposal: Proposal,
        defects: Sequence[Mapping[str, Any]],
        verdict: Verdict | None,
    ) -> PassResult:
        """What is told of it, its proposal spooled."""
        context = self.context
        return PassResult(
            subject=context.subject,
            pass_name=context.pass_name,
            unit=context.unit,
            attempt=context.attempt,
            outcome=ending,
            proposal=spool.put(self.workspace, proposal),
            defects=tuple(dict(each) for each in defects),
            figures=dict(verdict.figures) if verdict else {},
            cost_usd=str(self.outcome.cost),
            turns=self.outcome.turns,
            seconds=time.monotonic() - self.started,
        )

    def figures(self, verdict: Verdict | None) -> dict[str, Any]:
        """What its event carries: figures of the gate, and what first submissions are counted from."""
        counted = {"pattern": self.outcome.pattern, "repairs": self.outcome.repairs}
        return {"turns": self.outcome.turns, "agent_invocations": 1, **counted, **(verdict.figures if verdict else {})}


def completed(attempt: Attempt, verdict: Verdict) -> PassResult:
    """A sound reply: its changes; for a pass as a whole also the step that it makes, ahead or back."""
    context = attempt.context
    changes = attempt.each.changes(context, attempt.outcome.reply, verdict)
    figures = attempt.figures(verdict)
    if context.unit:
        handed_in = "a draft was handed in"
        always = [context.event(Kind.NOTED, cost_usd=attempt.outcome.cost, rationale=handed_in, data=figures)]
        return attempt.result("completed", _proposal(attempt, changes, [], always), (), verdict)
    if not verdict.shortfall:
        return attempt.result(
            "completed", _proposal(attempt, changes, _succeeded(attempt, changes, figures)), (), verdict
        )
    defects = [each.as_data() for each in verdict.shortfall]
    events = _fallen_short(attempt, changes, defects, figures)
    return attempt.result("shortfall", _proposal(attempt, changes, events), defects, verdict)


def _succeeded(attempt: Attempt, changes: Changes, figures: Mapping[str, Any]) -> list[EventDraft]:
    context, step = attempt.context, attempt.step
    events = [context.event(Kind.PASS_COMPLETED, cost_usd=attempt.outcome.cost, data=figures)]
    events += _deliverables(context, changes)
    if step.source != step.target:
        events.append(_transition(context, step.source, step.target, step.transition.trigger))
    return events


def _fallen_short(
    attempt: Attempt, changes: Changes, defects: Sequence[Mapping[str, Any]], figures: Mapping[str, Any]
) -> list[EventDraft]:
    context = attempt.context
    following = after_shortfall(context.ledger, context.subject, context.pass_name, more=1)
    data = {"kind": "shortfall", "defects": defects, "next": following.action, "why": following.note, **figures}
    why = f"the {machine_in(context.subject).kind} falls short"
    events = [context.event(Kind.PASS_FAILED, cost_usd=attempt.outcome.cost, rationale=why, data=data)]
    events += _deliverables(context, changes)
    return events + _back(context, attempt.step.source, "; ".join(f"{d['where']}: {d['what']}" for d in defects))


def _back(context: Context, source: str, why: str) -> list[EventDraft]:
    """The step that a failure of the pass makes by itself: back, or onto a side road; none where it just stays."""
    target = machine_in(context.subject).falls_back(source, context.pass_name)
    return [_transition(context, source, target, why)] if target else []


def _deliverables(context: Context, changes: Changes) -> list[EventDraft]:
    if changes.deliverables is None:
        return []
    return [context.event(Kind.DELIVERABLES, data=owing(changes.deliverables))]


def _transition(context: Context, source: str, target: str, why: str) -> EventDraft:
    return context.event(Kind.TRANSITION, from_state=source, to_state=target, expect=source, rationale=why)


def failed(attempt: Attempt, verdict: Verdict | None = None) -> PassResult:
    """A reply that is missing or does not hold: an event with its defects and costs.

    Nothing else is written, except where the ladder goes on with less and something of the reply stands.
    """
    context, outcome = attempt.context, attempt.outcome
    missing = [{"code": str(outcome.failure), "where": "agent", "what": outcome.detail}]
    defects = [each.as_data() for each in verdict.defects] if verdict else missing
    following = after_fault(context.ledger, context.subject, context.pass_name, context.unit, more=1)
    data = {
        "kind": "reply" if verdict else "agent", "defects": defects, "next": following.action, "why": following.note,
        **attempt.figures(verdict),
    }  # fmt: skip
    what = f"{len(defects)} defects" if verdict else outcome.detail
    events = [context.event(Kind.PASS_FAILED, cost_usd=outcome.cost, rationale=what, data=data)]
    title = f"{context.pass_name} of {context.unit or context.slug}: attempt {context.attempt} failed ({what})"
    changes, salvage = Changes(title=title), attempt.each.salvage
    kept = salvage(context, outcome.reply) if salvage and outcome.reply and following.action == "degrade" else None
    if kept is not None:  # protocol §6, pass 1: a tier γ book goes on with reduced expectations
        events += _back(context, attempt.step.source, following.note)
        changes = replace(kept, title=title)
    return attempt.result("failed", _proposal(attempt, changes, events), defects, verdict)


def _proposal(
    attempt: Attempt, changes: Changes, events: Sequence[EventDraft], always: Sequence[EventDraft] = ()
) -> Proposal:
    context, told = attempt.context, calls_in(attempt.context.snapshot)
    lines = (line for line in attempt.services.journal.cost_lines(context.subject) if line["call"] not in told)
    return Proposal(
        subject=context.subject,
        pass_name=context.pass_name,
        title=changes.title[:TITLE],
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
        costs=tuple(map(CostLine.model_validate, lines)),
    )


def advance(
    workspace: Workspace, snapshot: Snapshot, each: Pass[Any, Any], step: Step, owner: str | None
) -> PassResult:
    """Dispatch a batch of a pass that is asked for each unit, or close it: a transition, no agent."""
    subject = step.subject
    attempt = Ledger.load(snapshot).attempts(subject, each.name) + 1
    context = each.context(snapshot, snapshot.label, subject, each.name, attempt, None, owner)
    owed, machine = [d.id for d in context.deliverables], machine_in(subject)
    if owed and machine.in_batch(step.source, each.name):
        raise UserError(f"{subject} still owes {', '.join(owed)}.", remedy="Produce these first.")
    dispatched = machine.in_batch(step.target, each.name)
    mark = context.event(Kind.PASS_STARTED if dispatched else Kind.PASS_COMPLETED, data={"units": owed})
    # What has no plan of its own (a queued unit) is asked for here: every attempt is measured by that.
    asked = not owed_ids(context.entry) and bool(owed)
    named = [context.event(Kind.DELIVERABLES, data=owing(context.deliverables))] if asked else []
    transition = _transition(context, step.source, step.target, step.transition.trigger)
    title = f"{context.title}: " + ("dispatch " + ", ".join(owed) if owed else f"{each.title} complete")
    proposal = Proposal(
        subject=subject, pass_name=each.name, title=title[:TITLE], base=context.base, owner=owner,
        events=(mark, *named, transition),
    )  # fmt: skip
    return PassResult(subject, each.name, None, attempt, "completed", spool.put(workspace, proposal))


def escalation(workspace: Workspace, subject: str, pass_name: str, reason: str, owner: str | None = None) -> str:
    """Spool the escalation of a subject to a person; returns the proposal's id."""
    snapshot = workspace.snapshot()
    ledger = Ledger.load(snapshot)
    state = ledger.status(subject)
    event = EventDraft(
        subject=subject, kind=Kind.ESCALATED, pass_name=pass_name, owner=owner, expect=state, rationale=reason,
        to_state=machine_in(subject).escalates_to(str(state), pass_name), data={"reason": reason},
    )  # fmt: skip
    title = f"Escalate {subject}: {' '.join(reason.split())}"[:TITLE]
    proposal = Proposal(
        subject=subject, pass_name=pass_name, title=title, base=snapshot.label, owner=owner, events=(event,)
    )
    return spool.put(workspace, proposal)
