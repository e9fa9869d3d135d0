"""Processes that outlive the command that started them, and their end.

Each has a record in ``.codex/state``: its id and, since ids are given again, when it started and in which boot. One
that the record does not describe any more is never signalled.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codex.agents.process import HAS_PROC, identity, ps, stat
from codex.integration.durable import cannot_write, write_durably


@dataclass(frozen=True)
class Record:
    """A process that was started: ``started`` is its identity beside the id, ``about`` what its starter noted."""

    pid: int
    started: str
    about: dict[str, Any]

    def alive(self) -> bool:
        return identity(self.pid) == self.started


def launch(command: Sequence[str], env: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Start a command in a session of its own, its output going to ``log`` (overwritten)."""
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            return subprocess.Popen(
                command,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=log.parent,
            )
    except OSError as exc:
        raise cannot_write(log, exc) from exc


def remember(path: Path, pid: int, about: dict[str, Any]) -> Record:
    """Record a process that was just started."""
    record = Record(pid, identity(pid) or "-", about)
    body = {"pid": record.pid, "started": record.started, **about}
    write_durably(path, json.dumps(body, indent=1).encode() + b"\n", name="process")
    return record


def recall(path: Path) -> Record | None:
    """The recorded process, whether it still runs or not; None without a (readable) record."""
    try:
        body = json.loads(path.read_bytes())
        return Record(int(body.pop("pid")), str(body.pop("started")), body)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def stop(record: Record, grace: float) -> bool:
    """End a process and all that it started: SIGTERM, ``grace`` seconds, SIGKILL. False when it ran no more."""
    if not record.alive():
        return False
    family = {pid: identity(pid) for pid in (record.pid, *_family(record.pid))}
    with suppress(ProcessLookupError):
        os.kill(record.pid, signal.SIGTERM)
    wait_until(lambda: not _living(family), grace)
    family |= {pid: identity(pid) for pid in _family(record.pid)}
    for pid in _living(family):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not _living(family), 5.0)
    return True


def wait_until(true: Callable[[], bool], seconds: float, every: float = 0.05) -> bool:
    """Wait for something to become true; returns whether it did."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() >= deadline:
            return False
        time.sleep(every)
    return True


def _living(family: Mapping[int, str | None]) -> list[int]:
    _reap(family)
    return [pid for pid, known in family.items() if known is not None and identity(pid) == known]


def _reap(pids: Mapping[int, str | None]) -> None:
    """Take note of the end of children of ours, so that they leave the process table."""
    for pid in pids:
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)


def _family(leader: int) -> list[int]:
    """What a session leader has started, directly or not, and whatever else is in its session; itself left out."""
    table = _table()
    family: set[int] = set()
    found = {leader}
    while not found <= family:
        family |= found
        found = {pid for pid, (parent, session) in table.items() if parent in family or session == leader}
    return sorted(family - {leader, os.getpid()})


def _table() -> dict[int, tuple[int, int]]:
    """Every process: its parent and its session (its group where sessions are not told)."""
    if HAS_PROC:
        pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
        return {pid: (int(fields[1]), int(fields[3])) for pid in pids if (fields := stat(pid))}
    rows = (line.split() for line in ps("-axo", "pid=,ppid=,pgid=").splitlines())
    return {int(pid): (int(parent), int(group)) for pid, parent, group in rows}
