"""Starting a server when it cannot be started; its normal life is in test_up_down.py."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from codex.workspace import Workspace
from deployments import server
from deployments.api import ServerProblem
from tests.conftest import unused_port


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The least that is a workspace, in an environment that names no server."""
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        monkeypatch.delenv(name)
    for folder in ("content", "manifests"):
        (tmp_path / folder).mkdir()
    return Workspace.open(tmp_path)


def test_a_taken_port_is_said_at_once(place: Workspace) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ServerProblem, match=f"Port {port} of 127.0.0.1 is taken") as caught:
            server.find_or_start(place, lambda line: None, port)
    assert caught.value.exit_status == 2
    assert not (place.state_dir / "server.json").exists()


def test_without_a_wish_the_next_free_port_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        first = taken.getsockname()[1]
        monkeypatch.setattr(server, "FIRST_PORT", first)
        assert first < server.free_port() < first + server.PORTS_TRIED
        monkeypatch.setattr(server, "PORTS_TRIED", 1)
        with pytest.raises(ServerProblem, match="All ports"):
            server.free_port()


def test_a_server_that_dies_is_reported_with_its_last_words(place: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_SERVER_LOGGING_LEVEL", "NO SUCH LEVEL")
    with pytest.raises(ServerProblem, match=r"ended at once: .*validation errors? for ServerSettings"):
        server.find_or_start(place, lambda line: None, unused_port())
    assert not (place.state_dir / "server.json").exists()
    assert server.find(place) is None


def test_a_server_that_never_answers_is_given_up_and_stopped(place: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "START_SECONDS", 0.5)
    monkeypatch.setattr(sys, "executable", str(_sleeper(place)))
    said: list[str] = []
    with pytest.raises(ServerProblem, match="did not become healthy"):
        server.find_or_start(place, said.append, unused_port())
    assert said and said[0].startswith("starting the Prefect server (")
    assert not server.stop_server(place), "nothing is left running"


def _sleeper(place: Workspace) -> Path:
    """A "Python" that does nothing."""
    path = place.root / "sleeper"
    path.write_text("#!/bin/sh\nexec sleep 60\n")
    path.chmod(0o755)
    return path


def test_a_server_named_in_the_environment_is_used_only_when_it_answers(
    place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{unused_port()}/api")
    assert server.find(place) is None
