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
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import IO

from codex.errors import StorageError, UserError
from codex.gitio import Git, git_environment

_HIDDEN = frozenset({".git", ".codex"})


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


class CommitSnapshot(Snapshot):
    """The files of one commit, read through one long-lived ``git cat-file --batch``. Safe to use from threads."""

    def __init__(self, root: Path, commit: str) -> None:
        self.git = Git(root)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        done = self.git.run("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}", check=False)
        if done.returncode != 0:
            raise UserError(f"There is no commit {commit!r} in {root}.", remedy="Name a commit, branch or tag.")
        self.commit = done.stdout.decode().strip()
        self.label = self.commit

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
        return self._read_blob(self._blobs[path])

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

    def close(self) -> None:
        with self._lock:
            if self._process is not None:
                stdin, stdout = _pipes(self._process)
                stdin.close()
                self._process.wait()
                stdout.close()
                self._process = None

    def __del__(self) -> None:
        self.close()


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


class OverlaySnapshot(Snapshot):
    """Another snapshot with some files replaced, added or removed; nothing is written anywhere."""

    def __init__(self, base: Snapshot, changes: Mapping[str, bytes | None], label: str = "proposed") -> None:
        self.base = base
        self.changes = dict(changes)
        self.label = label

    @cached_property
    def _blobs(self) -> dict[str, str]:
        found = {p: i for p, i in self.base.blobs().items() if p not in self.changes}
        found |= {p: blob_id(data) for p, data in self.changes.items() if data is not None}
        return dict(sorted(found.items()))

    def blobs(self) -> Mapping[str, str]:
        return self._blobs

    def read(self, path: str) -> bytes:
        if path in self.changes:
            data = self.changes[path]
            if data is None:
                raise KeyError(path)
            return data
        return self.base.read(path)
