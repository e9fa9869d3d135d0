"""The cache of the workspace that a command works on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codex.cache.store import Store


def open_store(root: Path, *, wanted: bool = True) -> Store:
    """The cache of the workspace at ``root``; one that keeps nothing where it is not wanted or cannot be made."""
    from codex.cache.store import FILE, Store
    from codex.errors import StorageError, WorkspaceError
    from codex.workspace import Workspace

    if not wanted:
        return Store()
    try:
        return Store(Workspace(root).cache_dir / FILE)
    except (StorageError, WorkspaceError):
        return Store()
