"""Detached processes: found again, ended with all their children, never mistaken for another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from codex.agents.process import identity
from deployments.processes import Record, launch, recall, remember, stop, wait_until

#: A process that ignores SIGTERM and has a child that does, too, in a session of its own.
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if len(sys.argv) > 1:
    child = subprocess.Popen([sys.executable, __file__], start_new_session=True)
    print(child.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "stubborn.py"
    path.write_text(STUBBORN)
    return path


def test_a_launched_process_is_found_again_and_stopped(tmp_path: Path) -> None:
    process = launch([sys.executable, "-c", "import time; time.sleep(60)"], os.environ, tmp_path / "log")
    remember(tmp_path / "record.json", process.pid, {"url": "http://127.0.0.1:1/api"})
    record = recall(tmp_path / "record.json")
    assert record is not None and record.alive()
    assert (record.pid, record.about) == (process.pid, {"url": "http://127.0.0.1:1/api"})
    assert os.getsid(process.pid) == process.pid != os.getsid(0), "it has a session of its own"

    begun = time.monotonic()
    assert stop(record, grace=10)
    assert time.monotonic() - begun < 5
    assert identity(process.pid) is None
    assert not stop(record, grace=1), "it has ended already"


def test_what_ignores_the_signal_is_killed_with_its_children(script: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = launch([sys.executable, str(script), "with a child"], os.environ, log)
    record = remember(tmp_path / "record.json", process.pid, {})
    assert wait_until(lambda: log.read_text().strip().isdigit(), 10)
    child = int(log.read_text())
    assert identity(child) is not None
    assert stop(record, grace=0.3)
    assert (identity(process.pid), identity(child)) == (None, None)


def test_a_process_that_got_the_id_later_is_left_alone() -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as other:
        earlier = Record(other.pid, "another boot:123", {})
        assert not earlier.alive()
        assert not stop(earlier, grace=0.1)
        assert other.poll() is None
        other.kill()


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"pid": "x", "started": ""}', '{"pid": 1}'])
def test_a_record_that_cannot_be_read_is_no_record(tmp_path: Path, text: str) -> None:
    path = tmp_path / "record.json"
    path.write_text(text)
    assert recall(path) is None
    assert recall(tmp_path / "absent.json") is None


def test_the_record_is_plain_json(tmp_path: Path) -> None:
    remember(tmp_path / "record.json", os.getpid(), {"port": 4200})
    kept = json.loads((tmp_path / "record.json").read_text())
    assert kept == {"pid": os.getpid(), "started": identity(os.getpid()), "port": 4200}


def test_a_log_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file where a folder should be")
    with pytest.raises(Exception, match="cannot be written"):
        launch(["true"], os.environ, tmp_path / "logs" / "log")
