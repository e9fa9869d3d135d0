"""What runs: server, worker, deployments; asked over HTTP, without importing Prefect."""

from __future__ import annotations

from typing import Any

from codex.agents.breaker import open_breakers
from codex.workspace import Workspace
from deployments.api import Api
from deployments.server import find
from deployments.worker import worker_status


def describe(workspace: Workspace) -> dict[str, Any]:
    """The document of ``codexctl status --format json``."""
    server, worker = find(workspace), worker_status(workspace)
    api = Api(server.url) if server else None
    return {
        "server": {
            "url": server.url if server else None,
            "healthy": server is not None,
            "version": api.version() if api else None,
        },
        "worker": {"running": worker.running, "pid": worker.pid, "pool": worker.pool},
        "deployments": _deployments(api) if api else [],
        "breakers": _breakers(workspace),
    }


def _breakers(workspace: Workspace) -> list[dict[str, Any]]:
    """The backends to which nothing new is sent just now, and why."""
    open_ones = open_breakers(workspace.state_dir / "journal.sqlite3")
    return [
        {"backend": name, "failures": state.failures, "opened_at": state.opened_at, "reason": state.reason}
        for name, state in open_ones.items()
    ]


def _deployments(api: Api) -> list[dict[str, Any]]:
    flows = {flow["id"]: flow["name"] for flow in api.post("/flows/filter", {})}
    found = [
        {
            "name": f"{flows.get(each['flow_id'], '?')}/{each['name']}",
            "schedule": ", ".join(_schedule(s["schedule"]) for s in each["schedules"]) or None,
            "paused": each["paused"],
        }
        for each in api.post("/deployments/filter", {"deployments": {"tags": {"all_": ["codex"]}}})
    ]
    return sorted(found, key=lambda each: str(each["name"]))


def _schedule(schedule: dict[str, Any]) -> str:
    """``every 30 minutes``, or a cron line with its time zone."""
    if "interval" in schedule:
        return f"every {schedule['interval'] / 60:g} minutes"
    return f"{schedule.get('cron') or schedule.get('rrule')} {schedule.get('timezone') or ''}".strip()
