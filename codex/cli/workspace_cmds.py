"""``codexctl init``: make a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codex.cli.common import JsonOption, console, emit_json, want_json


def init(
    path: Annotated[Path, typer.Argument(help="The folder to make; it must not exist or be empty.")],
    campaign: Annotated[str, typer.Option(help="The campaign whose manifests it gets.")] = "fasttrack",
    form: JsonOption = "text",
) -> None:
    """Make a workspace: a git repository with the campaign's manifests and its starting corpus."""
    from codex.campaign.ledger import Ledger
    from codex.integration.init import init_workspace

    as_json = want_json(form)
    workspace = init_workspace(path, campaign=campaign)
    snapshot = workspace.snapshot()
    units = sum(1 for _ in snapshot.under("content", ".md"))
    books = [subject.partition(":")[2] for subject in Ledger.load(snapshot).subjects("book")]
    if as_json:
        emit_json({"path": str(workspace.root), "commit": snapshot.label, "units": units, "books": books})
        return
    out = console()
    out.print(f"Made {workspace.root}: {units} units, {len(books)} books.")
    out.print(f"Next: codexctl ledger show -w {path}")
