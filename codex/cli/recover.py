"""``codexctl recover``: what to redo after a failure, what that saves, and the doing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from codex.cli import options
from codex.cli.common import JsonOption, WorkspaceOption, absolute, console, emit_json, open_workspace, want_json

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
    backend: options.Backend = None,
    recordings: options.Recordings = None,
    output: JsonOption = "text",
) -> None:
    """Redo only what failed in a book, and what was made from it.

    Examples: codexctl recover 3.35 --dry-run · codexctl recover 3.35 --unit 03.09.02 --backend handoff
    """
    as_json = want_json(output)
    from codex.campaign.ledger import Ledger
    from codex.recovery.decide import decide
    from codex.recovery.situation import situation
    from codex.work.find import find_book

    place = open_workspace(workspace)
    snapshot = place.snapshot()
    found = situation(snapshot, find_book(Ledger.load(snapshot), book), tuple(unit or ()))
    _show(found, decide(found.batches), as_json=as_json)
    if dry_run:
        return
    from codex.cli.launch import run_flow
    from codex.work.backends import choose_backend
    from flows.request import RecoverRequest

    choose_backend(place, backend, absolute(recordings))
    request = RecoverRequest(
        workspace=str(place.root), book=found.slug, units=tuple(unit or ()), restart=restart, backend=backend,
        recordings=absolute(recordings),
    )  # fmt: skip
    reference = run_flow(place, "flows.recover", "recover", request, aside=as_json)
    typer.echo(f"{reference['book']} is at {reference['state']}; go on with: codexctl run {found.slug}", err=as_json)


def _show(found: Situation, decision: Decision, *, as_json: bool) -> None:
    from codex.recovery import told

    if as_json:
        emit_json(told.as_data(found, decision))
        return
    from codex.oversight.render.pieces import plain, table

    out = console()
    out.print(*map(plain, told.lines(found, decision)), sep="\n")
    out.print(table(("", *told.COLUMNS), told.rows(decision), right=told.COLUMNS))
