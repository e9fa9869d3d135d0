"""``codexctl pilot``: the embedded pilot book, through every pass, with recorded replies unless told otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codex.cli import options
from codex.cli.common import absolute, console

if TYPE_CHECKING:
    from codex.oversight.scorecard import Scorecard
    from codex.workspace import Workspace

#: The pilot's book: protocol §11.
BOOK = "lawson-michelsohn-spin-geometry"


def pilot(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="The pilot's workspace; made when missing.")] = Path(
        "pilot"
    ),
    backend: options.Backend = None,
    record: options.Record = None,
) -> None:
    """Make the pilot's workspace and take its book through every pass; run again, it goes on from there."""
    from codex.campaign.ledger import Ledger
    from codex.work.find import has_arrived

    workspace = _workspace(folder)
    if has_arrived(Ledger.load(workspace.snapshot()), f"book:{BOOK}"):
        typer.echo(f"{BOOK} is covered; nothing to do.")
    else:
        _run(workspace, backend, record)
    card = _scorecard(workspace)
    _where_to_look(workspace)
    if any(verdict == "not met" for _, verdict, _ in card.criteria()):
        raise typer.Exit(1)


def _workspace(folder: Path) -> Workspace:
    """The pilot's workspace in exactly this folder, made when there is nothing yet."""
    from codex.integration.init import init_workspace
    from codex.integration.opening import open_workspace
    from codex.workspace import MARKS

    if all((folder / mark).is_dir() for mark in MARKS):
        return open_workspace(folder)
    made = init_workspace(folder, campaign="pilot")
    typer.echo(f"made the workspace {made.root}")
    return made


def _run(workspace: Workspace, backend: str | None, record: Path | None) -> None:
    from codex.cli.launch import run_subject
    from flows.request import BookRequest, requested

    chosen = backend or "replay"
    if chosen == "replay":
        typer.echo("the agents' replies are recorded ones; --backend anthropic or handoff asks agents of your own")
    asked = {"workspace": str(workspace.root), "book": BOOK, "backend": chosen, "record": absolute(record)}
    run_subject(workspace, requested(BookRequest, {}, **asked))
    if chosen == "replay":
        _tell_drift(workspace)


def _tell_drift(workspace: Workspace) -> None:
    """Say how many recorded replies answered a prompt that has changed since; today's gates judged them all."""
    from codex.agents.journal import Journal
    from codex.agents.recording import Recordings, drift
    from codex.work.backends import packaged_recordings

    journal = Journal(workspace.state_dir / "journal.sqlite3")
    changed, asked = drift(Recordings(packaged_recordings()), journal), journal.prompts("replay")
    journal.close()
    if changed:
        typer.echo(f"{len(changed)} of {len(asked)} recorded replies answered an earlier form of their prompt")


def _scorecard(workspace: Workspace) -> Scorecard:
    """Compute and print the scorecard."""
    from codex.oversight.render.pieces import table
    from codex.oversight.scorecard import scorecard, tables

    card = scorecard(workspace, BOOK)
    out = console()
    for title, headers, rows in tables(card):
        out.print(table(headers, rows, title=title))
    return card


def _where_to_look(workspace: Workspace) -> None:
    from deployments.server import find

    server = find(workspace)
    typer.echo(f"the commits    git -C {workspace.root} log --stat")
    typer.echo(f"the ledger     codexctl -w {workspace.root} ledger log")
    if server is not None:
        typer.echo(f"Prefect's page {server.ui}/runs (stop it with: codexctl -w {workspace.root} down)")
