"""Runs that Prefect holds suspended until a person answers: found and resumed over HTTP, without importing Prefect."""

from __future__ import annotations

import logging
from typing import Any

from codex.workspace import Workspace
from deployments.api import Api, ServerProblem
from deployments.server import find

log = logging.getLogger(__name__)

FLOW = "book"


def suspended_runs(api: Api, book: str, workspace: str) -> list[str]:
    """Ids of the suspended runs of a book in a workspace; raises ServerProblem when the server cannot be asked."""
    wanted = {
        "flows": {"name": {"any_": [FLOW]}},
        "flow_runs": {"state": {"name": {"any_": ["Suspended"]}}},
    }
    found: list[dict[str, Any]] = api.post("/flow_runs/filter", wanted)
    return [str(run["id"]) for run in found if run["name"] == book and _place(run) == workspace]


def resume(workspace: Workspace, book: str, form: dict[str, Any]) -> bool:
    """Let the suspended runs of a book go on after it was answered in the ledger; False when there is none.

    The run reads the ledger anew, so what is sent as its form only lets it pass. A server that cannot be asked is
    no error here: the answer stands, and the book goes on when it is run again.
    """
    server = find(workspace)
    if server is None:
        return False
    api = Api(server.url)
    try:
        runs = suspended_runs(api, book, str(workspace.root))
        return sum(_resumed(api, run, form) for run in runs) > 0  # all of them, not only up to the first
    except ServerProblem as error:
        log.warning("The suspended run was not resumed: %s", error)
        return False


def _resumed(api: Api, run: str, form: dict[str, Any]) -> bool:
    """Prefect says REJECT with a reason, under HTTP 200."""
    reply = api.post(f"/flow_runs/{run}/resume", {"run_input": form})
    if reply["status"] != "ACCEPT":
        log.warning("The suspended run %s was not resumed: %s", run, (reply.get("details") or {}).get("reason"))
    return bool(reply["status"] == "ACCEPT")


def _place(run: dict[str, Any]) -> str:
    request = (run.get("parameters") or {}).get("request")
    return str(request.get("workspace", "")) if isinstance(request, dict) else ""
