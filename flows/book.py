"""The book flow: the loop over the transition table, from where the ledger says until nothing is left to do.

The flow computes no state. It asks the ledger what comes next, has that pass run, has its proposal integrated, and
asks again; so a run that died goes on where the ledger says, and a manual, a scheduled and a campaign's run are the
same code.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.runtime import flow_run

from codex.agents.process import this_process
from codex.campaign.definition import load_campaign
from codex.campaign.ledger import Ledger
from codex.campaign.machine import NeedsPerson, Step, next_step
from codex.errors import BudgetReached, CodexError, PersonNeeded
from codex.passes.engine import production_units
from codex.passes.services import Services
from codex.workspace import Workspace
from flows.artifacts import ProgressBar, show_dashboard, show_defects, show_scorecard
from flows.asking import asked
from flows.backends import choose_backend
from flows.books import find_book, has_arrived
from flows.claims import claimed
from flows.holders import refuse_held
from flows.money import go_on_when_raised, stop_at_ceiling, warn_when_close
from flows.recovery import reason_to_escalate
from flows.reporting import say, tell
from flows.request import BookRequest, WorkspaceRequest
from flows.settle import BookRun, hand_over, settle, show_figures
from tasks.limits import ensure_limit, limit_name
from tasks.passes import TASKS, batch, produce_unit
from tasks.runtime import Runtime, using
from tasks.slot import slot_client

PRODUCTION, IN_PRODUCTION = "P4_production", "in-production"

#: Units produced at once (protocol §5.2: four to eight agents a batch).
UNITS_AT_ONCE = 6


def _run_name() -> str:
    """The book's slug, also where the form was given its entry number."""
    request = BookRequest.model_validate(flow_run.parameters["request"])
    try:
        return find_book(Ledger.load(Workspace.open(request.workspace).snapshot()), request.book).partition(":")[2]
    except CodexError:  # the flow itself says so, and better
        return request.book


@flow(name="book", flow_run_name=_run_name, persist_result=False)
async def book(request: BookRequest) -> dict[str, Any]:
    """Take one book through its passes. Returns its slug and state.

    Raises UserError for an unknown book or one that somebody else holds, PersonNeeded when a person has to decide,
    BudgetReached at a ceiling; what was integrated until then stays. A deployed run asks in Prefect's UI.
    """
    workspace = Workspace.open(request.workspace)
    workspace.require_writable()
    ledger = Ledger.load(workspace.snapshot())
    subject = find_book(ledger, request.book)
    if has_arrived(ledger, subject, request.until):
        say(f"{subject.partition(':')[2]} is at {ledger.status(subject)}: nothing to do")
        return _reference(ledger, subject)
    async with opened(workspace, request) as runtime:
        return await run_subject(runtime, subject, request.until)


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
    """Run a book or a queued unit; where it waits for a person and this run can ask one, go on with the answer.

    ``only``: of what the subject owes these units alone; when it owes others it stays in production. Errors: ``book``.
    """
    while True:
        try:
            return await _run(runtime, subject, until, only)
        except PersonNeeded:  # its claim is free again: a person may take days
            if not await asked(runtime, subject):
                raise


async def _run(runtime: Runtime, subject: str, until: str | None, only: frozenset[str] | None) -> dict[str, Any]:
    run = BookRun(runtime, subject, await ProgressBar.create(subject.partition(":")[2]), only=only)
    try:
        async with claimed(runtime, subject):
            await go_on_when_raised(run)
            await show_figures(run, run.ledger())
            await _to_the_end(run, until)
    except CodexError:
        await show_defects(run.slug, run.defects)
        raise
    await show_defects(run.slug, run.defects)
    if subject.startswith("book:"):
        await show_scorecard(run.slug, runtime.workspace)
    return _reference(run.ledger(), subject)


async def _to_the_end(run: BookRun, until: str | None) -> None:
    try:
        while await _advance(run, until):
            await warn_when_close(run)
    except BudgetReached as reached:
        await stop_at_ceiling(run, reached)
        raise


async def _advance(run: BookRun, until: str | None) -> bool:
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


def _owed(run: BookRun, step: Step) -> list[str]:
    """What the subject owes at this step, in the plan's order."""
    return production_units(run.runtime.workspace, run.subject) if step.source == IN_PRODUCTION else []


def _is_done_for_now(run: BookRun, step: Step) -> bool:
    """Whether of all that is owed nothing is for this run."""
    owed = _owed(run, step)
    return bool(owed) and not run.chosen(owed)


async def _make(run: BookRun, ledger: Ledger, step: Step) -> None:
    """Run the pass of a step: its units, or one attempt of it as a whole."""
    run.pass_name = step.pass_name
    owed = run.chosen(_owed(run, step))
    if owed:
        await _produce(run, owed)
        return
    reason = reason_to_escalate(ledger, run.subject, step.pass_name)
    if reason:
        await hand_over(run, step.pass_name, reason)
    task = batch if step.pass_name == PRODUCTION else TASKS[step.pass_name]
    await settle(run, await task(run.subject, step.pass_name, ledger.attempts(run.subject, step.pass_name) + 1))


async def _produce(run: BookRun, units: list[str]) -> None:
    """Produce units in parallel, each integrated as it arrives.

    When one fails in a way that ends the run, the others are seen to their end first: they are being paid for.
    """
    places = asyncio.Semaphore(UNITS_AT_ONCE)
    ends = await asyncio.gather(*(_until_shipped(run, unit, places) for unit in units), return_exceptions=True)
    for end in ends:
        if isinstance(end, BaseException):
            raise end
    reasons = [end for end in ends if isinstance(end, str)]
    if reasons:
        await hand_over(run, PRODUCTION, " ".join(reasons))


async def _until_shipped(run: BookRun, unit: str, places: asyncio.Semaphore) -> str | None:
    """Produce one unit, attempt by attempt. Returns why a person is needed for it; None when it has shipped."""
    async with places:
        while unit in production_units(run.runtime.workspace, run.subject):
            ledger = run.ledger()
            if run.subject != f"unit:{unit}":  # a run of the queue may have it, from before the book asked for it
                refuse_held(ledger, f"unit:{unit}", run.runtime.owner)
            reason = reason_to_escalate(ledger, run.subject, PRODUCTION, unit)
            if reason:
                return reason
            attempt = ledger.attempts(run.subject, PRODUCTION, unit) + 1
            await settle(run, await produce_unit(run.subject, PRODUCTION, attempt, unit))
    return None


def _services(workspace: Workspace, request: WorkspaceRequest) -> Services:
    name, recordings = choose_backend(workspace, request.backend, request.recordings)
    record = Path(request.record) if request.record else None
    return Services.open(workspace, name, record_dir=record, recordings=recordings)


def _owner() -> str:
    """This process and this run of it, so that two runs in one process are told apart."""
    return f"{this_process()}|{flow_run.id}"


def _reference(ledger: Ledger, subject: str) -> dict[str, Any]:
    return {"book": subject.partition(":")[2], "state": ledger.status(subject)}
