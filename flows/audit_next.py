"""The scheduled flow that audits: the next book of the ledger that nobody has audited."""

from __future__ import annotations

from typing import Any

from prefect import flow

from codex.campaign.ledger import Ledger
from codex.workspace import Workspace
from flows.book import book
from flows.holders import held_by_other
from flows.reporting import say
from flows.request import BookRequest, WorkspaceRequest


@flow(name="audit-next", flow_run_name="audit-next", persist_result=False)
async def audit_next(request: WorkspaceRequest) -> dict[str, Any] | None:
    """Take the next draft book to audited; returns its reference, None when there is none."""
    ledger = Ledger.load(Workspace.open(request.workspace).snapshot())
    subject = next_draft(ledger, request.owner or "")
    if subject is None:
        say("Every book has been audited.")
        return None
    wanted = BookRequest(**request.model_dump(), book=subject.partition(":")[2], until="audited")
    found: dict[str, Any] = await book(wanted)
    return found


def next_draft(ledger: Ledger, owner: str) -> str | None:
    """The first draft book, in the ledger's order, that nobody works on."""
    for subject in ledger.subjects("book"):
        if ledger.status(subject) == "draft" and held_by_other(ledger, subject, owner) is None:
            return subject
    return None
