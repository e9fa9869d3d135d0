"""The snapshot of a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from codex.snapshot.base import Snapshot, blob_id

_HIDDEN = frozenset({".git", ".codex"})


class TreeSnapshot(Snapshot):
    """The files below a folder as they are now. Blob ids are computed when asked for and kept."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root)
        self.label = "worktree"
        self._ids = _LazyBlobIds(self.root)

    def blobs(self) -> Mapping[str, str]:
        return self._ids

    def read(self, path: str) -> bytes:
        if path not in self._ids:
            raise KeyError(path)
        return (self.root / path).read_bytes()


class _LazyBlobIds(Mapping[str, str]):
    """Path to blob id; the listing is taken once, an id is computed at its first use."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._ids: dict[str, str | None] = dict.fromkeys(_walk(root))

    def __getitem__(self, path: str) -> str:
        found = self._ids[path]
        if found is None:
            found = self._ids[path] = blob_id((self._root / path).read_bytes())
        return found

    def __contains__(self, path: object) -> bool:
        return path in self._ids

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)


def _walk(root: Path) -> Iterator[str]:
    found: list[str] = []
    for folder, names, files in os.walk(root):
        names[:] = [n for n in names if n not in _HIDDEN and not os.path.islink(os.path.join(folder, n))]
        base = os.path.relpath(folder, root)
        prefix = "" if base == "." else base.replace(os.sep, "/") + "/"
        found += [prefix + f for f in files if not os.path.islink(os.path.join(folder, f))]
    return iter(sorted(found))
