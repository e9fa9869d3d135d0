"""A person edits files while several processes integrate: no edit is ever overwritten, and each is named."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from codex.integration import checkout
from codex.integration.indexfile import identity
from codex.integration.integrator import integrate
from codex.integration.proposal import IntegrationResult
from codex.workspace import Workspace

from .helpers import changed_unit, git, new_unit, path_of, proposal, slug
from .race import SHARED, Race, add_plan, assert_nothing_dropped, assert_race_whole, jobs_of, new_ids, run_race

CATALOG = "docs/catalogs/CONCEPT_CATALOG.md"
OVERVIEW = "OVERVIEW.md"
IN_THE_WAY = f"content/00-numbers/04-c04/00.04.01-{slug('00.04.01')}.md"
WORKER = "tests.integration.race_worker"


def race(workspace: Workspace, folder: Path, processes: int, each: int) -> Race:
    done = run_race(WORKER, [workspace.root] * processes, each, folder)
    assert_race_whole(workspace, done)
    assert_nothing_dropped(workspace, done)
    return done


def plan_for(workspace: Workspace, processes: int, each: int) -> None:
    add_plan(workspace, new_ids(job for owner in range(processes) for job in jobs_of(owner, processes, each)))


def test_uncommitted_edits_outlive_a_race_and_are_named(workspace: Workspace, tmp_path: Path) -> None:
    plan_for(workspace, 3, 5)
    mine = {
        CATALOG: (workspace.root / CATALOG).read_text(encoding="utf-8") + "\nMy own remark.\n",
        path_of(SHARED): "all mine\n",
        OVERVIEW: "rewritten\n",
        IN_THE_WAY: "a draft of my own where a unit will be\n",
    }
    for path, text in mine.items():
        place = workspace.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    done = race(workspace, tmp_path, 3, 5)
    assert {path: (workspace.root / path).read_text(encoding="utf-8") for path in mine} == mine
    assert sorted(git(workspace.root, "status", "--porcelain").splitlines()) == sorted(f" M {path}" for path in mine)
    for each in done.reports:
        assert_named(each, workspace)


def assert_named(report: dict, workspace: Workspace) -> None:
    """Exactly those paths are named that the result's commit changed and that could not be checked out."""
    result = report["result"]
    if result["status"] != "committed":
        return
    changed = set(
        git(workspace.root, "diff-tree", "-r", "--name-only", "--no-commit-id", result["commit"]).splitlines()
    )
    edited = changed & {CATALOG, path_of(SHARED), IN_THE_WAY}
    wanted = {f"{path} was not checked out: it has uncommitted edits." for path in edited}
    assert set(result["warnings"]) == wanted, report


def save(place: Path, how: str) -> None:
    beside = place.with_name(".mine.tmp") if how == "by rename" else place
    beside.write_text("mine\n", encoding="utf-8")
    beside.replace(place)


def assert_kept(workspace: Workspace, unit_id: str, result: IntegrationResult) -> None:
    path = path_of(unit_id)
    assert (workspace.root / path).read_text(encoding="utf-8") == "mine\n"
    assert f"{path} was not checked out: it was edited just now." in result.warnings
    assert git(workspace.root, "status", "--porcelain") == f" M {path}"


@pytest.mark.parametrize("how", ["in place", "by rename"])
def test_a_save_at_the_last_moment(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """The person saves after the integrator has looked for the last time, and before it puts its own file there."""
    place = workspace.root / path_of("00.01.02")
    old, looks = place.stat().st_ino, []

    def looking(status: os.stat_result) -> tuple[int, ...]:
        found = identity(status)
        looks.extend([1] * (status.st_ino == old))
        if len(looks) == 2:  # the first was when it read the file
            looks.append(1)
            save(place, how)
        return found

    monkeypatch.setattr(checkout, "identity", looking)
    made = proposal(workspace, changed_unit(workspace, "00.01.02", lambda text: text + "\nOne more line.\n"))
    assert_kept(workspace, "00.01.02", integrate(workspace, [made])[0])


def test_a_new_file_at_the_last_moment(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    place = workspace.root / path_of("00.01.03")

    def looking(path: Path) -> bool:
        there = os.path.exists(path)
        if path == place and not there:
            save(place, "in place")
        return there

    monkeypatch.setattr(checkout.os.path, "lexists", looking)
    (result,) = integrate(workspace, [proposal(workspace, new_unit("00.01.03"))])
    monkeypatch.undo()
    assert_kept(workspace, "00.01.03", result)


class Person:
    """Somebody who edits one file over and over, looks whether the edit is still there, and takes it back."""

    def __init__(self, workspace: Workspace, path: str, seed: int) -> None:
        self.place, self.path, self.root = workspace.root / path, path, workspace.root
        self.edits, self.lost = 0, []
        self._random = Random(seed)

    def edit_once(self) -> None:
        mine = f"my edit {self.edits}\n" * 20
        if self.edits % 2:
            self.place.write_text(mine, encoding="utf-8")
        else:  # as most editors save
            beside = self.place.with_name(".mine.tmp")
            beside.write_text(mine, encoding="utf-8")
            beside.replace(self.place)
        time.sleep(self._random.uniform(0, 0.05))
        if self.place.read_text(encoding="utf-8") != mine:
            self.lost.append(self.edits)
        self.edits += 1
        self._take_back()
        time.sleep(self._random.uniform(0, 0.05))

    def _take_back(self) -> None:
        """``git checkout``, again when the integrator has the index at that moment."""
        for _ in range(100):
            command = ["git", "-C", str(self.root), "checkout", "-q", "--", self.path]
            done = subprocess.run(command, check=False, capture_output=True)
            if done.returncode == 0:
                return
            time.sleep(0.01)
        raise AssertionError(done.stderr.decode())


@contextmanager
def editing(person: Person) -> Iterator[None]:
    over = threading.Event()

    def go_on() -> None:
        while not over.is_set():
            person.edit_once()

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_a_person_who_edits_all_the_time(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan_for(workspace, 4, 20)
    person = Person(workspace, CATALOG, seed=1)
    with editing(person):
        done = race(workspace, tmp_path, 4, 20)
    with capsys.disabled():
        sys.stdout.write(f"\na person edits the catalog {person.edits} times during {done}\n")
    assert person.edits > 20 and person.lost == []
    assert git(workspace.root, "status", "--porcelain") == ""
