"""``codexctl audit-next``: the next book that has no audit, of the ledger or of the booklist."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from codex.cli.common import JsonOption, WorkspaceOption, requested_root, want_json
from codex.cli.produce import told
from codex.cli.run import BackendOption, RecordingsOption, RecordOption, absolute
from codex.errors import UserError

if TYPE_CHECKING:
    from codex.agents.call import AgentCall
    from codex.workspace import Workspace
    from flows.choosing import Work


def audit_next(
    entry: Annotated[str, typer.Option("--ft-entry", help="This entry of the booklist, as 1.09.", metavar="E")] = "",
    brief_only: Annotated[bool, typer.Option("--brief-only", help="Print the brief; send and pay nothing.")] = False,
    backend: BackendOption = None,
    record: RecordOption = None,
    recordings: RecordingsOption = None,
    output: JsonOption = "text",
    workspace: WorkspaceOption = None,
) -> None:
    """Audit the next book; the production plan takes up what its audit asks for, in the same commit.

    Examples: codexctl audit-next --brief-only · codexctl audit-next --ft-entry 1.09 --backend handoff
    """
    from codex.cli.launch import run_flow
    from codex.workspace import Workspace
    from flows import choosing
    from flows.backends import choose_backend
    from flows.request import AuditRequest, requested

    as_json = want_json(output)
    place = Workspace.open(requested_root(workspace))
    request = requested(
        AuditRequest, {"entry": "ft-entry"}, workspace=str(place.root), entry=entry, backend=backend,
        record=absolute(record), recordings=absolute(recordings),
    )  # fmt: skip
    works = choosing.audit(place.snapshot(), "", request.entry)
    if brief_only:
        _print_brief(place, works, as_json=as_json)
        return
    if as_json:
        raise UserError("JSON is for --brief-only.", remedy="See `codexctl ledger show --format json`.")
    place.require_writable()
    choose_backend(place, request.backend, request.recordings)
    done = run_flow(place, "flows.audit_next", "audit_next", request) if works else []
    typer.echo("\n".join(told(done)) or choosing.NOTHING_TO_AUDIT)


def _print_brief(place: Workspace, works: list[Work], *, as_json: bool) -> None:
    from codex.cli.next_briefs import show
    from flows.choosing import NOTHING_TO_AUDIT

    if not works:
        typer.echo("[]" if as_json else NOTHING_TO_AUDIT)
    else:
        show([_call(place, works[0])], "audit", as_json=as_json)


def _call(place: Workspace, work: Work) -> AgentCall[Any]:
    """The call of a book's audit; of a book that is yet to join, as if it had joined."""
    from codex.campaign.ledger import Ledger
    from codex.cli.next_briefs import call_of

    snapshot = place.snapshot()
    if work.record is None:
        return call_of(place, Ledger.load(snapshot), "audit", work.subject)
    return _as_if_joined(place, work)


def _as_if_joined(place: Workspace, work: Work) -> AgentCall[Any]:
    from datetime import UTC, datetime

    from codex.campaign.events import EventDraft, Kind
    from codex.campaign.ledger import append
    from codex.passes.base import Context
    from codex.passes.calls import agent_call
    from codex.passes.registry import get_pass

    snapshot, each = place.snapshot(), get_pass("audit")
    # A book without a tier has no ceiling and could not be run; a brief costs nothing.
    event = EventDraft(subject=work.subject, kind=Kind.REGISTERED, data={"tier": "γ", **dict(work.record or {})})
    joined = snapshot.with_changes(dict(append(snapshot, [event], datetime.now(UTC)).changes))
    return agent_call(place, Context(joined, snapshot.label, work.subject, each.name, 1), each)
