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


@cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:  # not Linux: start times are dates there, which tells boots apart as well
        return "-"


def _started(pid: int) -> str | None:
    """A text that names the start of the process; None when there is no such process or it is a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    except FileNotFoundError:
        return None if Path("/proc/self/stat").exists() else _started_by_ps(pid)
    except OSError:
        return None
    return None if fields[0] in {"Z", "X"} else fields[19]


def _started_by_ps(pid: int) -> str | None:
    asked = ["ps", "-o", "lstart=", "-p", str(pid)]
    done = subprocess.run(asked, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"})
    return done.stdout.strip().replace("|", " ") or None


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
