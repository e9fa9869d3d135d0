"""The Prefect server is restarted, or vanishes, while the slot is held: integrations go on by themselves."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from uuid import uuid4

import pytest

from codex.workspace import Workspace
from deployments.api import Api
from deployments.environment import environment
from deployments.processes import launch, recall, remember, wait_until
from deployments.server import HOST, Server, find_or_start, home_of, logs_of, stop_server
from tests.conftest import unused_port
from tests.flows.slots import ALONE, Workers, assert_whole, insist, note, set_taken, taken

LIMIT = "codex-integrate-restart-tests"


def make_limit(api: Api) -> None:
    insist(lambda: api.post("/v2/concurrency_limits/", {"name": LIMIT, "limit": 1}))


def test_a_server_that_starts_frees_the_slots(prefect_server: Server) -> None:
    """What ``codexctl up`` does to a new server, and to no limit of anybody else."""
    from deployments.server import _clear_slots

    api, other = Api(prefect_server.url), f"somebody-elses-{uuid4()}"
    ours = f"codex-integrate-{uuid4()}"
    for name in (ours, other):
        insist(lambda name=name: api.post("/v2/concurrency_limits/", {"name": name, "limit": 1}))
        set_taken(api, name, 1)
    _clear_slots(api)
    assert (taken(api, ours), taken(api, other)) == (0, 1)


def test_a_server_that_vanishes_while_the_slot_is_held(prefect_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Giving the slot back takes a bounded time: Prefect's client by itself would try for a minute."""
    from prefect.settings import PREFECT_API_URL, temporary_settings

    import tasks.slot

    class Granting(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(422, {"detail": "CSRF protection is disabled."})

        def do_POST(self) -> None:
            limit = {"id": str(uuid4()), "name": "x", "limit": 1}
            self._answer(200, {"lease_id": str(uuid4()), "limits": [limit]})

        def _answer(self, status: int, body: dict) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *about: object) -> None:
            pass

    monkeypatch.setattr(tasks.slot, "REQUEST_SECONDS", 1.0)
    server = HTTPServer((HOST, 0), Granting)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()

    async def hold() -> float:
        async with tasks.slot.slot_client() as client:
            async with tasks.slot.slot(client, "x") as state:
                assert state is tasks.slot.Slot.OURS
                server.shutdown()
                thread.join()
                server.server_close()
                begun = time.monotonic()
            return time.monotonic() - begun

    with temporary_settings({PREFECT_API_URL: f"http://{HOST}:{server.server_port}/api"}):
        assert asyncio.run(hold()) < 3.0


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """The folder of a server of the test's own."""
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        monkeypatch.delenv(name)
    for folder in ("content", "manifests"):
        (tmp_path / "server" / folder).mkdir(parents=True)
    made = Workspace.open(tmp_path / "server")
    yield made
    stop_server(made)


def kill_the_server(place: Workspace) -> None:
    record = recall(place.state_dir / "server.json")
    assert record is not None
    os.kill(record.pid, signal.SIGKILL)
    wait_until(lambda: not record.alive(), 10)
    with suppress(ChildProcessError):
        os.waitpid(record.pid, 0)


def kill_a_holder(server: Server, workspace: Workspace, folder: Path) -> None:
    folder.mkdir()
    with Workers(server, folder) as workers:
        workers.add(workspace, LIMIT, [note(workspace, f"killed in {folder.name}")], CODEX_FAULT="ref.before")
        workers.start()
        assert workers.processes[0].wait(60) == -signal.SIGKILL
    assert taken(Api(server.url), LIMIT) == 1


def integrated_by_a_new_process(server: Server, workspace: Workspace, folder: Path, line: str) -> dict:
    folder.mkdir()
    with Workers(server, folder) as workers:
        workers.add(workspace, LIMIT, [note(workspace, line)])
        workers.start()
        return workers.wait()[0]


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_the_server_is_restarted_with_the_slot_held(
    place: Workspace, workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    port = unused_port()
    server = find_or_start(place, lambda line: None, port)
    make_limit(Api(server.url))
    kill_a_holder(server, workspace, tmp_path / "first")
    kill_the_server(place)
    begun = time.monotonic()
    server = find_or_start(place, lambda line: None, port)  # what `codexctl up` and `run` do
    up = time.monotonic() - begun
    ours = integrated_by_a_new_process(server, workspace, tmp_path / "after", "after our restart")
    assert ours["warned"] == [], "the slot was free again"

    kill_a_holder(server, workspace, tmp_path / "second")
    kill_the_server(place)
    server = start_by_hand(place, port)
    theirs = integrated_by_a_new_process(server, workspace, tmp_path / "foreign", "after a foreign restart")
    assert [ALONE in line for line in theirs["warned"]] == [True] and taken(Api(server.url), LIMIT) == 1
    with capsys.disabled():
        sys.stdout.write(
            f"\nserver restarted by codexctl (up after {up:.1f} s): the next integration after {ours['s']:.1f} s; "
            f"restarted by somebody else, the slot still taken: after {theirs['s']:.1f} s\n"
        )
    assert ours["s"] < 10 and theirs["s"] < 30
    killed = ["killed in first", "killed in second"]
    assert_whole(workspace, [*killed, "after our restart", "after a foreign restart"])


def start_by_hand(place: Workspace, port: int) -> Server:
    """Start the same server again as somebody who knows nothing of our slots."""
    url, home = f"http://{HOST}:{port}/api", home_of(place)
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", HOST, "--port", str(port)]
    process = launch(command, environment(url, home), logs_of(place) / "by-hand.log")
    remember(place.state_dir / "server.json", process.pid, {"port": port, "url": url, "home": str(home)})
    assert wait_until(Api(url, timeout=2.0).reachable, 120, every=0.2)
    return Server(url, home)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_a_run_goes_on_while_the_server_is_away(
    place: Workspace, workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run integrates all the time; the server is killed in the middle and started again."""
    port = unused_port()
    server = find_or_start(place, lambda line: None, port)
    make_limit(Api(server.url))
    lines = [f"line {n}" for n in range(40)]
    with Workers(server, tmp_path) as workers:
        workers.add(workspace, LIMIT, lines, CODEX_ONE_BY_ONE="1")
        workers.start()
        time.sleep(1.5)
        kill_the_server(place)
        away = time.monotonic()
        find_or_start(place, lambda line: None, port)
        away = time.monotonic() - away
        (told,) = workers.wait()
    with capsys.disabled():
        sys.stdout.write(
            f"\nserver away for {away:.1f} s in a run of {len(lines)} integrations: "
            f"the longest took {told['longest']:.1f} s\n"
        )
    assert told["longest"] < 30
    assert_whole(workspace, lines)
