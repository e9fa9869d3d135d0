"""Who a process is, so that a later one can tell whether it still lives.

A process id alone is not enough: ids are given again, and a machine restarts. An owner is host, boot, id and start
time together.
"""

from __future__ import annotations

import os
import socket
import subprocess
from functools import cache
from pathlib import Path

#: Where there is none, `ps` is asked.
HAS_PROC = Path("/proc/self/stat").exists()


@cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:  # not Linux: start times are dates there, which tells boots apart as well
        return "-"


def stat(pid: int) -> list[str] | None:
    """The fields of /proc/<pid>/stat after the name: state, parent, group, session …; None for a zombie or nothing."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in {"Z", "X"} else fields


def ps(*asked: str) -> str:
    """What `ps` says, with dates as they are everywhere."""
    env = {**os.environ, "LC_ALL": "C"}
    return subprocess.run(["ps", *asked], capture_output=True, text=True, check=False, env=env).stdout


def _started(pid: int) -> str | None:
    """A text that names the start of the process; None when there is no such process or it is a zombie."""
    if HAS_PROC:
        fields = stat(pid)
        return fields[19] if fields else None
    asked = ps("-o", "state=,lstart=", "-p", str(pid)).split(None, 1)
    return asked[1].strip().replace("|", " ") if len(asked) == 2 and not asked[0].startswith("Z") else None


def identity(pid: int) -> str | None:
    """What tells a process from an earlier or later one of the same id; None when there is none (or a zombie)."""
    started = _started(pid)
    return f"{_boot()}:{started}" if started else None


def this_process() -> str:
    """The calling process as ``host|boot|pid|start``."""
    pid = os.getpid()
    return "|".join((socket.gethostname().replace("|", " "), _boot(), str(pid), _started(pid) or "-"))


def is_alive(owner: str) -> bool | None:
    """Whether the process named by ``this_process`` still runs; None when it is on another machine."""
    host, boot, pid, start = (owner.split("|") + [""] * 4)[:4]
    if host != socket.gethostname().replace("|", " "):
        return None
    if boot != _boot() or not pid.isdigit():
        return False
    return _started(int(pid)) == start
