"""``kill -9`` at every fault point: afterwards exactly before or exactly after, and the next run goes on by itself."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import codex.integration
from codex.campaign.ledger import Ledger
from codex.campaign.verify import verify
from codex.integration import spool
from codex.integration.faults import DURABLE_FILES, POINTS, REMOTE_POINTS, UPKEEP_POINTS
from codex.integration.integrator import drain, integrate
from codex.integration.opening import open_workspace
from codex.integration.proposal import Proposal
from codex.workspace import Workspace

from .helpers import BOOK, NOW, fsck, git, in_child, new_unit, path_of, proposal, unit_text

#: The branch moves between these two points: at ``ref.after`` and later the change is published.
_PUBLISHED_FROM = POINTS.index("ref.after")

#: Points that an integration which only adds and changes files does not pass.
_NOT_PASSED = {"checkout.removed"}


def example(workspace: Workspace) -> Proposal:
    """A unit with a prerequisite in flight, a figure, a plan section: it changes eleven files."""
    text = unit_text("00.01.03", ("00.01.01",)).replace("(/img/pairs.svg)", "(pairs.svg)")
    return proposal(workspace, new_unit("00.01.03", text=text), pending=("00.01.09",), notation="# Notation\n")


def state(workspace: Workspace) -> tuple[str, str]:
    return git(workspace.root, "rev-parse", "HEAD^{tree}"), git(workspace.root, "status", "--porcelain")


@pytest.fixture(scope="module")
def trees(template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """The trees before and after."""
    copy = tmp_path_factory.mktemp("after") / "ws"
    subprocess.run(["cp", "-r", str(template), str(copy)], check=True)
    workspace = open_workspace(copy)
    before = state(workspace)[0]
    integrate(workspace, [example(workspace)], now=NOW)
    return before, state(workspace)[0]


@pytest.mark.parametrize("point", [p for p in POINTS if p not in _NOT_PASSED])
def test_killed_at(point: str, workspace: Workspace, trees: tuple[str, str]) -> None:
    before, after = trees
    example_proposal = example(workspace)
    status = in_child(lambda: integrate(workspace, [example_proposal], now=NOW), point)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, "the point was not passed"

    published = POINTS.index(point) >= _PUBLISHED_FROM
    assert git(workspace.root, "rev-parse", "HEAD^{tree}") == (after if published else before)
    assert fsck(workspace.root) == ""

    reopened = open_workspace(workspace.root)  # nobody repairs anything by hand
    assert state(reopened) == ((after, "") if published else (before, ""))
    (result,) = integrate(reopened, [example_proposal], now=NOW)
    assert result.accepted == ("00.01.03",) and result.rejected == ()
    assert result.commit == git(workspace.root, "rev-parse", "HEAD")
    assert state(reopened) == (after, "")
    assert_whole(reopened)


def assert_whole(workspace: Workspace) -> None:
    assert fsck(workspace.root) == "" and verify(workspace.snapshot()) == []
    shipped = [e for e in Ledger.load(workspace.snapshot()).events(BOOK) if e.kind == "unit_shipped"]
    assert [e.unit for e in shipped] == ["00.01.03"]
    git_dir, state_dir = workspace.git.git_dir(), workspace.state_dir
    assert not [*git_dir.glob("codex-index-*"), *git_dir.glob("**/*.lock"), *state_dir.glob("checkout.json")] or (
        list(git_dir.glob("**/*.lock")) == [git_dir / "codex-integrator.lock"]
    )
    assert spool.pending(workspace) == []


def test_the_table_of_points_is_complete() -> None:
    folder = Path(codex.integration.__file__).parent
    source = "\n".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))
    written = set(re.findall(r'\bpoint\("([a-z.]+)"\)', source))
    steps = re.findall(r'point\(f"{name}\.([a-z]+)"\)', source)
    durable = {f"{name}.{step}" for name in DURABLE_FILES for step in steps}
    assert written | durable == {*POINTS, *REMOTE_POINTS, *UPKEEP_POINTS}


def test_killed_in_the_middle_of_the_files(workspace: Workspace, trees: tuple[str, str]) -> None:
    example_proposal = example(workspace)
    in_child(lambda: integrate(workspace, [example_proposal], now=NOW), "checkout.renamed:4")
    assert git(workspace.root, "status", "--porcelain") != ""
    assert state(open_workspace(workspace.root)) == (trees[1], "")


def test_killed_again_while_it_heals(workspace: Workspace, trees: tuple[str, str]) -> None:
    example_proposal = example(workspace)
    for fault in ("checkout.renamed:2", "checkout.renamed:3", "checkout.index", "done.synced"):
        in_child(lambda: integrate(open_workspace(workspace.root), [example_proposal], now=NOW), fault)
    (result,) = integrate(open_workspace(workspace.root), [example_proposal], now=NOW)
    assert result.accepted == ("00.01.03",) and state(workspace) == (trees[1], "")


def test_an_edit_made_after_the_kill_is_kept(workspace: Workspace) -> None:
    example_proposal = example(workspace)
    in_child(lambda: integrate(workspace, [example_proposal], now=NOW), "checkout.begin")
    edited = workspace.root / "docs/catalogs/CONCEPT_CATALOG.md"
    edited.write_text("mine\n", encoding="utf-8")
    open_workspace(workspace.root)
    assert edited.read_text(encoding="utf-8") == "mine\n"
    assert git(workspace.root, "status", "--porcelain") == " M docs/catalogs/CONCEPT_CATALOG.md"


def test_a_commit_made_by_hand_after_the_kill_is_kept(workspace: Workspace) -> None:
    example_proposal = example(workspace)
    in_child(lambda: integrate(workspace, [example_proposal], now=NOW), "checkout.begin")
    (workspace.root / "hand.txt").write_text("mine\n", encoding="utf-8")
    git(workspace.root, "add", "hand.txt")
    git(workspace.root, "-c", "user.name=p", "-c", "user.email=p@x", "commit", "-qm", "mine", "--", "hand.txt")
    reopened = open_workspace(workspace.root)
    assert git(workspace.root, "status", "--porcelain") == ""
    assert reopened.snapshot().exists(path_of("00.01.03")) and reopened.snapshot().exists("hand.txt")


def test_proposals_of_a_killed_drain_all_arrive(workspace: Workspace) -> None:
    ids = [spool.put(workspace, proposal(workspace, new_unit(f"00.01.{n:02d}"))) for n in range(3, 7)]
    in_child(lambda: drain(workspace, now=NOW), "ref.after:3")
    results = drain(open_workspace(workspace.root), now=NOW)
    assert len(results) == 1  # two were done, the third was finished by opening
    assert [spool.result(workspace, i).accepted for i in ids] == [(f"00.01.{n:02d}",) for n in range(3, 7)]
    assert git(workspace.root, "rev-list", "--count", "HEAD") == "6"


def test_a_real_process_kills_itself(workspace: Workspace, tmp_path: Path) -> None:
    unit = tmp_path / "unit.md"
    unit.write_text(unit_text("00.01.03"), encoding="utf-8")
    command = [sys.executable, "-m", "codex.cli", "integrate", str(unit), "-w", str(workspace.root)]
    killed = subprocess.run(command, env=os.environ | {"CODEX_FAULT": "ref.after"}, check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL
    again = subprocess.run(command, capture_output=True, check=False, text=True)
    assert (again.returncode, again.stdout) == (0, "00.01.03: integrated already, nothing to do\n")
    assert git(workspace.root, "status", "--porcelain") == ""
