"""The flow of a subject: the loop over its transition table, from where the ledger says until nothing is left to do.

The flow computes no state. It asks the ledger what comes next, has that pass run, has its proposal integrated, and
asks again; so a run that died goes on where the ledger says, and a manual, a scheduled and a campaign's run are the
same code.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.runtime import flow_run

from codex.agents.process import this_process
from codex.campaign.definition import load_campaign
from codex.campaign.due import NeedsPerson, Step, next_step
from codex.campaign.ledger import Ledger
from codex.campaign.owed import owed_ids
from codex.campaign.recourse import reason_to_escalate
from codex.errors import BudgetReached, CodexError, PersonNeeded
from codex.integration.opening import open_workspace
from codex.passes.registry import get_pass
from codex.passes.services import Services
from codex.tracks.naming import name_of
from codex.tracks.registry import machine_in
from codex.work.backends import choose_backend
from codex.work.find import find_subject, has_arrived, reference
from codex.work.holders import refuse_held
from codex.workspace import Workspace
from flows.artifacts import ProgressBar, show_dashboard, show_defects, show_result
from flows.asking import asked
from flows.claims import claimed
from flows.money import go_on_when_raised, stop_at_ceiling, warn_when_close
from flows.reporting import say, tell
from flows.request import SubjectRequest, WorkspaceRequest
from flows.settle import SubjectRun, hand_over, settle, show_figures
from tasks.limits import ensure_limit, limit_name
from tasks.passes import batch_task, pass_task, unit_task
from tasks.runtime import Runtime, using
from tasks.slot import slot_client

#: Units produced at once (protocol §5.2: four to eight agents a batch).
UNITS_AT_ONCE = 6


@flow(name="subject", flow_run_name="{request.subject}", persist_result=False)
async def subject(request: SubjectRequest) -> dict[str, Any]:
    """Take one subject of any track through its passes. Returns its name and state; errors as those of a book."""
    return await taken_through(request, lambda ledger: find_subject(ledger, request.subject), request.until)


async def taken_through(request: WorkspaceRequest, find: Callable[[Ledger], str], until: str | None) -> dict[str, Any]:
    """Take a subject from where its ledger says to ``until``. Returns its name and state.

    Raises UserError for an unknown subject or one that somebody else holds, PersonNeeded when a person has to decide,
    BudgetReached at a ceiling; what was integrated until then stays. A deployed run asks in Prefect's UI.
    """
    workspace = open_workspace(request.workspace)
    workspace.require_writable()
    ledger = Ledger.load(workspace.snapshot())
    name = find(ledger)
    if has_arrived(ledger, name, until):
        say(f"{name_of(name)} is at {ledger.status(name)}: nothing to do")
        return reference(ledger, name)
    async with opened(workspace, request) as runtime:
        return await run_subject(runtime, name, until)


@asynccontextmanager
async def opened(workspace: Workspace, request: WorkspaceRequest) -> AsyncIterator[Runtime]:
    """What the tasks of a run share, while it goes on: the integrations' limit, who answers, the journal."""
    limit = limit_name(load_campaign(workspace.snapshot()).name)
    await ensure_limit(limit)
    with _services(workspace, request) as services:
        async with slot_client() as client:
            runtime = Runtime(workspace, services, request.owner or _owner(), limit, client, tell)
            with using(runtime):
                try:
                    yield runtime
                except CodexError:
                    await show_dashboard(workspace)
                    raise
                await show_dashboard(workspace)


async def run_subject(
    runtime: Runtime, subject: str, until: str | None, only: frozenset[str] | None = None
) -> dict[str, Any]:
    """Run a subject; where it waits for a person and this run can ask one, go on with the answer.

    ``only``: of what the subject owes these units alone; when it owes others it stays in production. Errors are those
    of ``taken_through``.
    """
    while True:
        try:
            return await _run(runtime, subject, until, only)
        except PersonNeeded:  # its claim is free again: a person may take days
            if not await asked(runtime, subject):
                raise


async def _run(runtime: Runtime, subject: str, until: str | None, only: frozenset[str] | None) -> dict[str, Any]:
    run = SubjectRun(runtime, subject, await ProgressBar.create(name_of(subject)), only=only)
    try:
        async with claimed(runtime, subject):
            await go_on_when_raised(run)
            await show_figures(run, run.ledger())
            await _to_the_end(run, until)
    except CodexError:
        await show_defects(run.slug, run.defects)
        raise
    await show_defects(run.slug, run.defects)
    await show_result(subject, runtime.workspace)
    return reference(run.ledger(), subject)


async def _to_the_end(run: SubjectRun, until: str | None) -> None:
    try:
        while await _advance(run, until):
            await warn_when_close(run)
    except BudgetReached as reached:
        await stop_at_ceiling(run, reached)
        raise


async def _advance(run: SubjectRun, until: str | None) -> bool:
    """One step of the loop; False when there is none to make."""
    ledger = run.ledger()
    if has_arrived(ledger, run.subject, until):
        return False
    step = next_step(ledger, run.subject)
    if isinstance(step, NeedsPerson):
        raise PersonNeeded(
            f"{run.slug} waits for a person at {step.state!r}: {step.reason}.",
            remedy=f"Possible answers: {', '.join(step.choices)}. Then run the book again.",
        )
    if isinstance(step, Step):
        if _is_done_for_now(run, step):
            return False
        await _make(run, ledger, step)
    if len(run.ledger().events()) == len(ledger.events()):
        raise CodexError(f"{run.slug} does not get on: {step} left no trace in the ledger.")
    return True


def _owed(run: SubjectRun, step: Step) -> list[str]:
    """What the subject owes at this step, in the plan's order; nothing where a pass is for the subject as a whole."""
    in_batch = machine_in(run.subject).in_batch(step.source, step.pass_name)
    return owed_ids(run.ledger().entry(run.subject)) if in_batch else []


def _is_done_for_now(run: SubjectRun, step: Step) -> bool:
    """Whether of all that is owed nothing is for this run."""
    owed = _owed(run, step)
    return bool(owed) and not run.chosen(owed)


async def _make(run: SubjectRun, ledger: Ledger, step: Step) -> None:
    """Run the pass of a step: its units, or one attempt of it as a whole."""
    run.pass_name = step.pass_name
    owed = run.chosen(_owed(run, step))
    if owed:
        await _produce(run, step.pass_name, owed)
        return
    reason = reason_to_escalate(ledger, run.subject, step.pass_name)
    if reason:
        await hand_over(run, step.pass_name, reason)
    task = batch_task if get_pass(step.pass_name).by_unit else pass_task
    attempt = ledger.attempts(run.subject, step.pass_name) + 1
    await settle(run, await task(step.pass_name)(run.subject, step.pass_name, attempt))


async def _produce(run: SubjectRun, pass_name: str, units: list[str]) -> None:
    """Produce units in parallel, each integrated as it arrives.

    When one fails in a way that ends the run, the others are seen to their end first: they are being paid for.
    """
    places = asyncio.Semaphore(UNITS_AT_ONCE)
    shipping = (_until_shipped(run, pass_name, unit, places) for unit in units)
    ends = await asyncio.gather(*shipping, return_exceptions=True)
    for end in ends:
        if isinstance(end, BaseException):
            raise end
    reasons = [end for end in ends if isinstance(end, str)]
    if reasons:
        await hand_over(run, pass_name, " ".join(reasons))


async def _until_shipped(run: SubjectRun, pass_name: str, unit: str, places: asyncio.Semaphore) -> str | None:
    """Produce one unit, attempt by attempt. Returns why a person is needed for it; None when it has shipped."""
    async with places:
        while unit in owed_ids((ledger := run.ledger()).entry(run.subject)):
            if run.subject != f"unit:{unit}":  # a run of the queue may have it, from before the book asked for it
                refuse_held(ledger, f"unit:{unit}", run.runtime.owner)
            reason = reason_to_escalate(ledger, run.subject, pass_name, unit)
            if reason:
                return reason
            attempt = ledger.attempts(run.subject, pass_name, unit) + 1
            await settle(run, await unit_task(pass_name)(run.subject, pass_name, attempt, unit))
    return None


def _services(workspace: Workspace, request: WorkspaceRequest) -> Services:
    name, recordings = choose_backend(workspace, request.backend, request.recordings)
    record = Path(request.record) if request.record else None
    return Services.open(workspace, name, record_dir=record, recordings=recordings)


def _owner() -> str:
    """The process and this run of it, so that two runs in one process are told apart."""
    return f"{this_process()}|{flow_run.id}"
