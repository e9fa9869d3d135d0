"""The workspace's own Prefect server: started detached, found again, stopped.

    .codex/state/server.json   {pid, started, port, url, home}
    .codex/state/prefect/      PREFECT_HOME: its SQLite database and settings
    .codex/state/logs/         server.log, worker.log

It listens on 127.0.0.1 alone. This module never imports Prefect: the server is a process of its own.
"""

from __future__ import annotations

import fcntl
import os
import re
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from codex.workspace import Workspace
from deployments.api import Api, ServerProblem
from deployments.environment import environment
from deployments.processes import Record, launch, recall, remember, stop, wait_until

HOST = "127.0.0.1"

#: Prefect's own default; the ports after it are tried when it is taken.
FIRST_PORT = 4200
PORTS_TRIED = 100

#: A first start migrates a new database: 17 s on two busy cores.
START_SECONDS = 120.0

STOP_SECONDS = 10.0

#: How long a server that has just started is asked to free the slots of killed integrations.
CLEAR_SECONDS = 10.0

#: What the integrators' concurrency limits are called (one for each campaign).
LIMIT_PREFIX = "codex-integrate"

_NAMED_ERROR = re.compile(r"[\w.]*(?:Error|Exception)\b.*: ")

#: Called now and then while something is waited for, with one line for people.
Say = Callable[[str], None]


@dataclass(frozen=True)
class Server:
    """A Prefect server that answers. ``home`` is its PREFECT_HOME when it is the workspace's own, else None."""

    url: str
    home: Path | None

    @property
    def ui(self) -> str:
        """Where a person looks."""
        return self.url.removesuffix("/").removesuffix("/api")


def find(workspace: Workspace) -> Server | None:
    """The server to use: the workspace's own when it runs, else the one that PREFECT_API_URL names, if it answers."""
    record = recall(_record_path(workspace))
    if record is not None and record.alive() and Api(record.about["url"]).reachable():
        return Server(record.about["url"], Path(record.about["home"]))
    named = os.environ.get("PREFECT_API_URL")
    return Server(named, None) if named and Api(named).reachable() else None


def find_or_start(workspace: Workspace, say: Say, port: int | None = None) -> Server:
    """``find``, else a new server of the workspace's own; returns when it is healthy.

    ``port`` asks for that port. Raises ServerProblem: the port is taken, the server runs on another one, it died.
    """
    with _one_at_a_time(workspace):
        found = find(workspace)
        if found is None:
            return _start(workspace, say, port)
        if port is not None and not found.url.endswith(f":{port}/api"):
            raise ServerProblem(
                f"A Prefect server is in use at {found.url}.",
                remedy="Stop it with `codexctl down`, or leave out --port.",
            )
        return found


def stop_server(workspace: Workspace) -> bool:
    """Stop the workspace's own server; False when none runs."""
    record = recall(_record_path(workspace))
    stopped = record is not None and stop(record, STOP_SECONDS)
    _record_path(workspace).unlink(missing_ok=True)
    return stopped


def home_of(workspace: Workspace) -> Path:
    """PREFECT_HOME of the workspace's own server."""
    return workspace.state_dir / "prefect"


def logs_of(workspace: Workspace) -> Path:
    return workspace.state_dir / "logs"


def last_word(log: Path) -> str:
    """What a log says went wrong, as one line for an error message: its last named error, else its last line."""
    try:
        text = log.read_bytes()[-8000:].decode("utf-8", "replace")
    except OSError:
        return "it left no log"
    lines = [line.strip() for line in text.splitlines() if line.strip()] or ["its log is empty"]
    named = [line for line in lines if _NAMED_ERROR.match(line)]
    return (named or lines)[-1].rstrip(".")


def free_port(wanted: int | None = None) -> int:
    """``wanted`` if it is free, else ServerProblem; without it, the first free port from 4200 on."""
    if wanted is not None:
        if not _is_free(wanted):
            raise ServerProblem(f"Port {wanted} of {HOST} is taken.", remedy="Name another with --port.")
        return wanted
    for port in range(FIRST_PORT, FIRST_PORT + PORTS_TRIED):
        if _is_free(port):
            return port
    raise ServerProblem(
        f"All ports from {FIRST_PORT} to {FIRST_PORT + PORTS_TRIED - 1} of {HOST} are taken.",
        remedy="Name a free one with --port.",
    )


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what has just been closed is free
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError:
            return False
        return True


def _record_path(workspace: Workspace) -> Path:
    return workspace.state_dir / "server.json"


@contextmanager
def _one_at_a_time(workspace: Workspace) -> Iterator[None]:
    """Two commands that start at once start one server: the second waits and finds it."""
    with (workspace.state_dir / "server.lock").open("wb") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _start(workspace: Workspace, say: Say, port: int | None) -> Server:
    _stop_silent(workspace, say)
    port = free_port(port)
    url, home, log = f"http://{HOST}:{port}/api", home_of(workspace), logs_of(workspace) / "server.log"
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", HOST, "--port", str(port)]
    process = launch(command, environment(url, home), log)
    record = remember(_record_path(workspace), process.pid, {"port": port, "url": url, "home": str(home)})
    try:
        _wait_until_healthy(record, log, say)
    except BaseException:  # an interrupted wait too: a server that nobody waited for is not left behind
        stop(record, STOP_SECONDS)
        _record_path(workspace).unlink(missing_ok=True)
        raise
    _clear_slots(Api(url))
    return Server(url, home)


def _stop_silent(workspace: Workspace, say: Say) -> None:
    """A server of ours that runs and never answers is in the way of the next one: they share a database."""
    record = recall(_record_path(workspace))
    if record is not None and record.alive():
        say(f"stopping the Prefect server at {record.about['url']}, which does not answer")
        stop(record, STOP_SECONDS)


def _wait_until_healthy(record: Record, log: Path, say: Say) -> None:
    begun, api = time.monotonic(), Api(record.about["url"], timeout=2.0)
    while not api.reachable():
        waited = time.monotonic() - begun
        if not record.alive():
            raise ServerProblem(f"The Prefect server ended at once: {last_word(log)}.", remedy=f"Its log is {log}.")
        if waited > START_SECONDS:
            raise ServerProblem(
                f"The Prefect server did not become healthy in {START_SECONDS:.0f} s: {last_word(log)}.",
                remedy=f"Its log is {log}. Try again when the machine is less busy.",
            )
        say(f"starting the Prefect server ({waited:.0f} s)")
        time.sleep(0.2)


def _clear_slots(api: Api) -> None:
    """Free what killed integrations held: a restarted server forgets their leases but not their slots.

    A server whose database is busy with what waiting runs send is asked again; one that stays so costs the next
    integration the time for which it waits for the slot, and is no reason not to start.
    """
    wait_until(lambda: _slots_cleared(api), CLEAR_SECONDS, every=0.2)


def _slots_cleared(api: Api) -> bool:
    try:
        for limit in api.post("/v2/concurrency_limits/filter", {"limit": 200}):
            if limit["name"].startswith(LIMIT_PREFIX) and limit["active_slots"]:
                api.patch(f"/v2/concurrency_limits/{limit['id']}", {"active_slots": 0})
    except ServerProblem:
        return False
    return True
