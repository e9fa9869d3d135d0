"""``codexctl audit-next``: the next book that has no audit, of the ledger or of the booklist."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from codex.cli import options
from codex.cli.common import JsonOption, WorkspaceOption, absolute, open_workspace, want_json

if TYPE_CHECKING:
    from codex.agents.call import AgentCall
    from codex.work.choosing import Work
    from codex.workspace import Workspace


def audit_next(
    entry: Annotated[str, typer.Option("--ft-entry", help="This entry of the booklist, as 1.09.", metavar="E")] = "",
    brief_only: options.BriefOnly = False,
    backend: options.Backend = None,
    record: options.Record = None,
    recordings: options.Recordings = None,
    output: JsonOption = "text",
    workspace: WorkspaceOption = None,
) -> None:
    """Audit the next book; the production plan takes up what its audit asks for, in the same commit.

    Examples: codexctl audit-next --brief-only · codexctl audit-next --ft-entry 1.09 --backend handoff
    """
    from codex.cli.next_work import run_next, show_briefs
    from codex.work import choosing
    from flows.request import AuditRequest, requested

    as_json = want_json(output)
    place = open_workspace(workspace)
    request = requested(
        AuditRequest, {"entry": "ft-entry"}, workspace=str(place.root), entry=entry, backend=backend,
        record=absolute(record), recordings=absolute(recordings),
    )  # fmt: skip
    works = choosing.audit(place.snapshot(), "", request.entry)
    if brief_only:
        show_briefs([_call(place, work) for work in works[:1]], "audit", choosing.NOTHING_TO_AUDIT, as_json=as_json)
    else:
        run_next(place, "flows.audit_next", request, works, choosing.NOTHING_TO_AUDIT, as_json=as_json)


def _call(place: Workspace, work: Work) -> AgentCall[Any]:
    """The call of a book's audit; of a book that is yet to join, as if it had joined."""
    from codex.passes.calls import next_call

    if work.record is None:
        return next_call(place, work.subject, "audit")
    return _as_if_joined(place, work)


def _as_if_joined(place: Workspace, work: Work) -> AgentCall[Any]:
    from codex.campaign.clock import now
    from codex.campaign.events import EventDraft, Kind
    from codex.campaign.ledger import append
    from codex.passes.calls import agent_call
    from codex.passes.registry import get_pass

    snapshot, each = place.snapshot(), get_pass("audit")
    # A book without a tier has no ceiling and could not be run; a brief costs nothing.
    event = EventDraft(subject=work.subject, kind=Kind.REGISTERED, data={"tier": "γ", **dict(work.record or {})})
    joined = snapshot.with_changes(dict(append(snapshot, [event], now()).changes))
    return agent_call(place, each.context(joined, snapshot.label, work.subject, each.name, 1), each)
