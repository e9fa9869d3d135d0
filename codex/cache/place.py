"""Where the cache of a snapshot's workspace is."""

from __future__ import annotations

from codex.cache.store import FILE, Store
from codex.snapshot import CommitSnapshot, OverlaySnapshot, Snapshot


def store_of(snapshot: Snapshot) -> Store:
    """The cache of the workspace that a commit's snapshot (or changes on top of one) belongs to, where it has one."""
    while isinstance(snapshot, OverlaySnapshot):
        snapshot = snapshot.base
    folder = snapshot.git.root / ".codex" / "cache" if isinstance(snapshot, CommitSnapshot) else None
    return Store(folder / FILE) if folder and folder.is_dir() else Store()
