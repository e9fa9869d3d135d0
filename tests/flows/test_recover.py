"""Recovering a book: only what failed is asked for again, and the ledger says how it ended."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from codex.campaign.about import unmet
from codex.campaign.due import Step, next_step
from codex.campaign.events import EventDraft, Kind
from codex.campaign.ledger import Ledger
from codex.errors import PersonNeeded, UserError
from codex.integration.integrator import integrate
from codex.integration.proposal import Proposal
from codex.recovery import redo
from codex.recovery.decide import decide
from codex.recovery.situation import situation
from codex.workspace import Workspace
from deployments.api import Api
from tests.flows.helpers import SLUG, SUBJECT, deepening, record, start_production
from tests.flows.test_book import Listener, run
from tests.shell import codexctl

GOOD, BAD = "03.09.02", "03.01.04"


def recover(workspace: Workspace, recordings: Path, **values: Any) -> dict[str, Any]:
    from flows.recover import recover as flow
    from flows.reporting import reporting_to
    from flows.request import RecoverRequest

    request = RecoverRequest(
        workspace=str(workspace.root), book=SLUG, backend="replay", recordings=str(recordings), **values
    )
    with reporting_to(Listener()):
        found: dict[str, Any] = asyncio.run(flow(request))
    return found


def ledger_of(workspace: Workspace) -> Ledger:
    return Ledger.load(workspace.snapshot())


def recoveries(workspace: Workspace) -> list[str]:
    return [str(e.data["outcome"]) for e in ledger_of(workspace).events(SUBJECT) if e.kind == "recovery"]


@pytest.fixture(scope="module")
def failed_once(prefect_api: Api, seed: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a book of two units, one shipped and one whose three attempts were sent back; and recordings."""
    home = tmp_path_factory.mktemp("failed")
    workspace = Workspace.open(shutil.copytree(seed.root, home / "pilot"))
    start_production(workspace, {GOOD: "Clifford algebra", BAD: "Tensor algebra"})
    folder = record(home / "recordings", f"P4_production.{GOOD}.1", deepening())
    for attempt in (1, 2, 3):
        record(folder, f"P4_production.{BAD}.{attempt}", deepening("No such heading"))
    with pytest.raises(PersonNeeded):
        run(workspace, folder, until="production-complete")
    return home


@pytest.fixture
def failing(failed_once: Path, tmp_path: Path) -> tuple[Workspace, Path]:
    """A copy of it of the test's own."""
    home = Path(shutil.copytree(failed_once, tmp_path / "failed"))
    return Workspace.open(home / "pilot"), home / "recordings"


def test_only_what_failed_is_redone(failing: tuple[Workspace, Path]) -> None:
    workspace, folder = failing
    decision = decide(situation(workspace.snapshot(), SUBJECT).batches)
    assert (decision.action, decision.redo) == ("recover_and_continue", (BAD,))
    assert 0 < decision.recovery.calls < decision.restart.calls

    record(folder, f"P4_production.{BAD}.4", deepening())
    assert recover(workspace, folder) == {"book": SLUG, "state": "production-complete"}
    assert recoveries(workspace) == ["started", "success"]
    ledger = ledger_of(workspace)
    assert ledger.attempts(SUBJECT, "P4_production", GOOD) == 1, "what had shipped was not asked for again"
    ended = [e for e in ledger.events(SUBJECT) if e.kind == "recovery"][-1]
    assert (ended.data["items"], ended.data["action"]) == ([BAD], "recover_and_continue")
    assert ended.data["spent"]["calls"] == 1
    [backup] = (workspace.state_dir / "recovery" / SLUG).iterdir()
    assert json.loads((backup / "recovery.json").read_text())["defects"][BAD]
    assert json.loads((backup / "replies" / f"{BAD}.json").read_text())["edits"][0]["heading"] == "No such heading"


@pytest.mark.soak
def test_two_failed_recoveries_need_a_person(failing: tuple[Workspace, Path]) -> None:
    workspace, folder = failing
    for attempt in range(4, 10):
        record(folder, f"P4_production.{BAD}.{attempt}", deepening("No such heading"))
    for _ in range(2):
        with pytest.raises(PersonNeeded, match="failed 3 times in a row"):
            recover(workspace, folder)
    assert recoveries(workspace) == ["started", "failed", "started", "escalated"]
    before = workspace.snapshot().label
    with pytest.raises(PersonNeeded, match="2 recoveries have failed"):
        recover(workspace, folder)
    assert workspace.snapshot().label == before


def test_a_shipped_unit_that_is_wrong_is_owed_again(failing: tuple[Workspace, Path]) -> None:
    workspace, folder = failing
    record(folder, f"P4_production.{BAD}.4", deepening())
    recover(workspace, folder)
    found = situation(workspace.snapshot(), SUBJECT, [GOOD])
    assert [item.id for item in found.batches.failed] == [GOOD]
    record(folder, f"P4_production.{GOOD}.2", deepening("Historical & philosophical context"))
    assert recover(workspace, folder, units=(GOOD,))["state"] == "production-complete"
    assert ledger_of(workspace).attempts(SUBJECT, "P4_production", GOOD) == 2


def test_the_command_says_what_would_be_redone_and_changes_nothing(failing: tuple[Workspace, Path]) -> None:
    workspace, _ = failing
    before = workspace.snapshot().label
    done = codexctl("recover", "3.35", "--dry-run", "-w", workspace.root)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"to redo: {BAD}" in done.stdout
    assert "targeted recovery" in done.stdout
    shown = json.loads(codexctl("recover", SLUG, "--dry-run", "--format", "json", "-w", workspace.root).stdout)
    assert (shown["action"], shown["redo"]) == ("recover_and_continue", [BAD])
    assert workspace.snapshot().label == before


def test_where_nothing_failed_there_is_nothing_to_recover(workspace: Workspace) -> None:
    with pytest.raises(UserError, match="Nothing has failed"):
        situation(workspace.snapshot(), SUBJECT)
    with pytest.raises(UserError, match="no unit of"):
        situation(workspace.snapshot(), SUBJECT, ["03.09.02"])
    done = codexctl("recover", SLUG, "-w", workspace.root)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


PASSES = ["P1_audit", "P2_gap", "P3_plan", "P4_production", "P5_verification", "PW_weaving", "PV_continuity"]


def a_book_at(workspace: Workspace, state: str) -> str:
    """A book that came to a state in another age, with all its passes done and one unit that it was owed."""
    subject = f"book:made-until-{state}"
    record = {"title": "Made", "tier": "α", "status": state, "passes": {p: {"status": "completed"} for p in PASSES}}
    owed = {"outstanding": [{"id": GOOD, "action": "deepen", "title": "Clifford algebra"}]}
    events = (
        EventDraft(subject=subject, kind=Kind.REGISTERED, data=record),
        EventDraft(subject=subject, kind=Kind.DELIVERABLES, data=owed),
    )
    integrate(workspace, [Proposal(subject="campaign", pass_name="test", title="Register", base="", events=events)])
    return subject


@pytest.mark.parametrize("state", ["in-production", "woven", "equivalence-covered", "production-needs-rework"])
def test_a_full_restart_begins_with_the_audit_whatever_was_reached(failing: tuple[Workspace, Path], state: str) -> None:
    from flows.recover import chosen

    workspace, _ = failing
    subject = SUBJECT if state == "production-needs-rework" else a_book_at(workspace, state)
    assert ledger_of(workspace).status(subject) == state
    found = situation(workspace.snapshot(), subject, [GOOD])
    proposal = redo.start(workspace.snapshot().label, ledger_of(workspace), found, chosen(found, restart=True))
    (result,) = integrate(workspace, [proposal])
    assert result.status == "committed", result.reason
    ledger = ledger_of(workspace)
    step = next_step(ledger, subject)
    assert isinstance(step, Step) and (step.source, step.pass_name) == ("draft", "P1_audit")
    assert unmet(step.transition.pre, ledger, workspace.snapshot(), subject) == []
    assert not [name for name, each in ledger.entry(subject)["passes"].items() if each["status"] == "completed"]
