"""The snapshot of a commit."""

from __future__ import annotations

import os
import subprocess
import threading
from collections import OrderedDict
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import IO

from codex.errors import StorageError, UserError
from codex.gitio import Git, git_environment
from codex.snapshot.base import Settled
from codex.snapshot.layered import Layered
from codex.snapshot.listing import Listing
from codex.snapshot.overlay import OverlaySnapshot

#: Bytes of files that a commit's snapshot keeps in memory for those who read them again.
_KEPT_BYTES = 64_000_000
#: Files below a folder that are put in order anew each time somebody asks.
_FEW = 100


class CommitSnapshot(Settled):
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
        state.work_out()
        found._values.update(state._values)
        found._ways.update(base._ways | state._ways)
        for path, data in state.changes.items():
            if data is not None:
                found._kept.put(found._blobs[path], data)
        return found

    @cached_property
    def _blobs(self) -> Listing:
        listing = self.git.run("ls-tree", "-r", "-z", "--full-tree", self.commit).stdout
        found: dict[str, str] = {}
        for line in listing.split(b"\0"):
            if not line:
                continue
            meta, _, name = line.partition(b"\t")
            mode, kind, oid = meta.split(b" ")
            if kind == b"blob" and mode != b"120000":
                found[os.fsdecode(name)] = oid.decode()
        return Listing(Layered(found))

    def blobs(self) -> Mapping[str, str]:
        return self._blobs

    def few_below(self, start: str) -> list[str] | None:
        found = self._blobs.below(start)
        return found if len(found) <= _FEW else None

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
