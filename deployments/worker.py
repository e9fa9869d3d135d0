"""The local worker: a detached process that takes runs of the deployments from the work pool ``codex``."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from codex.workspace import Workspace
from deployments.api import Api, ServerProblem
from deployments.environment import environment
from deployments.processes import launch, recall, remember, stop, wait_until
from deployments.server import Say, Server, last_word, logs_of

POOL = "codex"

#: Seconds between two looks for runs; Prefect's own 10 are felt by a person who has just pressed the button.
QUERY_SECONDS = 2

START_SECONDS = 60.0

#: A worker does not always end at SIGTERM; it is killed after this.
STOP_SECONDS = 8.0


@dataclass(frozen=True)
class WorkerStatus:
    """What runs of a workspace's worker, as far as this machine can see."""

    running: bool
    pid: int | None = None
    pool: str = POOL


def start_worker(workspace: Workspace, server: Server, say: Say) -> bool:
    """Start the worker for that server unless it runs already; returns when the server lists it. True when started."""
    path = _record_path(workspace)
    record = recall(path)
    if record is not None and record.alive():
        if record.about.get("url") == server.url:
            return False
        stop(record, STOP_SECONDS)
    name = f"codex-{workspace.root.name}"
    log = logs_of(workspace) / "worker.log"
    process = launch(_command(name), _worker_environment(workspace, server), log)
    record = remember(path, process.pid, {"pool": POOL, "url": server.url, "name": name})
    say("starting the worker")
    wait_until(lambda: not record.alive() or _online(server, name), START_SECONDS, every=0.3)
    if not record.alive() or not _online(server, name):
        stop(record, STOP_SECONDS)
        path.unlink(missing_ok=True)
        raise ServerProblem(f"The worker could not be started: {last_word(log)}.", remedy=f"Its log is {log}.")
    return True


def stop_worker(workspace: Workspace) -> bool:
    """Stop the worker and the runs that it has under way; False when none runs."""
    path = _record_path(workspace)
    record = recall(path)
    stopped = record is not None and stop(record, STOP_SECONDS)
    path.unlink(missing_ok=True)
    return stopped


def worker_status(workspace: Workspace) -> WorkerStatus:
    record = recall(_record_path(workspace))
    if record is None or not record.alive():
        return WorkerStatus(running=False)
    return WorkerStatus(running=True, pid=record.pid)


def _command(name: str) -> list[str]:
    # No --limit: such a worker (Prefect 3.8.8) crashes when a suspended run is resumed before its process has ended.
    # What runs at once is limited by the deployments (prefect.yaml).
    return [sys.executable, "-m", "prefect", "worker", "start", "--pool", POOL, "--type", "process", "--name", name]


def _worker_environment(workspace: Workspace, server: Server) -> dict[str, str]:
    own = {"CODEX_WORKSPACE": str(workspace.root), "PREFECT_WORKER_QUERY_SECONDS": str(QUERY_SECONDS)}
    return environment(server.url, server.home) | own


def _online(server: Server, name: str) -> bool:
    try:
        workers = Api(server.url).post(f"/work_pools/{POOL}/workers/filter", {})
    except ServerProblem:
        return False
    return any(worker["name"] == name and worker["status"] == "ONLINE" for worker in workers)


def _record_path(workspace: Workspace) -> Path:
    return workspace.state_dir / "worker.json"
