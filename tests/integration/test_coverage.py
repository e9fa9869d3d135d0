"""manifests/fasttrack_coverage.md: in the commit of the events that change it, and the same when computed again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from codex.campaign.events import EventDraft, Kind
from codex.campaign.ledger import Ledger
from codex.campaign.matrix import PATH, matrix, render
from codex.integration.integrator import integrate
from codex.integration.proposal import CostLine, Proposal, Report
from codex.workspace import Workspace

SUBJECT = "book:lawson-michelsohn-spin-geometry"


@pytest.fixture
def workspace(seed: Workspace, tmp_path: Path) -> Workspace:
    return Workspace.open(shutil.copytree(seed.root, tmp_path / "pilot"))


def put(workspace: Workspace, **values: object) -> list[str]:
    """Integrate; returns the files of the commit."""
    base = workspace.snapshot().label
    proposal = Proposal(subject=SUBJECT, pass_name="P1_audit", title="A test", base=base, **values)  # type: ignore[arg-type]
    [done] = integrate(workspace, [proposal])
    assert done.status == "committed", done.reason
    return workspace.git.out("diff", "--name-only", f"{done.commit}~1", str(done.commit)).split("\n")


def computed_again(workspace: Workspace) -> str:
    snapshot = workspace.snapshot()
    return render(matrix(Ledger.load(snapshot).document(), snapshot))


def test_events_that_change_the_matrix_change_it_in_their_commit(workspace: Workspace) -> None:
    escalated = EventDraft(subject=SUBJECT, kind=Kind.ESCALATED, data={"reason": "a test"})
    answered = EventDraft(subject=SUBJECT, kind=Kind.ANSWERED, to_state="gap-analysed")
    assert PATH in put(workspace, events=(escalated, answered))
    text = workspace.snapshot().text(PATH)
    assert "| gap-analysed | ✓ | ✓ | – |" in text
    assert text == computed_again(workspace)


def test_events_that_do_not_change_it_leave_it_out_of_the_commit(workspace: Workspace) -> None:
    put(workspace, events=(EventDraft(subject=SUBJECT, kind=Kind.NOTED),))
    files = put(workspace, events=(EventDraft(subject=SUBJECT, kind=Kind.NOTED, rationale="again"),))
    assert PATH not in files
    assert "manifests/campaign.log.jsonl" in files
    assert workspace.snapshot().text(PATH) == computed_again(workspace)


def test_what_somebody_reports_in_its_place_is_not_what_stands_there(workspace: Workspace) -> None:
    noted = EventDraft(subject=SUBJECT, kind=Kind.NOTED)
    put(workspace, events=(noted,), reports=(Report(name="fasttrack_coverage", markdown="all is covered"),))
    assert workspace.snapshot().text(PATH) == computed_again(workspace)


def test_costs_alone_do_not_touch_it(workspace: Workspace) -> None:
    line = CostLine(
        call="c", timestamp="2026-01-01T00:00:00Z", book="b", pass_name="P1_audit", agent_id="a", backend="replay",
        model="m", input_tokens=1, output_tokens=1, cost_usd=1, duration_s=1.0, outcome="ok",
    )  # fmt: skip
    assert PATH not in put(workspace, costs=(line,))
