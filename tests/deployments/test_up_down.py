"""``up``, a run started through the API as from Prefect's form, ``status``, ``down``: on a server of its own."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from codex.campaign.ledger import Ledger
from codex.workspace import Workspace
from deployments.api import Api
from deployments.processes import Record, recall
from tests.conftest import unused_port
from tests.flows.helpers import SLUG, SUBJECT, audit_reply, make_workspace, record
from tests.shell import codexctl

pytestmark = pytest.mark.soak  # a server and a worker of its own


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return make_workspace(tmp_path_factory.mktemp("up") / "campaign")


@pytest.fixture(scope="module")
def api(place: Workspace) -> Iterator[Api]:
    """The server of ``codexctl up``, which ends here at the latest."""
    port = unused_port()
    done = codexctl("up", "-w", place.root, "--port", port)
    assert done.returncode == 0, done.stderr
    assert f"Prefect    http://127.0.0.1:{port}\n" in done.stdout
    yield Api(f"http://127.0.0.1:{port}/api")
    codexctl("down", "-w", place.root)


def test_status_tells_what_runs(api: Api, place: Workspace) -> None:
    done = codexctl("status", "-w", place.root, "--format", "json")
    shown = json.loads(done.stdout)
    assert shown["server"]["url"] == api.url
    assert shown["server"]["healthy"] is True
    assert shown["server"]["version"].startswith("3.")
    assert shown["worker"]["running"] is True
    assert shown["deployments"] == [
        {"name": "audit-next/codex", "schedule": "0 3 * * 1 UTC", "paused": True},
        {"name": "book/codex", "schedule": None, "paused": False},
        {"name": "produce-next/codex", "schedule": "every 30 minutes", "paused": True},
        {"name": "recover/codex", "schedule": None, "paused": False},
        {"name": "subject/codex", "schedule": None, "paused": False},
    ]


def test_it_listens_on_this_machine_only(api: Api, place: Workspace) -> None:
    port = int(api.url.split(":")[2].removesuffix("/api"))
    listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    addresses = {row[1].split(":")[0] for row in listening if int(row[1].split(":")[1], 16) == port and row[3] == "0A"}
    assert addresses == {"0100007F"}
    over_six = Path("/proc/net/tcp6").read_text().splitlines()[1:] if Path("/proc/net/tcp6").exists() else []
    assert not [row for row in over_six if int(row.split()[1].split(":")[1], 16) == port and row.split()[3] == "0A"]


def test_a_second_up_changes_nothing_but_keeps_what_a_person_has_set(api: Api, place: Workspace) -> None:
    audit = api.get("/deployments/name/audit-next/codex")
    api.patch(f"/deployments/{audit['id']}", {"paused": False})
    before = {name: recall(place.state_dir / name) for name in ("server.json", "worker.json")}
    done = codexctl("up", "-w", place.root)
    assert done.returncode == 0, done.stderr
    assert "worker     was running" in done.stdout
    assert {name: recall(place.state_dir / name) for name in before} == before
    assert api.get("/deployments/name/audit-next/codex")["paused"] is False
    taken = codexctl("up", "-w", place.root, "--port", unused_port())
    assert taken.returncode == 2
    assert "is in use at" in taken.stderr


def test_the_form_starts_the_same_run_as_the_command(api: Api, place: Workspace, tmp_path: Path) -> None:
    recordings = record(tmp_path / "recordings", "P1_audit.1", audit_reply())
    deployment = api.get("/deployments/name/book/codex")
    form = deployment["parameter_openapi_schema"]["definitions"]["BookRequest"]
    assert {"book", "until", "backend"} <= set(form["properties"])
    assert deployment["parameters"] == {"request": {"workspace": str(place.root)}}, "the form is filled in with it"

    request = {**deployment["parameters"]["request"], "book": "3.35", "until": "audited", "backend": "replay"}
    request["recordings"] = str(recordings)
    run = api.post(f"/deployments/{deployment['id']}/create_flow_run", {"parameters": {"request": request}})
    ended = _ended(api, run["id"])
    assert ended["state_type"] == "COMPLETED", _last_words(api, run["id"])
    assert ended["name"] == SLUG
    assert Ledger.load(place.snapshot()).status(SUBJECT) == "audited"


def test_the_form_refuses_what_is_no_request(api: Api) -> None:
    deployment = api.get("/deployments/name/book/codex")
    request = {**deployment["parameters"]["request"], "book": "3.35", "until": "finished"}
    with pytest.raises(Exception, match="is not one of"):
        api.post(f"/deployments/{deployment['id']}/create_flow_run", {"parameters": {"request": request}})


def _ended(api: Api, run: str) -> dict[str, Any]:
    for _ in range(300):
        found: dict[str, Any] = api.get(f"/flow_runs/{run}")
        if found["state_type"] in {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}:
            return found
        time.sleep(0.2)
    raise AssertionError(f"the run is still {found['state_name']}")


def _last_words(api: Api, run: str) -> list[str]:
    wanted = {"logs": {"flow_run_id": {"any_": [run]}}, "sort": "TIMESTAMP_DESC", "limit": 20}
    return [line["message"] for line in api.post("/logs/filter", wanted)]


def test_down_leaves_nothing_running(api: Api, place: Workspace) -> None:
    records = [recall(place.state_dir / name) for name in ("server.json", "worker.json")]
    done = codexctl("down", "-w", place.root)
    assert (done.returncode, done.stdout) == (0, "worker stopped\nserver stopped\n")
    for each in records:
        assert isinstance(each, Record)
        assert not each.alive()
    assert not api.reachable()
    assert _mentioning(place.root) == []
    assert codexctl("down", "-w", place.root).stdout == "worker was not running\nserver was not running\n"
    after = codexctl("status", "-w", place.root)
    assert (after.returncode, after.stdout) == (1, "server  not running\nworker  not running\n")


def _mentioning(root: Path) -> list[str]:
    """Processes with this folder in their environment: whatever ``up`` has started, and what that has started."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if os.fsencode(root) in (entry / "environ").read_bytes():
                    found.append((entry / "cmdline").read_text().replace("\0", " "))
            except OSError:
                continue
    return found
