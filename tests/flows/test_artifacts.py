"""The panels of the dashboard as artifacts of a run, on a real server."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

from codex.oversight.panels import PANELS
from codex.workspace import Workspace
from deployments.api import Api

TITLE = "[click](javascript:alert(1)) <img src=x onerror=alert(1)>"


def test_every_panel_is_an_artifact_of_the_run(prefect_api: Api, workspace: Workspace) -> None:
    plan = workspace.root / "plans/fasttrack/a-book.md"
    plan.parent.mkdir(parents=True, exist_ok=True)
    plan.write_text(f"# A\n\n**Priority 1**\n\n1. **`01.01.16` {TITLE}.** [NEW] x\n", encoding="utf-8")
    commit(workspace)
    found = artifacts(prefect_api, shown(workspace))
    assert set(found) == {f"dashboard-{name.replace('_', '-')}" for name in PANELS}
    assert all(re.fullmatch(r"[a-z0-9-]+", key) for key in found)
    burn = found["dashboard-burn-down"]
    assert burn["type"] == "markdown"
    assert "6 done, 1 left of 7" in burn["data"]
    queue = found["dashboard-next"]
    assert queue["type"] == "table"
    assert json.loads(queue["data"])[0]["unit"] == "01.01.16"
    assert found["dashboard-stuck"]["data"].startswith("## Stuck work")
    assert len(json.loads(found["dashboard-coverage"]["data"])) == 3
    texts = [each["data"] for each in found.values() if each["type"] == "markdown"]
    assert "<img" not in "".join(text.replace("\\<", "") for text in texts)


def test_a_run_goes_on_where_no_dashboard_can_be_made(prefect_api: Api, workspace: Workspace) -> None:
    log = workspace.root / "manifests/campaign.log.jsonl"
    log.write_text("{broken\n", encoding="utf-8")
    commit(workspace)
    assert artifacts(prefect_api, shown(workspace)) == {}


def commit(workspace: Workspace) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@b")
    workspace.git.run("add", "-A")
    workspace.git.run(*who, "commit", "-m", "by a person")


def shown(workspace: Workspace) -> str:
    """A flow run that shows the dashboard; returns its id."""
    from prefect import flow
    from prefect.runtime import flow_run

    from flows.artifacts import show_dashboard

    @flow(name="shows-a-dashboard", persist_result=False)
    async def run() -> str:
        await show_dashboard(workspace)
        return str(flow_run.id)

    return asyncio.run(run())


def artifacts(api: Api, run: str) -> dict[str, Any]:
    found = api.post("/artifacts/filter", {"flow_runs": {"id": {"any_": [run]}}})
    return {each["key"]: each for each in found}
