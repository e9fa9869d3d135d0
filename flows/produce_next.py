"""The scheduled flow that goes on with production: the next book that has units to produce."""

from __future__ import annotations

from typing import Any

from prefect import flow

from codex.campaign.ledger import Ledger
from codex.campaign.tables import machine_of
from codex.workspace import Workspace
from flows.book import book
from flows.holders import held_by_other
from flows.reporting import say
from flows.request import BookRequest, WorkspaceRequest

#: The states in which units are produced.
_IN_PRODUCTION = frozenset({"production-ready", "in-production"})


@flow(name="produce-next", flow_run_name="produce-next", persist_result=False)
async def produce_next(request: WorkspaceRequest) -> dict[str, Any] | None:
    """Take the book that is furthest in production to production-complete; returns its reference, None without one.

    Books that somebody works on are left alone.
    """
    ledger = Ledger.load(Workspace.open(request.workspace).snapshot())
    subject = next_in_production(ledger, request.owner or "")
    if subject is None:
        say("No book is in production.")
        return None
    wanted = BookRequest(**request.model_dump(), book=subject.partition(":")[2], until="production-complete")
    found: dict[str, Any] = await book(wanted)
    return found


def next_in_production(ledger: Ledger, owner: str) -> str | None:
    """The free book with units to produce that is furthest on its way, the first of several; None without one."""
    free = [
        subject
        for subject in ledger.subjects("book")
        if ledger.status(subject) in _IN_PRODUCTION and held_by_other(ledger, subject, owner) is None
    ]
    return max(free, key=lambda subject: _rank(ledger, subject), default=None)


def _rank(ledger: Ledger, subject: str) -> int:
    machine = machine_of(subject)
    return machine.rank(str(ledger.status(subject))) if machine else -1
