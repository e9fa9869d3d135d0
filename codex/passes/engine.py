"""Run one pass, or one unit of production: brief → agent → reply → gate → proposal, spooled for the integrator.

No function here writes to the workspace: what comes out is the id of a spooled proposal. The brief's side is in
calls.py, the proposal's in outcomes.py.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from codex.agents.breaker import BreakerRules
from codex.agents.conversation import Failure as Ending
from codex.agents.conversation import Outcome, converse
from codex.agents.limits import load_models
from codex.agents.prices import load_prices
from codex.agents.tools import Toolbox
from codex.campaign.about import unmet
from codex.campaign.due import Step, next_step
from codex.campaign.ledger import Ledger
from codex.errors import BudgetReached, PersonNeeded, Stopped, UserError
from codex.passes.base import Pass
from codex.passes.calls import agent_call, make_context
from codex.passes.context import Context
from codex.passes.outcomes import Attempt, PassResult, advance, completed, failed
from codex.passes.registry import get_pass

if TYPE_CHECKING:
    from codex.passes.services import Services
    from codex.snapshot import Snapshot
    from codex.workspace import Workspace

#: Called with one line for people whenever something worth seeing happens (a turn, a defect list, a verdict).
Progress = Callable[[str], None]


async def run_pass(
    workspace: Workspace,
    services: Services,
    subject: str,
    pass_name: str,
    *,
    unit: str | None = None,
    owner: str | None = None,
    progress: Progress = lambda _: None,
) -> PassResult:
    """Run one attempt of a pass and spool its proposal.

    A pass that is asked for each unit (production) makes the ``unit`` that is named; without one it takes no agent: it
    dispatches the batch (production-ready → in-production) or closes it when nothing is outstanding.

    Raises PersonNeeded when the ladder of the pass is at its end or the state waits for a person, UserError when the
    pass is not what the subject's state asks for, BudgetReached when a ceiling and Stopped when the connection ends the
    conversation (neither uses up an attempt), and what the backend raises when nobody can answer.
    """
    started, snapshot = time.monotonic(), workspace.snapshot()  # step, conditions and pin are of one commit
    ledger, each = Ledger.load(snapshot), get_pass(pass_name)
    step = _step(ledger, subject, each.name)
    _require(step, ledger, snapshot)
    if unit is None and each.by_unit:
        return advance(workspace, snapshot, each, step, owner)
    # In threads: parsing a corpus and checking a draft take long enough to hold up the units beside this one.
    context = await asyncio.to_thread(make_context, workspace, services, snapshot, subject, each, unit, owner=owner)
    outcome = await _ask(workspace, services, context, each, progress)
    if outcome.failure is Ending.BUDGET:
        raise BudgetReached(outcome.detail, remedy="Raise the ceiling in codex.toml ([budget]); nothing is lost.")
    if outcome.failure in {Ending.TRANSPORT, Ending.BREAKER}:
        raise Stopped(outcome.detail, remedy="Nothing is lost and no attempt is counted: run the same command again.")
    attempt = Attempt(workspace, services, each, context, step, outcome, started)
    if outcome.reply is None:
        return failed(attempt)
    verdict = await asyncio.to_thread(each.gate, context, outcome.reply)
    for defect in verdict.defects:
        progress(f"defect: {defect.where}: {defect.what}")
    return failed(attempt, verdict) if verdict.defects else completed(attempt, verdict)


def _step(ledger: Ledger, subject: str, pass_name: str) -> Step:
    step = next_step(ledger, subject)
    if not isinstance(step, Step):
        raise PersonNeeded(f"{subject} is at {step.state!r}: no pass is due.", remedy="See `codexctl ledger show`.")
    if step.pass_name != pass_name:
        raise UserError(f"{subject} is at {step.source!r}: {step.pass_name} is due, not {pass_name}.")
    return step


def _require(step: Step, ledger: Ledger, snapshot: Snapshot) -> None:
    problems = unmet(step.transition.pre, ledger, snapshot, step.subject)
    if problems:
        raise PersonNeeded(
            f"{step.subject} cannot go from {step.source!r} to {step.target!r}: {'; '.join(problems)}.",
            remedy="Mend that, then run the book again.",
        )


async def _ask(
    workspace: Workspace, services: Services, context: Context, each: Pass[Any, Any], progress: Progress
) -> Outcome[Any]:
    call = await asyncio.to_thread(agent_call, workspace, context, each)
    progress(f"asking {call.model} ({services.backend.name}): {call.address}")
    breaker = workspace.settings.breaker
    return await converse(
        call,
        services.backend,
        services.journal,
        Toolbox(each.desk(context), context.policy),
        prices=load_prices(workspace.root / "manifests" / "prices.json"),
        limits=load_models(workspace.root / "manifests" / "models.json"),
        record=services.recorder,
        breaker=BreakerRules(breaker.failures, breaker.cooldown_seconds),
        tell=progress,
    )
