"""Many processes integrate into one workspace at once: nothing lost, nothing twice, the history one line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from codex.workspace import Workspace

from .helpers import git
from .race import Race, add_plan, assert_nothing_dropped, assert_race_whole, jobs_of, new_ids, run_race

WORKER = "tests.integration.race_worker"


def prepare(workspace: Workspace, processes: int, each: int) -> None:
    add_plan(workspace, new_ids(job for owner in range(processes) for job in jobs_of(owner, processes, each)))


def race(workspace: Workspace, folder: Path, processes: int, each: int) -> Race:
    prepare(workspace, processes, each)
    done = run_race(WORKER, [workspace.root] * processes, each, folder)
    assert_race_whole(workspace, done)
    assert_nothing_dropped(workspace, done)
    assert git(workspace.root, "status", "--porcelain") == ""
    return done


def test_four_processes(workspace: Workspace, tmp_path: Path) -> None:
    race(workspace, tmp_path, 4, 5)


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_eight_processes(workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = race(workspace, tmp_path, 8, 25)
    with capsys.disabled():
        sys.stdout.write(f"\n8 processes x 25 into one workspace: {done}\n")
