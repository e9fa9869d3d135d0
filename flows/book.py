"""The flow of a book: the form that people know, over the flow of a subject (subject.py)."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.runtime import flow_run

from codex.campaign.ledger import Ledger
from codex.errors import CodexError
from codex.work.find import find_book
from codex.workspace import Workspace
from flows.request import BookRequest
from flows.subject import taken_through


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
    return await taken_through(request, lambda ledger: find_book(ledger, request.book), request.until)
