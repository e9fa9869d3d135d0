"""No fault point without a kill: the table holds every point of the code, and a test kills at each of the table."""

from __future__ import annotations

import ast
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import codex.integration
from codex.integration import faults
from codex.integration.faults import DURABLE_FILES, POINTS, UPKEEP_POINTS
from codex.integration.integrator import drain, integrate
from codex.integration.opening import open_workspace
from codex.integration.proposal import Proposal
from codex.integration.withdrawal import withdrawal
from codex.workspace import Workspace

from . import test_faults, test_push_kills
from .helpers import NOW, fsck, git, in_child, new_unit, path_of, proposal, unit_text
from .test_faults import state

#: Every table of the module, one that was added since this was written too.
ALL = {point for name, table in vars(faults).items() if name.endswith("POINTS") for point in table}
FOLDER = Path(codex.integration.__file__).parent
#: The points of a withdrawal at which files and the branch change; one of them no other integration passes.
OF_A_WITHDRAWAL = ("ref.before", "ref.after", "checkout.file", "checkout.removed", "checkout.index", "journal.removed")


def calls_of(name: str) -> Iterator[tuple[Path, ast.Call]]:
    """Every call of a function of that name in the package."""
    for path in sorted(FOLDER.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == name:
                yield path, node


def test_every_point_of_the_code_is_in_the_table() -> None:
    found = set()
    for path, call in calls_of("point"):
        (name,) = call.args
        if path.name == "durable.py":
            assert isinstance(name, ast.JoinedStr) and isinstance(name.values[1], ast.Constant)
            found |= {f"{file}{name.values[1].value}" for file in DURABLE_FILES}
        else:
            assert isinstance(name, ast.Constant), f"{path.name}:{call.lineno}: the name of a point is a literal"
            found.add(name.value)
    assert found == ALL


def test_every_file_written_durably_is_in_the_table() -> None:
    names = {
        keyword.value for _, call in calls_of("write_durably") for keyword in call.keywords if keyword.arg == "name"
    }
    assert all(isinstance(name, ast.Constant) for name in names)
    assert {name.value for name in names} == set(DURABLE_FILES)


def test_every_point_is_killed_by_a_test() -> None:
    """The tests that kill at these assert by themselves that the point was passed."""
    killed = {*POINTS} - test_faults._NOT_PASSED | {*test_push_kills.PASSED} | {*OF_A_WITHDRAWAL} | {*UPKEEP_POINTS}
    assert killed >= ALL


@pytest.fixture(scope="module")
def shipped(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a unit that has a placeholder figure: its withdrawal removes two files."""
    folder = tmp_path_factory.mktemp("shipped") / "ws"
    shutil.copytree(template, folder)
    workspace = open_workspace(folder)
    text = unit_text("00.01.03").replace("(/img/pairs.svg)", "(pairs.svg)")
    integrate(workspace, [proposal(workspace, new_unit("00.01.03", text=text))], now=NOW)
    return folder


@pytest.fixture(scope="module")
def trees(shipped: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    copy = tmp_path_factory.mktemp("withdrawn") / "ws"
    shutil.copytree(shipped, copy)
    workspace = open_workspace(copy)
    before = state(workspace)[0]
    (result,) = integrate(workspace, [_withdrawal(workspace)], now=NOW)
    assert result.withdrawn == ("00.01.03",)
    return before, state(workspace)[0]


def _withdrawal(workspace: Workspace) -> Proposal:
    made = withdrawal(workspace, ["00.01.03"])
    assert made is not None
    return made


@pytest.mark.parametrize("point", [*OF_A_WITHDRAWAL, "checkout.removed:2"])
def test_a_withdrawal_killed_at(point: str, shipped: Path, trees: tuple[str, str], tmp_path: Path) -> None:
    shutil.copytree(shipped, tmp_path / "ws")
    workspace = open_workspace(tmp_path / "ws")
    made = _withdrawal(workspace)
    status = in_child(lambda: integrate(workspace, [made], now=NOW), point)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, "the point was not passed"
    published = POINTS.index(point.split(":", maxsplit=1)[0]) >= POINTS.index("ref.after")
    assert git(workspace.root, "rev-parse", "HEAD^{tree}") == trees[published]
    reopened = open_workspace(workspace.root)  # nobody repairs anything by hand
    assert state(reopened) == (trees[published], "")
    drain(reopened, now=NOW)
    assert state(reopened) == (trees[1], "") and fsck(workspace.root) == ""
    assert not (workspace.root / path_of("00.01.03")).exists()


@pytest.mark.parametrize("point", UPKEEP_POINTS)
def test_upkeep_killed_at(point: str, workspace: Workspace) -> None:
    (workspace.root / "codex.toml").write_text("[git]\nloose_objects = 1\n", encoding="utf-8")
    workspace = open_workspace(workspace.root)
    made = proposal(workspace, new_unit("00.01.03"))
    status = in_child(lambda: integrate(workspace, [made], now=NOW), point)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, "the point was not passed"
    reopened = open_workspace(workspace.root)
    assert git(workspace.root, "status", "--porcelain") == "?? codex.toml" and fsck(workspace.root) == ""
    assert integrate(reopened, [made], now=NOW)[0].accepted == ("00.01.03",)
    assert integrate(reopened, [proposal(reopened, new_unit("00.01.04"))], now=NOW)[0].accepted == ("00.01.04",)
    assert fsck(workspace.root) == ""
