"""A deployed run that needs a person suspends with a form; the form and the command line both bring it to its end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from codex.campaign.ledger import Ledger
from codex.workspace import Workspace
from deployments.api import Api
from tests.conftest import unused_port
from tests.flows.helpers import SLUG, SUBJECT, audit_reply, make_workspace, record
from tests.shell import codexctl

pytestmark = pytest.mark.soak

#: Seconds that a state may take to come: a worker polls, and starts a process for each run.
PATIENCE = 120


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    return make_workspace(tmp_path / "campaign")


@pytest.fixture
def api(place: Workspace) -> Iterator[Api]:
    port = unused_port()
    done = codexctl("up", "-w", place.root, "--port", port)
    assert done.returncode == 0, done.stderr
    yield Api(f"http://127.0.0.1:{port}/api")
    codexctl("down", "-w", place.root)


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """Three audits that are sent back, and a fourth that holds."""
    folder = tmp_path / "recordings"
    for attempt in (1, 2, 3):
        record(folder, f"P1_audit.{attempt}", audit_reply(theorems=[]))
    return record(folder, "P1_audit.4", audit_reply())


def started(api: Api, place: Workspace, recordings: Path) -> str:
    deployment = api.get("/deployments/name/book/codex")
    request = {
        "workspace": str(place.root), "book": SLUG, "until": "audited", "backend": "replay",
        "recordings": str(recordings),
    }  # fmt: skip
    run = api.post(f"/deployments/{deployment['id']}/create_flow_run", {"parameters": {"request": request}})
    return str(run["id"])


def until(api: Api, run: str, *states: str) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found: dict[str, Any] = api.get(f"/flow_runs/{run}")
        if found["state_name"] in states:
            return found
        assert found["state_type"] not in {"FAILED", "CRASHED", "CANCELLED"}, found["state"]["message"]
        time.sleep(0.2)
    raise AssertionError(f"the run is still {found['state_name']}")


def form_of(api: Api, run: str, keyset: dict[str, str]) -> dict[str, Any]:
    schema: dict[str, Any] = api.get(f"/flow_runs/{run}/input/{keyset['schema']}")
    return schema


def test_the_form_is_an_answer_after_an_impossible_one(api: Api, place: Workspace, recordings: Path) -> None:
    run = started(api, place, recordings)
    waiting = until(api, run, "Suspended")
    ledger = Ledger.load(place.snapshot())
    assert ledger.status(SUBJECT) == "escalated"
    assert ledger.entry(SUBJECT)["current_owner"] is None, "nobody holds the book while a person thinks"
    schema = form_of(api, run, waiting["state"]["state_details"]["run_input_keyset"])
    assert {"choice", "text", "units"} <= set(schema["properties"])

    impossible = api.post(f"/flow_runs/{run}/resume", {"run_input": {"choice": "accept", "text": "it is enough"}})
    assert impossible["status"] == "ACCEPT"
    time.sleep(1)
    again = until(api, run, "Suspended")
    assert again["state"]["id"] != waiting["state"]["id"]

    said = {"choice": "retry", "text": "The theorems are in section 1."}
    assert api.post(f"/flow_runs/{run}/resume", {"run_input": said})["status"] == "ACCEPT"
    until(api, run, "Completed")
    events = Ledger.load(place.snapshot()).events(SUBJECT)
    assert [event.kind for event in events].count("answered") == 1
    answered = next(event for event in events if event.kind == "answered")
    assert (answered.data["choice"], answered.data["hint"]) == ("retry", "The theorems are in section 1.")
    assert Ledger.load(place.snapshot()).status(SUBJECT) == "audited"


def test_an_answer_on_the_command_line_starts_the_suspended_run_again(
    api: Api, place: Workspace, recordings: Path
) -> None:
    run = started(api, place, recordings)
    until(api, run, "Suspended")
    done = codexctl("escalations", "answer", SLUG, "retry", "--hint", "Look again.", "-w", place.root)
    assert done.returncode == 0, done.stderr
    assert "its suspended run goes on" in done.stdout
    until(api, run, "Completed")
    ledger = Ledger.load(place.snapshot())
    assert ledger.status(SUBJECT) == "audited"
    assert [event.kind for event in ledger.events(SUBJECT)].count("answered") == 1
