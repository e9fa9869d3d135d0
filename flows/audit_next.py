"""The flow that audits: the next book that nobody has audited, of the ledger or of the booklist."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from prefect import flow

from codex.snapshot import Snapshot
from codex.work import choosing
from flows.next_work import take
from flows.request import AuditRequest


@flow(name="audit-next", flow_run_name="audit-next", persist_result=False)
async def audit_next(request: AuditRequest) -> list[dict[str, Any]]:
    """Take the next draft book to audited; returns its reference. Errors as those of the book flow."""

    def choose(snapshot: Snapshot, owner: str, number: int, without: Collection[str]) -> list[choosing.Work]:
        del number
        if request.entry and without:  # somebody else has it: no other book will do
            return []
        return choosing.audit(snapshot, owner, request.entry, without=without)

    return await take(request, choose, 1, choosing.NOTHING_TO_AUDIT)
