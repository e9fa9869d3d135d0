"""Which folders there are, kept up with changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from codex.snapshot import OverlaySnapshot, Snapshot


def folders_of(snapshot: Snapshot) -> dict[str, int]:
    return _counted({"": 1}, snapshot.blobs(), 1)


def folders_after(before: dict[str, int], state: OverlaySnapshot) -> dict[str, int]:
    moved = [path for path in state.changes if state.base.exists(path) != state.exists(path)]
    found = _counted(before, (path for path in moved if state.exists(path)), 1)
    return _counted(found, (path for path in moved if not state.exists(path)), -1)


def _counted(folders: Mapping[str, int], paths: Iterable[str], by: int) -> dict[str, int]:
    """The count of files and folders in each folder when these files come (1) or go (-1)."""
    found = dict(folders)
    for path in paths:
        folder = path.rpartition("/")[0]
        while True:
            before = found.get(folder, 0)
            found[folder] = before + by
            if not folder or (before > 0 and found[folder] > 0):
                break
            if found[folder] <= 0:
                del found[folder]
            folder = folder.rpartition("/")[0]
    return found
