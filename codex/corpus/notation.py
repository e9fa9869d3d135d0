"""_meta/NOTATION.md: the conventions of a workspace, which every brief hands on."""

from __future__ import annotations

from codex.snapshot import Snapshot

PATH = "_meta/NOTATION.md"


def workspace_notation(snapshot: Snapshot) -> str:
    """The conventions as the workspace states them; "" when it states none."""
    return snapshot.text(PATH, "").strip()
