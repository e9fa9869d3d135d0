"""``codexctl doctor`` and the bare command: what is ill is found, what is well is said, nothing is changed."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from codex.campaign.events import EventDraft, Kind
from codex.integration.integrator import integrate
from codex.integration.proposal import Proposal
from codex.passes.outcomes import escalation
from codex.workspace import Workspace
from deployments.diagnosis import CHECKS, Finding, Patient, examine
from tests.flows.helpers import SLUG, SUBJECT, make_workspace
from tests.shell import codexctl


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    return make_workspace(tmp_path / "campaign")


def found(workspace: Workspace | None, check: str) -> Finding:
    return next(each for each in examine(workspace) if each.check == check)


def test_a_sound_workspace_is_well(place: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    verdicts = {each.check: each.verdict for each in examine(place)}
    assert all(verdict != "ill" for verdict in verdicts.values()), verdicts
    assert {"python", "git", "workspace", "ledger", "clock", "disk", "locks", "key", "server", "port"} <= set(verdicts)
    assert all(each.mend for each in examine(place) if each.verdict != "well")


def test_a_lock_that_a_dead_git_left_is_named(place: Workspace) -> None:
    lock = place.git_dir / "index.lock"
    lock.touch()
    assert found(place, "locks").verdict == "well", "a git may be at work now"
    os.utime(lock, (0, 0))
    left = found(place, "locks")
    assert (left.verdict, left.mend.endswith(".git/index.lock")) == ("ill", True)


def test_a_clock_behind_the_ledger_is_ill(place: Workspace) -> None:
    later = datetime.now(UTC) + timedelta(hours=2)
    event = EventDraft(subject=SUBJECT, kind=Kind.NOTED, rationale="from a machine whose clock is ahead")
    integrate(place, [Proposal(subject=SUBJECT, pass_name="note", title="Note", base="", events=(event,))], now=later)
    assert found(place, "clock").verdict == "ill"
    done = codexctl("doctor", "-w", place.root, "--format", "json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["well"] is False


def test_wrong_settings_and_a_broken_ledger_are_said_not_raised(place: Workspace) -> None:
    (place.root / "codex.toml").write_text("[budgets]\n")
    assert found(Workspace.open(place.root), "settings").verdict == "ill"
    (place.root / "codex.toml").unlink()
    (place.root / "codex.toml").write_text("")
    place.git.run("rm", "-q", "--cached", "manifests/campaign.log.jsonl")
    (place.root / "manifests/campaign.log.jsonl").write_text("not a line\n")
    place.git.run("add", "manifests/campaign.log.jsonl")
    place.git.run("-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-m", "break it")
    done = codexctl("doctor", "-w", place.root)
    assert "Traceback" not in done.stderr
    assert "ledger" in done.stdout


def test_outside_a_workspace_it_says_what_it_can(tmp_path: Path) -> None:
    assert found(None, "workspace").verdict == "note"
    assert len([check for check in CHECKS if check(Patient(None)) is not None]) >= 5
    done = codexctl("doctor", "-w", tmp_path)
    assert done.returncode == 2


def test_the_bare_command_says_what_can_be_done_next(place: Workspace, tmp_path: Path) -> None:
    assert f"codexctl run {SLUG} --dry-run" in codexctl("-w", place.root).stdout
    integrate(place, [escalation(place, SUBJECT, "P1_audit", "the audit failed three times")])
    waiting = codexctl("-w", place.root)
    assert waiting.returncode == 0
    assert waiting.stdout.index("escalations list") < waiting.stdout.index("dashboard")
    outside = codexctl("-w", tmp_path)
    assert (outside.returncode, "codexctl pilot" in outside.stdout) == (0, True)
