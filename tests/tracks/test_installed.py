"""A track of another package, found by its entry point, runs through the same ledger, engine, integrator and flow.

Nothing of Codex knows of it: ``installed`` holds what pip writes for a package (its modules and its dist-info).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from codex.agents.call import CallAddress
from codex.integration.init import init_workspace
from codex.workspace import Workspace
from deployments.server import Server
from tests.agents.helpers import message, record, use
from tests.shell import codexctl

INSTALLED = Path(__file__).resolve().parent / "installed"
NOTE = "note:spinors-at-a-glance"
SENTENCES = ["A spinor changes sign under a full turn.", "Two full turns bring it back."]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = init_workspace(tmp_path_factory.mktemp("notes") / "ws", campaign="pilot")
    done = command(workspace, "ledger", "register", NOTE, "--title", "Spinors at a glance")
    assert done.returncode == 0, done.stderr
    return workspace


def command(place: Workspace, *arguments: object, server: str = "") -> Any:
    known = {"PREFECT_API_URL": server} if server else {}
    return codexctl("-w", place.root, *arguments, PYTHONPATH=str(INSTALLED), **known)


def entry(place: Workspace) -> dict[str, Any]:
    shown = command(place, "ledger", "show", NOTE, "--format", "json")
    assert shown.returncode == 0, shown.stderr
    found: dict[str, Any] = json.loads(shown.stdout)
    return found


def recorded(folder: Path, *replies: tuple[str, int, dict[str, Any]]) -> Path:
    for pass_name, attempt, reply in replies:
        record(folder, CallAddress(NOTE, pass_name, None, attempt), [message(use("submit", reply))])
    return folder


def test_it_joins_as_any_subject_does(place: Workspace) -> None:
    found = entry(place)
    assert (found["status"], found["title"]) == ("draft", "Spinors at a glance")
    assert found["plan_path"] == "plans/notes/spinors-at-a-glance.md"
    assert list(found["passes"]) == ["N1_write", "N2_check"]
    again = command(place, "ledger", "register", NOTE, "--title", "Twice")
    assert again.returncode != 0 and "is in the ledger already" in again.stderr


def test_a_dry_run_says_what_would_be_asked(place: Workspace) -> None:
    told = command(place, "run", NOTE, "--dry-run")
    assert told.returncode == 0, told.stderr
    assert "next: N1_write, which leads to written" in told.stdout
    assert f"never more than $1.00 for {NOTE}" in told.stdout


def test_a_state_that_it_does_not_have_is_refused_with_those_it_has(place: Workspace) -> None:
    told = command(place, "run", NOTE, "--until", "woven")
    assert told.returncode == 2
    assert "no state of a note" in told.stderr and "draft, written, checked, escalated, deferred" in told.stderr


def test_without_its_package_the_kind_is_unknown_and_nothing_is_lost(place: Workspace) -> None:
    told = codexctl("-w", place.root, "run", NOTE)
    assert told.returncode == 2 and "Traceback" not in told.stderr
    assert entry(place)["status"] == "draft"


def test_it_runs_to_its_end_by_way_of_a_bad_reply_and_a_shortfall(
    place: Workspace, prefect_server: Server, tmp_path: Path
) -> None:
    recordings = recorded(
        tmp_path / "recordings",
        ("N1_write", 1, {"sentences": ["no whole sentence"]}),
        ("N1_write", 2, {"sentences": SENTENCES[:1]}),
        ("N2_check", 1, {"claims": SENTENCES}),  # one of them is not in the note: back to draft
        ("N1_write", 3, {"sentences": SENTENCES}),
        ("N2_check", 2, {"claims": SENTENCES}),
    )
    asked = ("run", NOTE, "--backend", "replay", "--recordings", recordings)
    done = command(place, *asked, server=prefect_server.url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{NOTE} is at checked" in done.stdout

    found = entry(place)
    assert (found["status"], found["current_owner"]) == ("checked", None)
    assert found["passes"]["N1_write"]["attempt"] == 3
    assert found["passes"]["N2_check"]["claims"] == 2
    assert place.snapshot().text("plans/notes/spinors-at-a-glance.md").count("full turn") == 2
    assert command(place, "ledger", "verify").returncode == 0
    costs = json.loads(command(place, "costs", "--by", "pass", "--format", "json").stdout)
    assert {"N1_write", "N2_check"} <= {row["pass"] for row in costs["rows"]}

    again = command(place, *asked)
    assert (again.returncode, again.stdout) == (0, f"{NOTE} is at checked; nothing to do\n")


def test_the_books_beside_it_are_as_they_were(place: Workspace) -> None:
    shown = json.loads(command(place, "ledger", "show", "--format", "json").stdout)
    assert list(shown["notes"]) == ["spinors-at-a-glance"]
    assert all(book["status"] == "draft" for book in shown["books"].values())
    assert command(place, "dashboard").returncode == 0
    assert NOTE in command(place, "ledger", "show").stdout
