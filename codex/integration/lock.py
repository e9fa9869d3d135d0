"""The writer's lock: one integration at a time in one workspace.

``flock`` on a file in the git folder. The kernel drops it when its holder dies, however that happens, so there is
never a stale lock to clear; the file's content only says who holds it. It orders writers, no more: what makes a
write safe is the compare-and-swap on the branch.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from codex.campaign import clock
from codex.errors import StorageError
from codex.integration.durable import cannot_write
from codex.integration.faults import point

LOCK_NAME = "codex-integrator.lock"

_POLL_SECONDS = 0.02


class LockHeld(StorageError):
    """Another integration runs, and did not end within the time allowed."""


@contextmanager
def integrator_lock(git_dir: Path, *, timeout: float = 120.0, name: str = LOCK_NAME) -> Iterator[None]:
    """Hold the lock of the workspace whose git folder this is (``name``: another lock of the same kind).

    ``timeout`` in seconds; 0 tries once. Raises LockHeld, naming the holder, when it was not to be had in time.
    Threads of one process exclude each other as processes do.
    """
    path = git_dir / name
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as exc:
        raise cannot_write(path, exc) from exc
    try:
        _take(handle, path, timeout)
        _sign(handle)
        point("lock.taken")
        yield
    finally:
        os.close(handle)


def _take(handle: int, path: Path, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise LockHeld(
                    f"Another integration holds {path}: {holder(path)}.",
                    remedy="Wait for it and run again; a killed process frees the lock at once.",
                ) from None
        else:
            return
        time.sleep(_POLL_SECONDS)


def _sign(handle: int) -> None:
    who = {"pid": os.getpid(), "host": socket.gethostname(), "since": clock.now().isoformat(timespec="seconds")}
    with suppress(OSError):  # a full disk: the lock holds without a name
        os.ftruncate(handle, 0)
        os.pwrite(handle, json.dumps(who).encode(), 0)


def holder(path: Path) -> str:
    """Who signed the lock file last, for people: ``process 123 on host since …``."""
    try:
        who = json.loads(path.read_text(encoding="utf-8"))
        return f"process {who['pid']} on {who['host']} since {who['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "an unnamed process"
