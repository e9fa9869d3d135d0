"""Clones on "several machines" integrate and push to one bare remote at once: the remote has everything, once."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from codex.integration.opening import open_workspace
from codex.workspace import Workspace
from deployments.api import Api
from deployments.environment import environment
from deployments.server import Server

from .helpers import fsck, git
from .race import Race, add_plan, assert_nothing_dropped, assert_race_whole, jobs_of, new_ids, run_race

SETTINGS = '[git]\nremote = "origin"\npush = true\n'


def clones(workspace: Workspace, folder: Path, count: int, each: int) -> tuple[Path, list[Path]]:
    """A bare remote, and that many clones of it; what they will bring is in the production plan."""
    (workspace.root / "codex.toml").write_text(SETTINGS, encoding="utf-8")
    add_plan(workspace, new_ids(job for owner in range(count) for job in jobs_of(owner, count, each)))
    remote = folder / "remote.git"
    git(folder, "clone", "-q", "--bare", str(workspace.root), str(remote))
    places = [folder / f"clone-{number}" for number in range(count)]
    for place in places:
        git(folder, "clone", "-q", str(remote), str(place))
    return remote, places


def assert_all_agree(remote: Path, places: list[Path], folder: Path, race: Race) -> None:
    """What must hold on the remote holds in a new clone of it; each old one has nothing that the remote lacks."""
    assert fsck(remote) == ""
    git(folder, "clone", "-q", str(remote), str(folder / "new"))
    assert_race_whole(open_workspace(folder / "new"), race)
    assert_nothing_dropped(open_workspace(folder / "new"), race)
    for place in places:
        assert git(place, "status", "--porcelain") == "", place
        git(place, "fetch", "-q")
        git(place, "merge", "-q", "--ff-only", "origin/main")
        assert git(place, "rev-parse", "HEAD") == git(remote, "rev-parse", "main")
        assert git(place, "status", "--porcelain") == "" and fsck(place) == ""


#: Two clones may give the same id away before either has pushed: the one whose push comes second is told so.
LOST = re.compile(r"clash \S+ \(\S+\) is no longer accepted on the remote's state: \S+ the id belongs to ")


def warnings_of(race: Race) -> list[str]:
    return [warning for each in race.reports for warning in each["result"]["warnings"]]


def test_two_clones(workspace: Workspace, tmp_path: Path) -> None:
    remote, places = clones(workspace, tmp_path, 2, 5)
    done = run_race("tests.integration.race_worker", places, 5, tmp_path)
    assert_all_agree(remote, places, tmp_path, done)
    assert [warning for warning in warnings_of(done) if not LOST.match(warning)] == []


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_four_clones_without_prefect(workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing orders them: compare-and-swap alone decides."""
    remote, places = clones(workspace, tmp_path, 4, 25)
    done = run_race("tests.integration.race_worker", places, 25, tmp_path)
    late = [warning for warning in warnings_of(done) if "not on origin yet" in warning]
    with capsys.disabled():
        sys.stdout.write(f"\n4 clones x 25 through one remote, without the slot: {done}; {len(late)} pushed later\n")
    assert_all_agree(remote, places, tmp_path, done)
    assert late == []  # nobody starves: each push comes through in its own turn


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_four_clones_with_prefect_in_between(
    workspace: Workspace, tmp_path: Path, prefect_server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    limit = "codex-integrate-clones"
    Api(prefect_server.url).post("/v2/concurrency_limits/", {"name": limit, "limit": 1})
    remote, places = clones(workspace, tmp_path, 4, 25)
    base = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT", "CODEX"))}
    env = environment(prefect_server.url, prefect_server.home, base)
    done = run_race("tests.integration.race_prefect_worker", places, 25, tmp_path, env, limit)
    with capsys.disabled():
        sys.stdout.write(f"\n4 clones x 25 through one remote, with Prefect's slot: {done}\n")
    assert_all_agree(remote, places, tmp_path, done)
    assert warnings_of(done) == []
    assert Api(prefect_server.url).get(f"/v2/concurrency_limits/{limit}")["active_slots"] == 0
