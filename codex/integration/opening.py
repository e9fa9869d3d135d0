"""Open a workspace to work in it: what a killed writer left unfinished is finished first."""

from __future__ import annotations

from pathlib import Path

from codex.workspace import Workspace

#: In the state folder while a checkout is under way (journal.py).
UNFINISHED = "checkout.json"


def open_workspace(path: Path | str | None = None) -> Workspace:
    """The workspace at ``path`` (default: the current folder) or in the nearest folder above it.

    A checkout that a killed integration left unfinished is finished first, unless an integration runs right now.
    Raises WorkspaceError when there is no such folder. ``Workspace.open`` only looks.
    """
    found = Workspace.open(path)
    if (found.root / ".codex" / "state" / UNFINISHED).exists():
        from codex.integration.integrator import heal_if_free  # only after a crash: keep opening cheap

        heal_if_free(found)
    return found
