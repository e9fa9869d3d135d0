"""``codexctl recover``: what to redo after a failure, what that saves, and the doing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from codex.cli.common import JsonOption, WorkspaceOption, console, emit_json, open_workspace_root, want_json
from codex.cli.run import BackendOption, RecordingsOption, absolute

if TYPE_CHECKING:
    from codex.recovery.decide import Decision
    from codex.recovery.situation import Situation


def recover(
    book: Annotated[str, typer.Argument(help="Slug or Fast Track entry of the book.")],
    workspace: WorkspaceOption = None,
    unit: Annotated[
        list[str] | None, typer.Option("--unit", help="A shipped unit that is wrong. May be repeated.", metavar="ID")
    ] = None,
    restart: Annotated[bool, typer.Option("--restart", help="Redo everything, whatever is advised.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", "--explain", help="Only say what would be redone.")] = False,
    backend: BackendOption = None,
    recordings: RecordingsOption = None,
    output: JsonOption = "text",
) -> None:
    """Redo only what failed in a book, and what was made from it.

    Examples: codexctl recover 3.35 --dry-run · codexctl recover 3.35 --unit 03.09.02 --backend handoff
    """
    as_json = want_json(output)
    from codex.campaign.ledger import Ledger
    from codex.recovery.decide import decide
    from codex.recovery.situation import situation
    from codex.workspace import Workspace
    from flows.books import find_book

    place = Workspace.open(open_workspace_root(workspace))
    snapshot = place.snapshot()
    found = situation(snapshot, find_book(Ledger.load(snapshot), book), tuple(unit or ()))
    _show(found, decide(found.batches), as_json=as_json)
    if dry_run:
        return
    from codex.cli.launch import run_flow
    from flows.backends import choose_backend
    from flows.request import RecoverRequest

    choose_backend(place, backend, absolute(recordings))
    request = RecoverRequest(
        workspace=str(place.root), book=found.slug, units=tuple(unit or ()), restart=restart, backend=backend,
        recordings=absolute(recordings),
    )  # fmt: skip
    reference = run_flow(place, "flows.recover", "recover", request)
    typer.echo(f"{reference['book']} is at {reference['state']}; go on with: codexctl run {found.slug}", err=as_json)


def _show(found: Situation, decision: Decision, *, as_json: bool) -> None:
    from codex.recovery import told

    if as_json:
        emit_json(told.as_data(found, decision))
        return
    from rich.table import Table

    from codex.cli.ledger_view import plain

    out = console()
    out.print(*map(plain, told.lines(found, decision)), sep="\n")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("", *told.COLUMNS):
        table.add_column(column, justify="right" if column else "left")
    for row in told.rows(decision):
        table.add_row(*row)
    out.print(table)
