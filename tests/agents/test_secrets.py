"""A canary for a key: it must be nowhere afterwards, whatever went wrong."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import get_args

import pytest

import codex.agents
from codex.agents.anthropic_backend import AnthropicBackend
from codex.agents.breaker import BreakerRules
from codex.agents.conversation import converse
from codex.agents.faults import ACTIONS, Batched, Fault
from codex.agents.journal import Journal
from codex.agents.recording import Recorder
from codex.agents.replay_server import ReplayServer
from codex.agents.tools import Toolbox
from codex.errors import BackendError, CodexError
from codex.integration.init import init_workspace
from codex.integration.integrator import drain
from codex.passes.engine import run_pass
from codex.passes.services import Services

from .helpers import ADDRESS, SUBPROCESS, TESTS, Pauses, a_call, hurried, message, record, submit, use, workspace

CANARY = "sk-ant-canary-7f3a91"


def assert_nowhere(root: Path, least: int = 4) -> None:
    searched = [path for path in root.rglob("*") if path.is_file()]
    assert len(searched) >= least
    assert [path for path in searched if CANARY.encode() in path.read_bytes()] == []


def faults_of(action: str, nth: tuple[int, ...]) -> Fault:
    match = "batches" if action == "batch_lost" else "book:*"
    return Fault(action, match, nth=nth, status=529, seconds=0.5, headers={"retry-after": "0"})


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "lasting"])
@pytest.mark.parametrize("action", sorted(ACTIONS))
async def test_the_key_is_in_no_file_log_or_error(
    action: str,
    lasting: bool,
    tmp_path: Path,
    journal: Journal,
    toolbox: Toolbox,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Through success and every kind of failure, with all loggers at DEBUG: files, the journal's database with its
    write-ahead log, recordings, the server's log, errors, what is told, and what was printed."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("ANTHROPIC_API_KEY", CANARY)
    looks = message(use("read_unit", {"id": "03.09.02"}))
    record(tmp_path / "recordings", ADDRESS, [looks, *[message(submit())] * 5])
    told: list[str] = []
    faults = [faults_of(action, () if lasting else (1,))]
    with ReplayServer(tmp_path / "recordings", log=tmp_path / "log.jsonl", faults=faults) as server:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        backend = AnthropicBackend(first=0.4, idle=0.4) if action in {"silent", "stall"} else AnthropicBackend()
        call = a_call(batch=action in get_args(Batched), max_turns=3)
        try:
            outcome = await converse(
                call, backend, journal, toolbox, record=Recorder(tmp_path / "copy"), tell=told.append,
                policy=Pauses().policy(2), breaker=BreakerRules(2), batching=hurried(tries=2),
            )  # fmt: skip
            said = repr(outcome)
        except CodexError as refused:
            said = f"{refused!r} {refused} {refused.remedy}"
    out, err = capfd.readouterr()
    for text in (said, caplog.text, "".join(told), out, err):
        assert CANARY not in text
    assert len(caplog.records) > 5  # the SDK and the HTTP library did write their logs
    journal.close()
    assert_nowhere(tmp_path)


#: A run in a process of its own, with everything that a careless operator may switch on.
DEBUGGED = """
    import asyncio, logging, os, sys
    from pathlib import Path
    logging.basicConfig(level=logging.DEBUG)
    from agents.helpers import ADDRESS, a_call
    from codex.agents.backends import open_backend
    from codex.agents.conversation import converse
    from codex.agents.journal import Journal
    from codex.agents.recording import Recorder
    from codex.agents.tools import Toolbox
    from codex.snapshot import TreeSnapshot

    home = Path(sys.argv[1])
    with open_backend("anthropic", workspace=home, state_dir=home / "state") as backend:
        journal = Journal(home / "state" / "journal.sqlite3")
        talk = converse(a_call(), backend, journal, Toolbox(TreeSnapshot(home)), record=Recorder(home / "copy"))
        print(asyncio.run(talk))
    raise SystemExit(repr(sorted(os.environ)))
"""


@pytest.mark.parametrize("fault", [None, Fault("cut", nth=())], ids=["success", "cut"])
def test_nothing_that_is_printed_has_it_either(tmp_path: Path, fault: Fault | None) -> None:
    workspace(tmp_path)
    record(tmp_path / "recordings", ADDRESS, [message(submit())])
    with ReplayServer(tmp_path / "recordings", faults=[fault] if fault else []) as server:
        named = {"ANTHROPIC_API_KEY": CANARY, "ANTHROPIC_BASE_URL": server.url, "ANTHROPIC_LOG": "debug"}
        code = textwrap.dedent(DEBUGGED).replace("converse(a_call()", "converse(a_call(ceilings={})")
        code = code.replace("asyncio.run(talk)", "asyncio.run(asyncio.wait_for(talk, 3))")
        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)],
            env={**SUBPROCESS, **named}, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert "DEBUG" in done.stderr
    assert CANARY not in done.stdout + done.stderr
    assert_nowhere(tmp_path)


def test_the_command_with_debug_does_not_show_it(tmp_path: Path) -> None:
    """``codexctl --debug`` prints a traceback: of our frames' lines, not of what is in them."""
    workspace(tmp_path)
    (tmp_path / "manifests").mkdir(exist_ok=True)
    named = {"ANTHROPIC_API_KEY": CANARY, "ANTHROPIC_BASE_URL": "http://127.0.0.1:9"}
    line = [sys.executable, "-m", "codex.cli", "--workspace", str(tmp_path), "--debug", "call", "x", "submit", "y"]
    done = subprocess.run(line, env={**os.environ, **named}, capture_output=True, text=True, check=False)
    assert "Traceback" in done.stderr
    assert CANARY not in done.stdout + done.stderr


def test_no_commit_spool_or_state_of_a_workspace_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole pass with its integration: every object of the repository, and every file beside it."""
    subject, recordings = "book:lawson-michelsohn-spin-geometry", TESTS.parent / "manifests" / "pilot" / "recordings"
    monkeypatch.setenv("ANTHROPIC_API_KEY", CANARY)
    faults = [Fault("error_event"), Fault("status", nth=(2,), status=500, message="sorry")]
    with ReplayServer(recordings, faults=faults) as server:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        place = init_workspace(tmp_path / "pilot", campaign="pilot")
        with Services.open(place, "anthropic", record_dir=tmp_path / "copy") as services:
            asyncio.run(run_pass(place, services, subject, "P1_audit"))
        drain(place)
    git = ["git", "-C", str(place.root), "cat-file", "--batch-all-objects", "--batch"]
    objects = subprocess.run(git, capture_output=True, check=True).stdout
    assert b"status_5xx" in objects  # but what came of it
    assert CANARY.encode() not in objects
    assert_nowhere(tmp_path, least=20)


class _Echo(BaseHTTPRequestHandler):
    """A gateway that puts what it was sent into its error message."""

    def do_POST(self) -> None:
        body = b'{"type":"error","error":{"type":"authentication_error","message":"bad key ' + (
            self.headers["authorization"].encode() + b'"}}'
        )
        self.send_response(401)
        self.send_header("content-length", str(len(body)))
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def echoing() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("batch", [False, True])
async def test_a_key_that_comes_back_in_an_error_is_cut_out(
    echoing: str, tmp_path: Path, journal, toolbox, batch: bool
) -> None:
    backend = AnthropicBackend(base_url=echoing, api_key=CANARY)
    with pytest.raises(BackendError, match=r"\(401\): bad key Bearer \[key\]") as caught:
        await converse(a_call(batch=batch), backend, journal, toolbox, batching=hurried())
    assert "ANTHROPIC_API_KEY" in caught.value.remedy
    assert CANARY not in str(journal.rows("SELECT * FROM calls")[0]["detail"])
    journal.close()
    assert_nowhere(tmp_path)


def test_no_module_brings_the_sdk_with_it() -> None:
    modules = [f"codex.agents.{path.stem}" for path in Path(codex.agents.__file__).parent.glob("[a-z]*.py")]
    heavy = {"anthropic", "httpx", "httpx2", "prefect", "networkx"}
    code = f"import sys, {', '.join(modules)}; sys.exit(str({heavy!r} & set(sys.modules) or ''))"
    done = subprocess.run([sys.executable, "-c", code], env=SUBPROCESS, capture_output=True, text=True, check=False)
    assert (len(modules) > 15, done.stderr.strip()) == (True, "")
