"""``codexctl run``: one book, from where its ledger says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codex.cli.common import WorkspaceOption, open_workspace_root

if TYPE_CHECKING:
    from codex.campaign.ledger import Ledger
    from codex.campaign.machine import Step
    from codex.workspace import Workspace

BackendOption = Annotated[
    str | None, typer.Option("--backend", help="Who answers the agents' calls.", metavar="anthropic|handoff|replay")
]
RecordOption = Annotated[Path | None, typer.Option("--record", help="Save what was answered in this folder.", metavar="DIR")]


def run(
    book: Annotated[str, typer.Argument(help="Slug or Fast Track entry of the book.")],
    workspace: WorkspaceOption = None,
    until: Annotated[str | None, typer.Option(help="State at which to stop, as `audited`.", metavar="STATE")] = None,
    backend: BackendOption = None,
    record: RecordOption = None,
    recordings: Annotated[
        Path | None, typer.Option(help="Recordings that the replay backend answers from.", metavar="DIR")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be asked and what it may cost.")] = False,
) -> None:
    """Take a book through its passes. Interrupted at any moment, the same command goes on from there."""
    from codex.campaign.ledger import Ledger
    from codex.workspace import Workspace
    from flows.books import find_book

    place = Workspace.open(open_workspace_root(workspace))
    ledger = Ledger.load(place.snapshot())
    subject = find_book(ledger, book)
    if dry_run:
        _dry_run(place, ledger, subject)
        return
    request = checked_request(
        place,
        book=subject.partition(":")[2],
        until=until,
        backend=backend,
        record=str(record.absolute()) if record else None,
        recordings=str(recordings.absolute()) if recordings else None,
    )
    from codex.cli.launch import run_book

    reference = run_book(place, request)
    typer.echo(f"{reference['book']} is at {reference['state']}")
