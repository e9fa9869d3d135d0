"""Run one pass, or one unit of production: brief → agent → reply → gate → proposal, spooled for the integrator.

No function here writes to the workspace: what comes out is the id of a spooled proposal. Everything that shapes the
brief is read from a commit that is pinned in the journal at the first try, so a run that was killed builds the very
same requests again and takes the finished turns from the journal.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from codex.agents.backends import open_backend
from codex.agents.call import AgentCall, CallAddress
from codex.agents.conversation import Failure as Ending
from codex.agents.conversation import Outcome, converse
from codex.agents.journal import Journal
from codex.agents.recording import Recorder
from codex.agents.tools import Toolbox
from codex.campaign.budgets import ceilings
from codex.campaign.conditions import unmet
from codex.campaign.definition import load_campaign
from codex.campaign.events import EventDraft, Kind
from codex.campaign.ladder import rung
from codex.campaign.ledger import Ledger
from codex.campaign.machine import Step, next_step
from codex.errors import PersonNeeded, Stopped, UserError
from codex.integration import spool
from codex.integration.proposal import CostLine, Proposal
from codex.passes.base import Changes, Context, Failure, Pass, Verdict
from codex.passes.production import ProductionReply
from codex.passes.registry import get_pass
from codex.prompts import render_brief
from codex.units import parse_unit
from codex.units.edits import EditProblem, apply_edits

if TYPE_CHECKING:
    from codex.agents.backend import Backend
    from codex.workspace import Workspace

#: Called with one line for people whenever something worth seeing happens (a turn, a defect list, a verdict).
Progress = Callable[[str], None]

#: Ends of a conversation for which the agent is not to blame: no attempt is used up.
_NOT_THE_AGENTS = frozenset({Ending.BUDGET, Ending.TRANSPORT})

#: Used where codex.toml names no model for a pass.
DEFAULT_MODEL, DEFAULT_MAX_TOKENS, DEFAULT_MAX_TURNS = "claude-opus-4-8", 32_000, 40


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
class Services:
    """What a pass needs beside the workspace: who answers, and where calls are journaled. One per process."""

    backend: Backend
    journal: Journal
    recorder: Recorder | None = None
    _owned: ExitStack = field(default_factory=ExitStack)

    @classmethod
    def open(
        cls,
        workspace: Workspace,
        backend: str | None,
        *,
        record_dir: Path | None = None,
        recordings: Path | None = None,
        log: Path | None = None,
    ) -> Services:
        """Open the journal and the backend (default: ``[agents] backend`` of codex.toml).

        ``recordings`` is the folder that the replay backend answers from, ``log`` gets a line for each request that it
        answers. Raises BackendError when no backend is named or it cannot be used.
        """
        owned = ExitStack()
        try:
            name = backend or workspace.settings.agents.backend
            opened = open_backend(
                name, workspace=workspace.root, state_dir=workspace.state_dir, recordings=recordings, log=log
            )
            answering = owned.enter_context(opened)
            journal = Journal(workspace.state_dir / "journal.sqlite3")
        except BaseException:
            owned.close()
            raise
        owned.callback(journal.close)
        return cls(answering, journal, Recorder(record_dir) if record_dir else None, owned)

    def close(self) -> None:
        self._owned.close()

    def __enter__(self) -> Services:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def production_units(workspace: Workspace, subject: str) -> list[str]:
    """Ids of the subject's outstanding deliverables, in the plan's order."""
    entry = Ledger.load(workspace.snapshot()).entry(subject)
    return [str(d["id"]) for d in entry.get("outstanding_deliverables", ()) if isinstance(d, Mapping)]


async def run_pass(
    workspace: Workspace,
    services: Services,
    subject: str,
    pass_name: str,
    *,
    unit: str | None = None,
    owner: str | None = None,
    progress: Progress = lambda line: None,
) -> PassResult:
    """Run one attempt of a pass and spool its proposal.

    Production (P4_production) with a ``unit`` produces that unit; without one it takes no agent: it dispatches the
    batch (production-ready → in-production) or closes it when nothing is outstanding.

    Raises PersonNeeded when the ladder of the pass is at its end or the state waits for a person, UserError when the
    pass is not what the subject's state asks for, Stopped when the budget or the connection ends the conversation, and
    what the backend raises when nobody can answer.
    """
    started = time.monotonic()
    ledger = Ledger.load(workspace.snapshot())
    step = _step(ledger, subject, pass_name)
    _require(step, ledger, workspace)
    if pass_name == "P4_production" and unit is None:
        return _advance_production(workspace, subject, step, owner)
    # In threads: parsing a corpus and checking a draft take long enough to hold up the units beside this one.
    context, each = await asyncio.to_thread(make_context, workspace, services, ledger, subject, pass_name, unit, owner)
    outcome = await _ask(workspace, services, context, each, progress)
    if outcome.failure in _NOT_THE_AGENTS:
        raise Stopped(outcome.detail, remedy="Nothing is lost and no attempt is counted: run the same command again.")
    if outcome.reply is None:
        return _failed(workspace, services, context, outcome, started)
    verdict = await asyncio.to_thread(each.gate, context, outcome.reply)
    for defect in verdict.defects:
        progress(f"defect: {defect.where}: {defect.what}")
    if verdict.defects:
        return _failed(workspace, services, context, outcome, started, verdict)
    return _completed(workspace, services, context, each, step, outcome, verdict, started)


def _step(ledger: Ledger, subject: str, pass_name: str) -> Step:
    step = next_step(ledger, subject)
    if not isinstance(step, Step):
        raise PersonNeeded(f"{subject} is at {step.state!r}: no pass is due.", remedy="See `codexctl ledger show`.")
    if step.pass_name != pass_name:
        raise UserError(f"{subject} is at {step.source!r}: {step.pass_name} is due, not {pass_name}.")
    return step


def _require(step: Step, ledger: Ledger, workspace: Workspace) -> None:
    problems = unmet(step.transition.pre, ledger, workspace.snapshot(), step.subject)
    if problems:
        raise PersonNeeded(
            f"{step.subject} cannot go from {step.source!r} to {step.target!r}: {'; '.join(problems)}.",
            remedy="Mend that, then run the book again.",
        )


def make_context(
    workspace: Workspace,
    services: Services | None,
    ledger: Ledger,
    subject: str,
    pass_name: str,
    unit: str | None = None,
    owner: str | None = None,
) -> tuple[Context, Pass[Any]]:
    """The context of the next attempt of a pass, on its pinned commit. Without services nothing is pinned (dry run)."""
    attempt = ledger.attempts(subject, pass_name, unit) + 1
    address = CallAddress(subject, pass_name, unit, attempt)
    head = workspace.snapshot().label
    base = services.journal.pin(address, head) if services else head
    snapshot = workspace.at(base)
    pinned = Ledger.load(snapshot)
    failure = _failure(services, pinned, snapshot, address)
    return Context(snapshot, base, subject, pass_name, attempt, unit, owner, failure), get_pass(pass_name)


def _failure(services: Services | None, ledger: Ledger, snapshot: Any, address: CallAddress) -> Failure | None:
    last = ledger.last_failure(address.subject, address.pass_name, address.unit)
    count = ledger.failures(address.subject, address.pass_name, address.unit)
    if last is None or count == 0 or last.data.get("kind") == "shortfall":  # 0: a person has answered since
        return None
    defects, step = tuple(last.data.get("defects", ())), rung(address.pass_name, count)
    if services is None:
        return Failure(count, defects, step)
    if address.unit:
        return Failure(count, defects, step, draft=_earlier_draft(services, ledger, snapshot, address))
    return Failure(count, defects, step, reply=_earlier_reply(services, address))


def _earlier_reply(services: Services, address: CallAddress) -> str:
    """What the attempt before this one handed in, as JSON; "" when it never did."""
    earlier = replace(address, attempt=address.attempt - 1)
    handed_in = services.journal.submission(earlier, services.backend.name)
    return json.dumps(handed_in, ensure_ascii=False, indent=1) if handed_in else ""


def _earlier_draft(services: Services, ledger: Ledger, snapshot: Any, address: CallAddress) -> str | None:
    """The text of the attempts before this one, each either a whole file or edits to what was before it."""
    first = address.attempt - ledger.failures(address.subject, address.pass_name, address.unit)
    path = next(
        (p for p in snapshot.under("content", ".md") if p.rsplit("/", 1)[-1].startswith(f"{address.unit}-")), ""
    )
    text = snapshot.text(path) if path else None
    for attempt in range(first, address.attempt):
        earlier = CallAddress(address.subject, address.pass_name, address.unit, attempt)
        handed_in = services.journal.submission(earlier, services.backend.name)
        reply = ProductionReply.model_validate(handed_in) if handed_in else None
        if reply is None:
            continue
        if reply.unit.strip():
            text = reply.unit if reply.unit.endswith("\n") else reply.unit + "\n"
        elif text is not None:
            try:
                text = apply_edits(parse_unit(text.encode(), path or "draft.md"), reply.edits)
            except EditProblem:
                continue  # those edits never made a draft; the text before them stands
    return text


async def _ask(
    workspace: Workspace, services: Services, context: Context, each: Pass[Any], progress: Progress
) -> Outcome[Any]:
    call = await asyncio.to_thread(agent_call, workspace, context, each)
    progress(f"asking {call.model} ({services.backend.name}): {call.address}")
    return await converse(call, services.backend, services.journal, Toolbox(context.snapshot), record=services.recorder)


def agent_call(workspace: Workspace, context: Context, each: Pass[Any]) -> AgentCall[Any]:
    """The call that a pass would make: its brief, model and limits (codex.toml), its budget's ceilings."""
    chosen = workspace.settings.agents.for_pass(each.name)
    factor = context.failure.rung.token_factor if context.failure else 1
    first = context.failure is None
    tools = tuple(t for t in each.tools if not first or t not in chosen.withhold_tools)
    prefix, prompt = render_brief(each, context, tools, rules=not (first and chosen.withhold_rules))
    return AgentCall(
        address=CallAddress(context.subject, each.name, context.unit, context.attempt),
        prefix=prefix,
        prompt=prompt,
        tools=tools,
        reply_model=each.reply_model,
        model=chosen.model or DEFAULT_MODEL,
        max_tokens=int((chosen.max_tokens or DEFAULT_MAX_TOKENS) * factor),
        max_turns=chosen.max_turns or DEFAULT_MAX_TURNS,
        ceilings=ceilings(context.ledger, context.slug, load_campaign(context.snapshot), workspace.settings.budget),
    )


def _completed(
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
    figures = {"turns": outcome.turns, "agent_invocations": 1, **verdict.figures}
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
    data = {"kind": "shortfall", "defects": defects, "next": "rework", **figures}
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


def _failed(
    workspace: Workspace,
    services: Services,
    context: Context,
    outcome: Outcome[Any],
    started: float,
    verdict: Verdict | None = None,
) -> PassResult:
    """A reply that is missing or does not hold: an event with its defects and costs, and nothing else."""
    if verdict:
        defects = [d.as_data() for d in verdict.defects]
        kind = "reply"
    else:
        defects = [{"code": str(outcome.failure), "where": "agent", "what": outcome.detail}]
        kind = "agent"
    count = context.ledger.failures(context.subject, context.pass_name, context.unit) + 1
    tier = context.book.get("tier")
    following = rung(context.pass_name, count, tier if isinstance(tier, str) else None).action
    data = {
        "kind": kind, "defects": defects, "next": following,
        "turns": outcome.turns, "agent_invocations": 1, **(verdict.figures if verdict else {}),
    }  # fmt: skip
    what = f"{len(defects)} defects" if verdict else outcome.detail
    event = context.event(Kind.PASS_FAILED, cost_usd=outcome.cost, rationale=what, data=data)
    title = f"{context.pass_name} of {context.unit or context.slug}: attempt {context.attempt} failed ({what})"
    events = [event]
    if following == "degrade":  # protocol §6, pass 1: a tier γ book goes on with reduced expectations
        events.append(_transition(context, "draft", "audit-degraded", "a second audit of a tier γ book failed"))
    proposal = _proposal(services, context, Changes(title=title[:120]), events, [])
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


def _advance_production(workspace: Workspace, subject: str, step: Step, owner: str | None) -> PassResult:
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
        events=(mark, transition),
    )  # fmt: skip
    return PassResult(subject, "P4_production", None, attempt, "completed", spool.put(workspace, proposal))


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
