"""``codexctl`` by itself, in a workspace and outside one."""

from __future__ import annotations

from pathlib import Path

import pytest

from codex.agents.outbox import Outbox, Status, handoff_folder
from codex.campaign.events import EventDraft, Kind
from codex.cli.app import run
from codex.integration import spool
from codex.integration.init import init_workspace
from codex.integration.integrator import integrate
from codex.integration.proposal import Proposal
from codex.workspace import Workspace

BOOK = "book:lawson-michelsohn-spin-geometry"


@pytest.fixture
def pilot(tmp_path: Path) -> Workspace:
    return init_workspace(tmp_path / "ws", campaign="pilot")


def told(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.chdir(folder)
    assert run([]) == 0
    return capsys.readouterr().out


def event(place: Workspace, *events: EventDraft) -> Proposal:
    return Proposal(subject=BOOK, pass_name="test", title="A test", base=place.snapshot().label, events=events)


def test_outside_a_workspace_it_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = told(tmp_path, monkeypatch, capsys)
    assert shown.startswith("This folder is in no workspace.")
    assert "codexctl init" in shown and "codexctl pilot" in shown


def test_a_new_campaign_begins_with_an_audit_or_a_book(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = told(init_workspace(tmp_path / "ws").root, monkeypatch, capsys)
    assert "codexctl audit-next --brief-only" in shown and "codexctl ledger register --help" in shown


def test_a_book_under_way_is_gone_on_with(
    pilot: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = told(pilot.root / "content", monkeypatch, capsys)
    assert "codexctl run lawson-michelsohn-spin-geometry --dry-run" in shown and "P1 audit" in shown
    assert "audit-next" not in shown and "call list" not in shown


def test_what_waits_comes_first(
    pilot: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    escalated = EventDraft(subject=BOOK, kind=Kind.ESCALATED, data={"reason": "three failures"})
    integrate(pilot, [event(pilot, escalated)])
    spool.put(pilot, event(pilot, EventDraft(subject=BOOK, kind=Kind.NOTED, rationale="a note")))
    lines = told(pilot.root, monkeypatch, capsys).splitlines()
    asked, spooled = (next(n for n, line in enumerate(lines) if part in line) for part in ("escalations", "integrate"))
    assert asked < spooled
    assert "1 waiting for a person, first lawson-michelsohn-spin-geometry" in lines[asked]
    assert "1 proposal to be integrated" in lines[spooled]


def test_a_workspace_in_which_nothing_can_be_written_is_sent_to_the_doctor(
    pilot: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pilot.git.run("checkout", "--quiet", "--detach")
    assert "codexctl doctor" in told(pilot.root, monkeypatch, capsys)


def test_calls_that_wait_for_an_agent_are_counted_and_answered_ones_are_not(
    pilot: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, state in (("one", "waiting"), ("two", "working"), ("three", "finished")):
        box = Outbox(handoff_folder(pilot.state_dir) / name)
        box.write_status(Status(f"{BOOK}/P1_audit/1", state, 1, "0" * 64, "", 0.0, "m", 8))
    assert "2 calls for an agent (handoff)" in told(pilot.root, monkeypatch, capsys)
