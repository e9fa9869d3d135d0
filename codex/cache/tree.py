"""A working tree whose blob ids are known from earlier runs: an unchanged file is recognised without reading it.

The rule is git's (racy-git.txt): an id is believed while size, times and inode of the file are what they were when it
was computed, and only if the file had by then been left alone for longer than its time stamp can tell apart. A file
that was hashed sooner after its last change is hashed again by the next run.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from codex.cache.store import Store
from codex.errors import StorageError
from codex.snapshot import Snapshot, blob_id

_KIND = "stat"
_HIDDEN = frozenset({".git", ".codex"})
_SECOND = 1_000_000_000
#: How long a file must have been left alone: file systems stamp with a clock that ticks every 1 to 10 ms …
_SETTLED = _SECOND // 10
#: … and some (FAT, HFS+, old network mounts) every one or two seconds, which shows in stamps of whole seconds.
_SETTLED_COARSE = 2 * _SECOND


#: How many bytes of files just hashed are held for those who want to read them.
_KEPT_BYTES = 100_000_000


class Stamp(NamedTuple):
    """What tells a changed file from an unchanged one without reading it; times in nanoseconds.

    ``changed`` (ctime) is set by the system alone, so a file put back with its old date is still seen to be another.
    """

    size: int
    modified: int
    changed: int
    inode: int


class CachedTree(Snapshot):
    """The files below a folder as they are now, like ``TreeSnapshot``; ids that had to be computed go to the store."""

    def __init__(self, root: Path, store: Store) -> None:
        self.root = Path(root)
        self.label = "worktree"
        self.store = store
        self._ids = _BlobIds(self.root, dict(sorted(_walk(str(self.root), ""))), store)

    def blobs(self) -> Mapping[str, str]:
        return self._ids

    def read(self, path: str) -> bytes:
        if path not in self._ids:
            raise KeyError(path)
        just_read = self._ids.take(path)
        return _read(self.root / path)[0] if just_read is None else just_read

    def stamps(self) -> Mapping[str, Stamp]:
        """Every file's stamp, for telling whether anything has changed since."""
        return self._ids.stamps


class _BlobIds(Mapping[str, str]):
    """Path to blob id; from the store where the stamp is known, else computed at the first use."""

    def __init__(self, root: Path, stamps: Mapping[str, Stamp], store: Store) -> None:
        self._root, self.stamps, self._store = root, stamps, store
        self._known = {path: row for path, row in store.load_all(_KIND).items() if path in stamps}
        self._ids: dict[str, str] = {}
        self._bytes: dict[str, bytes] = {}
        self._room = _KEPT_BYTES

    def take(self, path: str) -> bytes | None:
        """The bytes of a file that had to be read for its id, once: most are wanted right afterwards."""
        return self._bytes.pop(path, None)

    def __getitem__(self, path: str) -> str:
        if path not in self._ids:
            self._ids[path] = self._recall(path) or self._compute(path)
        return self._ids[path]

    def _recall(self, path: str) -> str | None:
        row: Any = self._known.get(path)
        return row[4] if row and tuple(row[:4]) == self.stamps[path] else None

    def _compute(self, path: str) -> str:
        started = time.time_ns()
        data, stamp = _read(self._root / path)
        found = blob_id(data)
        if is_settled(stamp, started):
            self._store.keep(_KIND, path, [*stamp, found])
        self._room -= len(data)
        if self._room > 0:
            self._bytes[path] = data
        return found

    def __contains__(self, path: object) -> bool:
        return path in self.stamps

    def __iter__(self) -> Iterator[str]:
        return iter(self.stamps)

    def __len__(self) -> int:
        return len(self.stamps)


def is_settled(stamp: Stamp, now: int) -> bool:
    """True when a change after ``now`` (nanoseconds) is bound to give the file another stamp."""
    coarse = stamp.changed % _SECOND == 0
    return now - stamp.changed > (_SETTLED_COARSE if coarse else _SETTLED)


def _read(path: Path) -> tuple[bytes, Stamp]:
    """The bytes of a file and the stamp it had before they were read."""
    try:
        with path.open("rb") as file:
            stamp = _stamp(os.fstat(file.fileno()))
            return file.read(), stamp
    except OSError as exc:
        raise StorageError(
            f"{path} cannot be read: {exc.strerror}.",
            remedy="Check its permissions; run again if it was just moved.",
        ) from exc


def _walk(folder: str, prefix: str) -> Iterator[tuple[str, Stamp]]:
    """Every regular file below a folder, links not followed; what vanishes or cannot be listed is left out."""
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if entry.name in _HIDDEN:
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path, f"{prefix}{entry.name}/")
        elif entry.is_file(follow_symlinks=False):
            with suppress(FileNotFoundError):
                yield prefix + entry.name, _stamp(entry.stat(follow_symlinks=False))


def _stamp(stat: os.stat_result) -> Stamp:
    return Stamp(stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)
