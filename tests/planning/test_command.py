"""``codexctl plan``: what it prints, what it commits, what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from codex.cli.app import run
from codex.corpus.planfile import PATH
from codex.integration.init import init_workspace
from codex.integration.integrator import integrate
from codex.integration.proposal import PlanSection, Proposal
from codex.planning.build import build_plan
from codex.planning.rollup import PATH as PAGE
from codex.planning.rollup import render
from codex.workspace import Workspace
from tests.planning.world import audit

_SLUG = "lawson-michelsohn-spin-geometry"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = init_workspace(tmp_path / "w", campaign="pilot")
    path = made.root / "plans" / "fasttrack" / "tester.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(audit(("03.09.04", "Spin groups"), ("03.09.05", "Spinors")), encoding="utf-8")
    made.git.run("add", "plans")
    made.git.run("-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-q", "-m", "An audit")
    return made


@pytest.fixture
def plan(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def command(*arguments: str) -> tuple[int, str, str]:
        status = run(["plan", "-w", str(workspace.root), *arguments])
        said = capsys.readouterr()
        return status, said.out, said.err

    return command


def written(workspace: Workspace) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(workspace.snapshot().text(PATH))
    return loaded


def test_looking_changes_nothing(workspace: Workspace, plan: Callable[..., tuple[int, str, str]]) -> None:
    before = workspace.snapshot().label
    for arguments in ([], ["--compare"], ["--explain", "03.09.04"], ["--batch", "2"], ["--mode", "compat"]):
        status, out, _ = plan(*arguments)
        assert status == 0, arguments
        assert "03.09.04" in out or "--compare" in arguments or "compat" in arguments
        status, out, _ = plan(*arguments, "--format", "json")
        assert status == 0
        assert json.loads(out)
    assert workspace.snapshot().label == before
    assert not workspace.git.run("status", "--porcelain").stdout


def test_the_json_is_what_write_writes(workspace: Workspace, plan: Callable[..., tuple[int, str, str]]) -> None:
    shown = json.loads(plan("--format", "json")[1])
    assert plan("--write")[0] == 0
    document = written(workspace)
    assert list(document)[:3] == ["version", "generated_at", "mode"]
    assert document.pop("generated_at").endswith("Z")
    assert document == shown
    assert workspace.snapshot().text(PAGE) == render(written(workspace))


def test_writing_twice_is_one_commit(workspace: Workspace, plan: Callable[..., tuple[int, str, str]]) -> None:
    assert "wrote manifests/production/plan.json" in plan("--write")[1]
    before = workspace.snapshot().label
    status, out, _ = plan("--write")
    assert (status, workspace.snapshot().label) == (0, before)
    assert "nothing to do" in out


def test_the_mode_is_the_proposals(workspace: Workspace, plan: Callable[..., tuple[int, str, str]]) -> None:
    plan("--write", "--mode", "compat")
    document = written(workspace)
    del document["generated_at"]
    assert document == build_plan(workspace.snapshot(), "compat")
    assert "mode" not in document


def test_an_audit_that_lands_refreshes_the_plan_in_its_mode_and_commit(workspace: Workspace) -> None:
    text = audit(("03.09.06", "Pin groups"))
    section = PlanSection(number=3, markdown=f"### 3.1 New units\n\n{text}")
    base = workspace.snapshot().label
    done = integrate(
        workspace,
        [Proposal(subject=f"book:{_SLUG}", pass_name="P1_audit", title="Audit", base=base, sections=(section,))],
    )[0]
    assert done.status == "committed", done.reason
    changed = workspace.git.run("diff", "--name-only", base, str(done.commit)).stdout.decode().split()
    assert {PATH, PAGE, f"plans/fasttrack/{_SLUG}.md"} <= set(changed)
    assert "03.09.06" in written(workspace)["queue_topo_order"]


def test_the_plan_is_that_of_the_state_it_is_committed_on(workspace: Workspace) -> None:
    """A proposal made before an audit landed writes the plan with that audit."""
    early = Proposal(
        subject="campaign", pass_name="plan", title="Plan", base=workspace.snapshot().label, plan_mode="extended"
    )
    (workspace.root / "plans" / "fasttrack" / "zzz.md").write_text(audit(("03.01.09", "Late")), encoding="utf-8")
    workspace.git.run("add", "plans")
    workspace.git.run("-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-q", "-m", "Another audit")
    assert integrate(workspace, [early])[0].status == "committed"
    assert "03.01.09" in written(workspace)["units"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--mode", "loose"], "no mode 'loose'"),
        (["--write", "--compare"], "cannot be had at once"),
        (["--mode", "compat", "--batch", "2"], "extended plan alone"),
        (["--explain", "03.09.44"], "no unit '03.09.44'"),
        (["--batch", "101"], "A batch of 101"),
    ],
)
def test_wrong_calls(plan: Callable[..., tuple[int, str, str]], arguments: list[str], said: str) -> None:
    status, _, errors = plan(*arguments)
    assert status == 2
    assert said in errors


def test_a_broken_graph_is_named_and_nothing_is_written(
    workspace: Workspace, plan: Callable[..., tuple[int, str, str]]
) -> None:
    (workspace.root / "manifests" / "deps.json").write_text("[1", encoding="utf-8")
    status, _, errors = plan()
    assert status == 2
    assert "manifests/deps.json" in errors


@pytest.fixture
def muddled(workspace: Workspace) -> Workspace:
    """A second audit that gives an id again, writes one down as to come, and closes a circle."""
    text = audit(("03.09.04", "Dirac operators"), ("03.09.08", "Heat kernels"), ("03.09.09", "Index theorems"))
    text += "2. **`TBD.1` Zeta functions.** [NEW] Text.\n\n**DAG edges:**\n\n"
    text += "- `03.09.08` ← {`03.09.09`, `03.09.05`}\n- `03.09.09` ← `03.09.08`\n"
    (workspace.root / "plans/fasttrack/another.md").write_text(text, encoding="utf-8")
    workspace.git.run("add", "plans")
    workspace.git.run("-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-q", "-m", "Another audit")
    return workspace


def test_what_is_wrong_with_numbers_and_order_is_said(
    muddled: Workspace, plan: Callable[..., tuple[int, str, str]]
) -> None:
    _, overview, _ = plan()
    assert "numbering: 1 one id two titles, 1 provisional id\n" in overview
    assert "cycles: 1, broken at 03.09.08 → 03.09.09\n" in overview
    assert "03.09.08  P1  Heat kernels  (waits for 03.09.09, 03.09.05)\n" in overview

    _, numbered, _ = plan("--explain", "03.09.04")
    assert "plans/fasttrack/tester.md:3 writes 03.09.04 for “Spin groups”\n" in numbered
    assert "one id two titles, which is “Dirac operators”; now 03.09.10 (next free id)\n" in numbered

    _, circle, _ = plan("--explain", "03.09.08")
    assert "  rests on:\n    03.09.09 Index theorems (not written)\n" in circle
    assert "  in a cycle: 03.09.09 → 03.09.08 → 03.09.09\n" in circle
    assert "    broken at 03.09.08 → 03.09.09, named by plans/fasttrack/another.md:11\n" in circle


def test_the_comparison_names_what_only_one_of_the_two_reads(
    muddled: Workspace, plan: Callable[..., tuple[int, str, str]]
) -> None:
    _, compared, _ = plan("--compare")
    assert "    3 →   4  another\n" in compared and "tester\n" not in compared
    beyond = "  plans/fasttrack/another.md:6: 03.09.11 P1 new_unit `TBD.1` Zeta functions (written without an id)\n"
    assert f"1 bullets that only extended reads:\n{beyond}" in compared
    assert "  plans/fasttrack/tester.md:3: id 03.09.04 → 03.09.10  Spin groups\n" in compared
    assert "queued in extended alone: 2; in compat alone: 0;" in compared


def test_a_batch_tells_how_the_queue_goes_on(muddled: Workspace, plan: Callable[..., tuple[int, str, str]]) -> None:
    _, batch, _ = plan("--batch", "3")
    assert "  group 1\n    03.09.04  P1  Dirac operators  (ready)\n" in batch, "one chapter: one at a time"
    assert "critical path (2 units): 03.09.09 → 03.09.08\n" in batch
    assert "in parallel: 0 of 6 units share their batch with another one (0 %, below the target of 70 %)\n" in batch
