"""What commands that read the corpus share: its cache, and its settings if there are any."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codex.cache.store import Store
    from codex.settings import Settings


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


def settings_of(root: Path, topic: str) -> Settings | None:
    """The workspace's settings; None where nothing of the topic can be set, which saves importing Pydantic."""
    from codex.workspace import Workspace

    prefix = f"CODEX_{topic.upper()}_"
    if (root / "codex.toml").exists() or any(name.startswith(prefix) for name in os.environ):
        return Workspace(root).settings
    return None
