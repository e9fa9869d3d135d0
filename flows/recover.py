"""The flow that recovers a book: decide, back up, lead it back, redo only what failed, and record how it ended."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from prefect import flow

from codex.campaign.costs import read_costs
from codex.campaign.ledger import Ledger
from codex.errors import PersonNeeded
from codex.integration.integrator import integrate
from codex.integration.opening import open_workspace
from codex.integration.proposal import Proposal
from codex.passes.services import Services
from codex.recovery import redo
from codex.recovery.backup import back_up
from codex.recovery.decide import MOST_RECOVERIES, Decision, decide
from codex.recovery.figures import Figures, of_cost, total
from codex.recovery.situation import Situation, situation
from codex.work.backends import choose_backend
from codex.work.find import find_book
from codex.work.holders import refuse_held
from codex.workspace import Workspace
from flows.artifacts import show_recovery
from flows.book import book
from flows.reporting import say
from flows.request import BookRequest, RecoverRequest


@flow(name="recover", flow_run_name="recover {request.book}", persist_result=False)
async def recover(request: RecoverRequest) -> dict[str, Any]:
    """Redo what failed in a book and what was made from it, up to the state after the failed pass.

    Raises UserError when nothing failed, PersonNeeded when only a full restart is left and nobody asked for it, or
    when the recovery itself needs a person. What ``book`` raises beside that leaves the recovery to be tried again.
    """
    workspace = open_workspace(request.workspace)
    workspace.require_writable()
    ledger = Ledger.load(workspace.snapshot())
    subject = find_book(ledger, request.book)
    refuse_held(ledger, subject, request.owner or "")
    found = situation(workspace.snapshot(), subject, request.units)
    decision = chosen(found, restart=request.restart)
    name, recordings = choose_backend(workspace, request.backend, request.recordings)
    with Services.open(workspace, name, recordings=recordings) as services:
        folder = back_up(workspace, services.journal, services.backend.name, found, decision)
    say(f"{decision.action}: {', '.join(decision.redo)}; backed up in {folder.relative_to(workspace.root)}")
    before = _spent(workspace, found)
    await _write(workspace, redo.start(workspace.snapshot().label, ledger, found, decision))
    values = request.model_dump(exclude={"units", "restart"}) | {"book": found.slug, "until": redo.until_state(found)}
    try:
        reference: dict[str, Any] = await book(BookRequest(**values))
    except PersonNeeded:
        await _ended(workspace, found, decision, _unsuccessful(found), before)
        raise
    await _ended(workspace, found, decision, "success", before)
    return reference


def chosen(found: Situation, *, restart: bool) -> Decision:
    """The decision, or a full restart where a person asks for it; raises PersonNeeded where one has to ask first."""
    decision = decide(found.batches)
    if restart:
        ran = tuple(item.id for item in found.batches.items.values() if item.state != "open")
        return replace(decision, action="full_restart", redo=ran, reason=f"a person asked for it ({decision.reason})")
    if decision.action == "full_restart":
        raise PersonNeeded(
            f"{found.slug} is not recovered piece by piece: {decision.reason}.",
            remedy=f"Look at it, then `codexctl recover {found.slug} --restart` redoes everything, "
            "or answer with `codexctl escalations answer`.",
        )
    return decision


def _unsuccessful(found: Situation) -> str:
    """After the last recovery that may be tried, a person has to look."""
    tried = 1 + max(item.recoveries for item in found.batches.failed)
    return "escalated" if tried >= MOST_RECOVERIES else "failed"


async def _ended(workspace: Workspace, found: Situation, decision: Decision, outcome: str, before: Figures) -> None:
    after = _spent(workspace, found)
    spent = Figures(
        after.calls - before.calls, after.tokens - before.tokens, after.usd - before.usd, after.seconds - before.seconds
    )
    await _write(workspace, redo.finish(workspace.snapshot().label, found, decision, outcome, spent))
    await show_recovery(found.slug, decision, spent)
    say(f"recovery of {found.slug}: {outcome}")


def _spent(workspace: Workspace, found: Situation) -> Figures:
    """What the book's calls have cost so far."""
    return total(of_cost(cost) for cost in read_costs(workspace.snapshot()) if cost.book == found.slug)


async def _write(workspace: Workspace, proposal: Proposal) -> None:
    [result] = await asyncio.to_thread(integrate, workspace, [proposal])
    if result.status == "refused":
        raise PersonNeeded(f"The recovery was refused: {result.reason}.", remedy="See `codexctl ledger show`.")
