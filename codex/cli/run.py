"""``codexctl run``: one book, from where its ledger says."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codex.cli.common import WorkspaceOption, open_workspace_root

BackendOption = Annotated[
    str | None, typer.Option("--backend", help="Who answers the agents' calls.", metavar="anthropic|handoff|replay")
]
RecordOption = Annotated[
    Path | None, typer.Option("--record", help="Save what was answered in this folder.", metavar="DIR")
]

RecordingsOption = Annotated[
    Path | None, typer.Option("--recordings", help="Recordings that the replay backend answers from.", metavar="DIR")
]


def run(
    book: Annotated[str, typer.Argument(help="Slug or Fast Track entry of the book.")],
    workspace: WorkspaceOption = None,
    until: Annotated[str | None, typer.Option(help="State at which to stop, as `audited`.", metavar="STATE")] = None,
    backend: BackendOption = None,
    record: RecordOption = None,
    recordings: RecordingsOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be asked and what it may cost.")] = False,
) -> None:
    """Take a book through its passes. Interrupted at any moment, the same command goes on from there."""
    from codex.campaign.ledger import Ledger
    from codex.workspace import Workspace
    from flows.books import find_book, has_arrived

    place = Workspace.open(open_workspace_root(workspace))
    ledger = Ledger.load(place.snapshot())
    subject = find_book(ledger, book)
    if dry_run:
        from codex.cli.dry_run import what_would_happen

        typer.echo("\n".join(what_would_happen(place, subject)))
        return
    from codex.cli.launch import run_book
    from flows.request import book_request

    request = book_request(
        workspace=str(place.root),
        book=subject.partition(":")[2],
        until=until,
        backend=backend,
        record=absolute(record),
        recordings=absolute(recordings),
    )
    if has_arrived(ledger, subject, until):
        typer.echo(f"{request.book} is at {ledger.status(subject)}; nothing to do")
        return
    reference = run_book(place, request)
    typer.echo(f"{reference['book']} is at {reference['state']}")


def absolute(path: Path | None) -> str | None:
    """A folder as a request names it: a run does not depend on where it was started."""
    return str(path.absolute()) if path else None
