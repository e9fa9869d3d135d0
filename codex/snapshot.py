"""Snapshots: a workspace at one state, read through one protocol whatever its source.

Three sources, one reader's view:

* ``CommitSnapshot``: a git commit; never sees half a change;
* ``TreeSnapshot``: a folder as it is now, also one that is no git repository;
* ``OverlaySnapshot``: another snapshot with some files replaced, added or removed (a proposal tried out in memory).

Paths are POSIX paths relative to the root. Symbolic links, submodules, ``.git`` and ``.codex`` are not part of any
snapshot: what an agent could plant there is never read.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import threading
from abc import ABC, abstractmethod
from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import IO, Any, TypeVar

from codex.errors import CodexError, StorageError, UserError
from codex.gitio import Git, git_environment

_HIDDEN = frozenset({".git", ".codex"})
#: Bytes of files that a commit's snapshot keeps in memory for those who read them again.
_KEPT_BYTES = 64_000_000
#: Folders of many files, few of which are read twice.
_ONE_OF_MANY = ("content/", "manifests/units/")

T = TypeVar("T")


def blob_id(data: bytes) -> str:
    """The SHA-1 that git gives to a blob of these bytes (hex)."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


class Snapshot(ABC):
    """A workspace at one state. ``label`` names it for people: a commit id, ``worktree`` …"""

    label: str

    @abstractmethod
    def blobs(self) -> Mapping[str, str]:
        """Every file: path to git blob id, in path order."""

    @abstractmethod
    def read(self, path: str) -> bytes:
        """The bytes of a file; raises KeyError when it is not in the snapshot."""

    def exists(self, path: str) -> bool:
        return path in self.blobs()

    def text(self, path: str, default: str | None = None) -> str:
        """The file as UTF-8 text; ``default`` when it is absent (KeyError without one)."""
        if default is not None and not self.exists(path):
            return default
        return self.read(path).decode("utf-8")

    def under(self, prefix: str, suffix: str = "") -> Iterator[str]:
        """Paths below the folder ``prefix``, sorted by path components."""
        start = prefix.rstrip("/") + "/"
        found = [p for p in self.blobs() if p.startswith(start) and p.endswith(suffix)]
        return iter(sorted(found, key=lambda p: p.split("/")))

    def with_changes(self, changes: Mapping[str, bytes | None], label: str = "proposed") -> OverlaySnapshot:
        """This snapshot with files replaced or added (bytes) or removed (None)."""
        return OverlaySnapshot(self, changes, label)

    def derived(
        self, kind: str, make: Callable[[Snapshot], T], follow: Callable[[T, OverlaySnapshot], T] | None = None
    ) -> T:
        """What ``make`` works out from this state. ``kind`` names it.

        A state that cannot change (a commit, changes on top of one) keeps the value, and with ``follow`` an overlay
        gets its own from its base's: ``follow`` returns a new value for the overlay, whose ``base`` and ``changes`` say
        what differs. So it costs as much as the change, not as the corpus. A value is never changed in place.
        """
        del kind, follow  # a folder may change at any time: nothing is kept
        return make(self)


class _Settled(Snapshot):
    """A snapshot that cannot change."""

    @cached_property
    def _values(self) -> dict[str, Any]:
        return {}

    @cached_property
    def _ways(self) -> dict[str, tuple[Callable[[Snapshot], Any], Callable[[Any, OverlaySnapshot], Any]]]:
        """How to work out a value, for the states that come after this one."""
        return {}

    def derived(
        self, kind: str, make: Callable[[Snapshot], T], follow: Callable[[T, OverlaySnapshot], T] | None = None
    ) -> T:
        if kind not in self._values:
            self._values[kind] = self._worked_out(kind, make, follow)
        if follow is not None:
            self._ways[kind] = (make, follow)
        value: T = self._values[kind]
        return value

    def _worked_out(
        self, kind: str, make: Callable[[Snapshot], T], follow: Callable[[T, OverlaySnapshot], T] | None
    ) -> T:
        return make(self)

    def keep(self, kind: str, value: object) -> None:
        """Set what ``derived`` would work out, where it is at hand already."""
        self._values[kind] = value

    def text(self, path: str, default: str | None = None) -> str:
        if path.startswith(_ONE_OF_MANY):
            return super().text(path, default)
        if default is not None and not self.exists(path):
            return default
        return self._text(path)

    def _text(self, path: str) -> str:
        """The text of a file that many ask for; decoded once."""

        def make(state: Snapshot) -> str:
            return state.read(path).decode("utf-8")

        def follow(before: str, state: OverlaySnapshot) -> str:
            return make(state) if path in state.changes else before

        return self.derived(_text_of(path), make, follow)

    def under(self, prefix: str, suffix: str = "") -> Iterator[str]:
        start = prefix.rstrip("/") + "/"

        def follow(paths: list[str], state: OverlaySnapshot) -> list[str]:
            return _in_order(paths, [p for p in state.changes if p.startswith(start) and p.endswith(suffix)], state)

        def make(state: Snapshot) -> list[str]:
            return list(Snapshot.under(state, prefix, suffix))

        found = self.derived(f"under {start}*{suffix}", make, follow)
        return iter(found)


def _text_of(path: str) -> str:
    return f"text {path}"


def _in_order(paths: list[str], changed: list[str], state: OverlaySnapshot) -> list[str]:
    """Sorted paths with those that were added or removed."""
    moved = [path for path in changed if state.base.exists(path) != state.exists(path)]
    if not moved:
        return paths
    found = list(paths)
    for path in moved:
        at = bisect_left(found, path.split("/"), key=lambda p: p.split("/"))
        if state.exists(path):
            found.insert(at, path)
        else:
            del found[at]
    return found


class CommitSnapshot(_Settled):
    """The files of one commit, read through one long-lived ``git cat-file --batch``. Safe to use from threads."""

    def __init__(self, root: Path, commit: str) -> None:
        self.git = Git(root)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._kept = _Kept()
        done = self.git.run("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}", check=False)
        if done.returncode != 0:
            raise UserError(f"There is no commit {commit!r} in {root}.", remedy="Name a commit, branch or tag.")
        self.commit = done.stdout.decode().strip()
        self.label = self.commit

    @classmethod
    def after(cls, state: OverlaySnapshot, commit: str) -> CommitSnapshot:
        """The snapshot of a commit (full id) that holds exactly the files of ``state``, an overlay on a commit's.

        What was worked out for the state, and the bytes that were read, are taken over. Nothing is asked of git.
        """
        base = state.base
        if not isinstance(base, CommitSnapshot):
            raise TypeError("the state must stand on a commit")
        found = cls.__new__(cls)
        found.git, found._lock, found._process, found._kept = base.git, threading.Lock(), None, base._kept
        found.commit = found.label = commit
        found._blobs = state.listed()
        for kind, (make, follow) in list(base._ways.items()):  # working one out may add another
            with suppress(CodexError, KeyError, ValueError):  # what cannot be followed is worked out when asked for
                state.derived(kind, make, follow)
        found._values.update(state._values)
        found._ways.update(base._ways | state._ways)
        for path, data in state.changes.items():
            if data is not None:
                found._kept.put(found._blobs[path], data)
        return found

    @cached_property
    def _blobs(self) -> dict[str, str]:
        listing = self.git.run("ls-tree", "-r", "-z", "--full-tree", self.commit).stdout
        found: dict[str, str] = {}
        for line in listing.split(b"\0"):
            if not line:
                continue
            meta, _, name = line.partition(b"\t")
            mode, kind, oid = meta.split(b" ")
            if kind == b"blob" and mode != b"120000":
                found[os.fsdecode(name)] = oid.decode()
        return found

    def blobs(self) -> Mapping[str, str]:
        return self._blobs

    def read(self, path: str) -> bytes:
        blob = self._blobs[path]
        data = self._kept.get(blob)
        if data is None:
            data = self._read_blob(blob)
            self._kept.put(blob, data)
        return data

    def _read_blob(self, oid: str) -> bytes:
        with self._lock:
            if self._process is None:
                self._process = subprocess.Popen(
                    ["git", "-C", str(self.git.root), "cat-file", "--batch"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    env=git_environment(),
                )
            stdin, stdout = _pipes(self._process)
            stdin.write(oid.encode() + b"\n")
            stdin.flush()
            header = stdout.readline().split()
            if len(header) != 3:
                raise StorageError(
                    f"git cannot read object {oid} of commit {self.commit}.", remedy="Run `git fsck` in the workspace."
                )
            data = stdout.read(int(header[2]))
            stdout.read(1)
            return data

    def kept(self, blob: str) -> bytes | None:
        """The bytes of a blob that is in memory."""
        return self._kept.get(blob)

    def close(self) -> None:
        """End the process that reads; the next read starts another."""
        with self._lock:
            if self._process is not None:
                stdin, stdout = _pipes(self._process)
                stdin.close()
                self._process.wait()
                stdout.close()
                self._process = None

    def __del__(self) -> None:
        self.close()


class _Kept:
    """Bytes of blobs by id: those used last, up to a limit."""

    def __init__(self) -> None:
        self._blobs: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, blob: str) -> bytes | None:
        with self._lock:
            if blob in self._blobs:
                self._blobs.move_to_end(blob)
            return self._blobs.get(blob)

    def put(self, blob: str, data: bytes) -> None:
        with self._lock:
            if blob not in self._blobs:
                self._blobs[blob] = data
                self._size += len(data)
            while self._size > _KEPT_BYTES:
                self._size -= len(self._blobs.popitem(last=False)[1])


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None:  # both were asked for at start
        raise StorageError("git cat-file has no pipes.")
    return process.stdin, process.stdout


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


class OverlaySnapshot(_Settled):
    """Another snapshot with some files replaced, added or removed; nothing is written anywhere."""

    def __init__(self, base: Snapshot, changes: Mapping[str, bytes | None], label: str = "proposed") -> None:
        self.base = base
        self.changes = dict(changes)
        self.label = label

    @cached_property
    def _ids(self) -> _OverlayIds:
        return _OverlayIds(self.base.blobs(), self.changes)

    def blobs(self) -> Mapping[str, str]:
        return self._ids

    def listed(self) -> dict[str, str]:
        """Every file with its blob id, in path order."""
        return self._ids.listed

    def exists(self, path: str) -> bool:
        return self.changes[path] is not None if path in self.changes else self.base.exists(path)

    def read(self, path: str) -> bytes:
        if path in self.changes:
            data = self.changes[path]
            if data is None:
                raise KeyError(path)
            return data
        return self.base.read(path)

    def keep_text(self, path: str, text: str) -> None:
        """Spare decoding a changed file whose text is at hand."""
        if isinstance(self.base, _Settled) and not path.startswith(_ONE_OF_MANY):
            self.keep(_text_of(path), text)

    def _text(self, path: str) -> str:
        if path not in self.changes and isinstance(self.base, _Settled):
            return self.base._text(path)
        return self.derived(_text_of(path), lambda state: state.read(path).decode("utf-8"))

    def derived(
        self, kind: str, make: Callable[[Snapshot], T], follow: Callable[[T, OverlaySnapshot], T] | None = None
    ) -> T:
        if not isinstance(self.base, _Settled):  # what lies below may change
            return make(self)
        return super().derived(kind, make, follow)

    def _worked_out(
        self, kind: str, make: Callable[[Snapshot], T], follow: Callable[[T, OverlaySnapshot], T] | None
    ) -> T:
        return make(self) if follow is None else follow(self.base.derived(kind, make, follow), self)


class _OverlayIds(Mapping[str, str]):
    """Path to blob id with changes on top; listed, in path order, only when somebody goes through all of it."""

    def __init__(self, base: Mapping[str, str], changes: Mapping[str, bytes | None]) -> None:
        self._base, self._changes = base, changes
        self._new: dict[str, str] = {}

    @cached_property
    def listed(self) -> dict[str, str]:
        found = dict(
            self._base.listed if isinstance(self._base, _OverlayIds) else self._base
        )  # in path order: only what is new has to find its place
        for path in self._changes.keys() & found.keys():
            if self._changes[path] is None:
                del found[path]
            else:
                found[path] = self[path]
        added = [path for path, data in self._changes.items() if data is not None and path not in found]
        if not added:
            return found
        paths = list(found)
        for path in added:
            insort(paths, path)
        found |= {path: self[path] for path in added}
        return {path: found[path] for path in paths}

    def __getitem__(self, path: str) -> str:
        if path not in self._changes:
            return self._base[path]
        if path not in self._new:
            data = self._changes[path]
            if data is None:
                raise KeyError(path)
            self._new[path] = blob_id(data)
        return self._new[path]

    def __contains__(self, path: object) -> bool:
        return self._changes[path] is not None if path in self._changes else path in self._base  # type: ignore[index]

    def __iter__(self) -> Iterator[str]:
        return iter(self.listed)

    def __len__(self) -> int:
        return len(self.listed)
