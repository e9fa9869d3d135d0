"""``codexctl run`` as a person meets it: what it refuses before it starts anything, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from codex.campaign.ledger import Ledger
from codex.workspace import Workspace
from deployments.server import Server
from tests.flows.helpers import SLUG, SUBJECT, audit_reply, record
from tests.shell import codexctl


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["3.35"], "There is no key for the Anthropic API and no backend is chosen"),
        (["3.35", "--backend", "anthropic"], "There is no key for the Anthropic API"),
        (["3.35", "--backend", "oracle"], "--backend 'oracle' is wrong"),
        (["3.35", "--backend", "replay", "--recordings", "/nowhere"], "There are no recordings in /nowhere"),
        (["3.35", "--backend", "replay", "--until", "finished"], "--until 'finished' is wrong"),
        (["lawson"], "There is no book 'lawson'"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_starts(seed: Workspace, arguments: list[str], said: str) -> None:
    done = codexctl("run", *arguments, "-w", seed.root)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not (seed.state_dir / "server.json").exists()


def test_a_merge_under_way_is_said_before_anything_starts(workspace: Workspace, tmp_path: Path) -> None:
    (workspace.root / ".git" / "MERGE_HEAD").write_text("0" * 40)
    folder = record(tmp_path / "recordings", "P1_audit.1", audit_reply())
    done = codexctl("run", "3.35", "--backend", "replay", "--recordings", folder, "-w", workspace.root)
    assert (done.returncode, done.stdout) == (2, "")
    assert "A merge is under way" in done.stderr


def test_a_dry_run_says_what_it_would_ask_and_pay(seed: Workspace) -> None:
    before = seed.snapshot().label
    done = codexctl("run", "3.35", "--dry-run", "-w", seed.root)
    assert done.returncode == 0, done.stderr
    assert f"{SLUG} is at draft; next: P1_audit, which leads to audited" in done.stdout
    assert f"{SUBJECT}/P1_audit/1: claude-opus-4-8" in done.stdout
    assert "its first turn costs at most $" in done.stdout
    assert f"never more than $50.00 for {SUBJECT}" in done.stdout
    assert seed.snapshot().label == before
    assert not (seed.state_dir / "journal.sqlite3").exists()


def test_a_run_prints_its_transitions_and_a_second_one_has_nothing_to_do(
    prefect_server: Server, workspace: Workspace, tmp_path: Path
) -> None:
    folder = record(tmp_path / "recordings", "P1_audit.1", audit_reply())
    asked = ("run", "3.35", "--until", "audited", "--backend", "replay", "--recordings", folder, "-w", workspace.root)
    done = codexctl(*asked, PREFECT_API_URL=prefect_server.url)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == f"Prefect {prefect_server.ui}"
    assert any(line.startswith("draft → audited  P1 audit (1 turn, $0.02, ") for line in lines)
    assert lines[-1] == f"{SLUG} is at audited"
    again = codexctl(*asked)
    assert (again.returncode, again.stdout) == (0, f"{SLUG} is at audited; nothing to do\n")
    assert not (workspace.state_dir / "server.json").exists(), "the server that was named is used, none is started"


@pytest.mark.soak
def test_a_run_for_a_script_prints_its_result_alone(
    prefect_server: Server, workspace: Workspace, tmp_path: Path
) -> None:
    """What the launcher and the flow tell goes to standard error (a quick variant: tests/cli/test_output.py)."""
    folder = record(tmp_path / "recordings", "P1_audit.1", audit_reply())
    asked = ("--backend", "replay", "--recordings", folder, "--format", "json", "-w", workspace.root)
    done = codexctl("run", "3.35", "--until", "audited", *asked, PREFECT_API_URL=prefect_server.url)
    assert done.returncode == 0, done.stderr
    reached = json.loads(done.stdout)
    assert (reached["book"], reached["state"]) == (SLUG, "audited")
    assert f"Prefect {prefect_server.ui}" in done.stderr
    assert "draft → audited  P1 audit" in done.stderr


@pytest.mark.soak
def test_an_interrupted_run_says_so_and_gives_its_book_back(prefect_server: Server, workspace: Workspace) -> None:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT", "ANTHROPIC"))}
    command = [sys.executable, "-m", "codex.cli", "run", "3.35", "--backend", "handoff", "-w", str(workspace.root)]
    with subprocess.Popen(
        command,
        env=env | {"PREFECT_API_URL": prefect_server.url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        waiting = workspace.state_dir / "handoff"
        for _ in range(600):
            if list(waiting.glob("*/status.json")):
                break
            time.sleep(0.1)
        assert Ledger.load(workspace.snapshot()).owner(SUBJECT, datetime.now(UTC)) is not None
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "interrupted; nothing is lost" in errors
    assert "Traceback" not in errors
    ledger = Ledger.load(workspace.snapshot())
    assert ledger.owner(SUBJECT, datetime.now(UTC)) is None
    assert ledger.status(SUBJECT) == "draft"
