"""``codexctl ledger rebuild``: campaign.json from the log: printed, compared, or written as a commit."""

from __future__ import annotations

import difflib
import sys
from typing import TYPE_CHECKING

import typer

from codex.campaign.ledger import CAMPAIGN, Ledger
from codex.campaign.projection import render

if TYPE_CHECKING:
    from codex.integration.proposal import IntegrationResult
    from codex.snapshot import Snapshot
    from codex.workspace import Workspace


def print_document(snapshot: Snapshot) -> None:
    """The document as bytes, on standard output."""
    sys.stdout.buffer.write(render(Ledger.load(snapshot).document()))
    sys.stdout.flush()


def show_difference(snapshot: Snapshot) -> int:
    """A unified diff from the file to what the log gives; 1 when there is any."""
    given = render(Ledger.load(snapshot).document())
    there = snapshot.read(CAMPAIGN) if snapshot.exists(CAMPAIGN) else b""
    if given == there:
        typer.echo(f"{CAMPAIGN} is what the log gives.")
        return 0
    old, new = (data.decode("utf-8", "replace").splitlines() for data in (there, given))
    lines = list(difflib.unified_diff(old, new, CAMPAIGN, f"{CAMPAIGN} (from the log)", lineterm=""))
    typer.echo("\n".join(lines) or f"{CAMPAIGN} has the same lines as the log gives, with other line ends.")
    return 1


def write(place: Workspace) -> int:
    """Commit campaign.json as the log gives it, through the one writer.

    Raises DataError when the log itself is at fault, and the errors of the integrator.
    """
    from codex.integration.adoption.kinds.ledger_state import rebuilt
    from codex.integration.adoption.mend import proposal_of
    from codex.integration.adoption.view import View
    from codex.integration.integrator import integrate

    place.require_writable()
    snapshot = place.snapshot()
    wanted = rebuilt(View(snapshot))
    (result,) = integrate(place, [proposal_of("projection", snapshot.label)])
    typer.echo(_said(result))
    for warning in result.warnings:
        typer.echo(warning, err=True)
    tree = place.tree()
    if not tree.exists(CAMPAIGN) or tree.read(CAMPAIGN) != wanted:
        typer.echo(f"The {CAMPAIGN} in your working tree is another one: take it back with `git checkout`.", err=True)
    return int(result.status == "refused")


def _said(result: IntegrationResult) -> str:
    if result.status == "committed":
        return f"{CAMPAIGN} was written from the log, in commit {str(result.commit)[:10]}."
    return result.reason or f"The committed {CAMPAIGN} is what the log gives; nothing was written."
