"""``codexctl status`` and ``down`` where little or nothing runs. With all of it: test_up_down.py."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from codex.agents.breaker import Breaker, BreakerRules
from codex.agents.failures import TurnFailed
from codex.agents.journal import Journal
from codex.cli.app import run
from codex.workspace import Workspace
from deployments.server import Server
from tests.flows.helpers import make_workspace


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return make_workspace(tmp_path_factory.mktemp("status") / "campaign")


def codexctl(place: Workspace, *arguments: str) -> int:
    return run([*arguments, "-w", str(place.root)])


def test_where_nothing_runs_it_says_so(
    place: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    assert codexctl(place, "status") == 1
    assert capsys.readouterr().out == "server  not running\nworker  not running\n"
    assert codexctl(place, "status", "--format", "json") == 1
    shown = json.loads(capsys.readouterr().out)
    assert (shown["server"]["healthy"], shown["worker"]["running"], shown["deployments"]) == (False, False, [])
    assert codexctl(place, "down") == 0
    assert capsys.readouterr().out == "worker was not running\nserver was not running\n"


def test_a_server_is_named_with_its_version(
    place: Workspace, prefect_server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", prefect_server.url)
    assert codexctl(place, "status") == 0
    server, worker = capsys.readouterr().out.splitlines()[:2]
    assert server.startswith(f"server  {prefect_server.url} (Prefect 3.")
    assert worker == "worker  not running"


def test_a_backend_to_which_nothing_is_sent_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    ill = make_workspace(tmp_path / "campaign")
    with closing(Journal(ill.state_dir / "journal.sqlite3")) as journal:
        for _ in range(2):
            Breaker(journal, "anthropic", BreakerRules(failures=2)).report(
                TurnFailed("status_5xx", "The API answered 503: over capacity.")
            )
    assert codexctl(ill, "status") == 1
    said = capsys.readouterr().out
    assert "breaker anthropic: 2 failures in a row, nothing new is sent until a\n" in said
    assert "probe has come back. The API answered 503: over capacity.\n" in said
