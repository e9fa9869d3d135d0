"""prefect.yaml: ``prefect deploy`` takes it as it is, and finds the flows by their module paths."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from deployments.api import Api
from deployments.environment import environment
from deployments.server import Server

ROOT = Path(__file__).resolve().parents[2]


def test_the_file_at_the_root_is_the_packaged_one() -> None:
    assert (ROOT / "prefect.yaml").read_bytes() == (ROOT / "deployments" / "prefect.yaml").read_bytes()


def test_prefects_own_command_deploys_it(prefect_server: Server, tmp_path: Path) -> None:
    """With its work pool, under which `codexctl up` registers the same."""
    api = Api(prefect_server.url)
    if not api.post("/work_pools/filter", {"work_pools": {"name": {"any_": ["codex"]}}}):
        api.post("/work_pools/", {"name": "codex", "type": "process"})
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    env = environment(prefect_server.url, tmp_path / "home", clean) | {"CODEX_WORKSPACE": "/some/workspace"}
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    deployed = {each["entrypoint"]: each for each in api.post("/deployments/filter", {})}
    assert deployed["flows.book.book"]["parameters"] == {"request": {"workspace": "/some/workspace"}}
    assert deployed["flows.produce_next.produce_next"]["paused"] is True
    assert deployed["flows.audit_next.audit_next"]["schedules"][0]["schedule"]["cron"] == "0 3 * * 1"
