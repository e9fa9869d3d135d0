"""``codexctl init``: make a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codex.cli.common import JsonOption, console, emit_json, want_json
from codex.tracks.naming import name_of


def init(
    path: Annotated[Path, typer.Argument(help="The folder to make; it must not exist or be empty.")],
    campaign: Annotated[str, typer.Option(help="The campaign whose manifests it gets.")] = "fasttrack",
    output: JsonOption = "text",
) -> None:
    """Make a workspace: a git repository with the campaign's manifests and its starting corpus."""
    from codex.campaign.ledger import Ledger
    from codex.corpus import booklist
    from codex.integration.init import init_workspace

    as_json = want_json(output)
    workspace = init_workspace(path, campaign=campaign)
    snapshot = workspace.snapshot()
    units = sum(1 for _ in snapshot.under("content", ".md"))
    books = [name_of(subject) for subject in Ledger.load(snapshot).subjects("book")]
    listed = booklist.parse(snapshot.text(booklist.PATH, ""))
    blank = len(booklist.unnamed(listed))
    if as_json:
        found = {"path": str(workspace.root), "commit": snapshot.label, "units": units, "books": books}
        emit_json(found | {"booklist_rows": len(listed), "booklist_rows_without_title": blank})
        return
    out = console()
    out.print(f"Made {workspace.root}: {units} units, {len(books)} books, {len(listed)} rows in the booklist.")
    if blank:
        out.print(f"{blank} rows of {booklist.PATH} wait for title and author: fill them in and commit.")
    out.print(f"Next: codexctl {'ledger show' if books else 'plan'} -w {path}")
