"""kill -9 while clones meet at a remote: whatever the moment, the next run brings both to the same whole state."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from codex.integration import spool
from codex.integration.faults import POINTS, REMOTE_POINTS
from codex.integration.opening import open_workspace
from codex.workspace import Workspace

from .helpers import NOW, fsck, git, in_child
from .remotes import SETTINGS, assert_whole, commit_by_hand, configure, send, ship, shipped, without_network

PASSED = ("remote.fetched", "again.begin", "again.commit", "again.commit:2", "again.made",
          *(p for p in POINTS if p.startswith(("journal", "ref", "checkout")) and p != "checkout.removed"),
          *(f"done.{step}" for step in ("begin", "written", "synced", "renamed", "done")), "spool.removed",
          "push.before", "push.after", "remote.noted")  # fmt: skip


@pytest.fixture(scope="module")
def diverged(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a remote that has gone on (00.01.03) and a clone with two integrations and a commit by hand."""
    home = tmp_path_factory.mktemp("diverged")
    shutil.copytree(template, home / "ws")
    ours = open_workspace(home / "ws")
    git(home, "clone", "-q", "--bare", str(ours.root), str(home / "remote.git"))
    git(home, "clone", "-q", str(home / "remote.git"), str(home / "other"))
    git(ours.root, "remote", "add", "origin", "../remote.git")
    git(home / "other", "remote", "set-url", "origin", "../remote.git")
    configure(ours, SETTINGS)
    other = open_workspace(home / "other")
    configure(other, SETTINGS)
    without_network(ours, "00.01.04")
    commit_by_hand(ours, "notes.md")
    without_network(ours, "00.01.05")
    ship(other, "00.01.03")
    return home


@pytest.mark.parametrize("point", PASSED)
def test_killed_while_it_integrates_again(point: str, diverged: Path, tmp_path: Path) -> None:
    subprocess.run(["cp", "-r", str(diverged), str(tmp_path / "d")], check=True)
    workspace, remote = open_workspace(tmp_path / "d/ws"), tmp_path / "d/remote.git"
    before, pushed = git(workspace.root, "rev-parse", "HEAD"), git(remote, "rev-parse", "main")
    status = in_child(lambda: send(workspace, now=NOW), point)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, "the point was not passed"

    moved = git(workspace.root, "rev-parse", "HEAD") != before
    assert moved == (point not in PASSED[: PASSED.index("ref.after")])
    reopened = open_workspace(workspace.root)  # nobody repairs anything by hand
    assert git(workspace.root, "status", "--porcelain") == "" and fsck(workspace.root) == fsck(remote) == ""
    assert shipped(reopened) == ["00.01.03"] * moved + ["00.01.04", "00.01.05"]
    assert (git(remote, "rev-parse", "main") != pushed) == (point == "push.after")

    ship(reopened, "00.01.06")
    assert shipped(reopened) == ["00.01.03", "00.01.04", "00.01.05", "00.01.06"]
    assert git(workspace.root, "log", "--format=%s", "-4").splitlines() == ["Test", "Test", "Hand: notes.md", "Test"]
    assert_whole(reopened, remote)
    assert list((workspace.state_dir / "spool/kept").iterdir()) == []


LOST = ("push.before", "push.after", "remote.fetched", "again.begin", "again.commit", "again.commit:2", "again.made",
        "push.before:2", "push.after:2", *PASSED[PASSED.index("again.made") + 1 : PASSED.index("push.before")],
        "remote.noted")  # fmt: skip
#: The rest is killed in soak: what follows is the same code as above.
SHORT = ("push.after", "remote.fetched", "again.commit:2", "again.made", "push.before:2", "push.after:2",
         "journal.done", "ref.before", "ref.after", "checkout.files", "remote.noted")  # fmt: skip


@pytest.fixture(scope="module")
def racing(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, but the remote does not have 00.01.03 yet: the other clone is about to push it."""
    home = tmp_path_factory.mktemp("racing")
    shutil.copytree(template, home / "ws")
    ours = open_workspace(home / "ws")
    git(home, "clone", "-q", "--bare", str(ours.root), str(home / "remote.git"))
    git(home, "clone", "-q", str(home / "remote.git"), str(home / "other"))
    for place in (ours.root, home / "other"):
        git(place, "remote", "add" if place == ours.root else "set-url", "origin", "../remote.git")
        configure(open_workspace(place), SETTINGS)
    without_network(ours, "00.01.04")
    commit_by_hand(ours, "notes.md")
    without_network(ours, "00.01.05")
    without_network(open_workspace(home / "other"), "00.01.03")
    return home


def send_too_late(workspace: Workspace, other: Path) -> list[str]:
    """Send, the other clone's push coming between our look and our push."""
    from codex.integration import push as module

    real = module.push

    def late(*arguments):
        git(other, "push", "-q", "origin", "main")
        return real(*arguments)

    module.push = late
    try:
        return send(workspace, now=NOW)
    finally:
        module.push = real


@pytest.mark.parametrize("point", [p if p in SHORT else pytest.param(p, marks=pytest.mark.soak) for p in LOST])
def test_killed_after_a_push_that_came_too_late(point: str, racing: Path, tmp_path: Path) -> None:
    subprocess.run(["cp", "-r", str(racing), str(tmp_path / "d")], check=True)
    workspace, remote = open_workspace(tmp_path / "d/ws"), tmp_path / "d/remote.git"
    before, commits = git(workspace.root, "rev-parse", "HEAD"), commits_of(remote)
    status = in_child(lambda: send_too_late(workspace, tmp_path / "d/other"), point)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, "the point was not passed"

    moved, pushed = LOST.index(point) >= LOST.index("ref.after"), LOST.index(point) >= LOST.index("push.after:2")
    reopened = open_workspace(workspace.root)  # nobody repairs anything by hand
    assert (git(workspace.root, "rev-parse", "HEAD") != before) == moved
    assert git(workspace.root, "status", "--porcelain") == "" and fsck(workspace.root) == fsck(remote) == ""
    assert commits_of(remote) - commits == (point != "push.before") + 3 * pushed

    if point == "push.before":
        git(tmp_path / "d/other", "push", "-q", "origin", "main")
    ship(reopened, "00.01.06")
    assert shipped(reopened) == ["00.01.03", "00.01.04", "00.01.05", "00.01.06"]
    assert git(workspace.root, "log", "--format=%s", "-4").splitlines() == ["Test", "Test", "Hand: notes.md", "Test"]
    assert commits_of(remote) - commits == 5
    assert_whole(reopened, remote)
    assert list((workspace.state_dir / "spool/kept").iterdir()) == []
    assert not any(each.warnings for each in results_of(reopened))


def commits_of(remote: Path) -> int:
    return int(git(remote, "rev-list", "--count", "main"))


def results_of(workspace: Workspace):
    names = [path.stem for path in (workspace.state_dir / "spool/done").glob("*.json")]
    return [spool.result(workspace, name) for name in names]


def test_what_a_kill_left_is_found_though_the_remote_has_changed_it_since(racing: Path, tmp_path: Path) -> None:
    """The copy of a person's commit is on the remote, and somebody has changed its file there: it is not made twice."""
    subprocess.run(["cp", "-r", str(racing), str(tmp_path / "d")], check=True)
    workspace, other = open_workspace(tmp_path / "d/ws"), open_workspace(tmp_path / "d/other")
    in_child(lambda: send_too_late(workspace, other.root), "push.after:2")
    git(other.root, "pull", "-q")
    commit_by_hand(other, "notes.md", "theirs, later\n")
    git(other.root, "push", "-q")
    assert send(workspace, now=NOW) == []
    assert (workspace.root / "notes.md").read_text() == "theirs, later\n"
    assert git(workspace.root, "log", "--format=%s", "-5", "--", "notes.md").splitlines() == ["Hand: notes.md"] * 2
    assert_whole(workspace, tmp_path / "d/remote.git")


def test_what_was_integrated_here_during_the_push_goes_on_top(
    racing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from codex.integration import push as module

    subprocess.run(["cp", "-r", str(racing), str(tmp_path / "d")], check=True)
    workspace, real = open_workspace(tmp_path / "d/ws"), module.push
    pushes = []

    def slow(*arguments):
        pushes.append(arguments)
        if len(pushes) == 1:
            git(tmp_path / "d/other", "push", "-q", "origin", "main")
        if len(pushes) == 2:
            without_network(open_workspace(workspace.root), "00.01.06")
        return real(*arguments)

    monkeypatch.setattr(module, "push", slow)
    assert send(workspace, now=NOW) == []
    assert shipped(workspace) == ["00.01.03", "00.01.04", "00.01.05", "00.01.06"]
    assert send(workspace, now=NOW) == []
    assert_whole(workspace, tmp_path / "d/remote.git")


def test_every_point_of_the_remote_is_killed() -> None:
    assert set(REMOTE_POINTS) <= set(PASSED) and set(REMOTE_POINTS) <= set(LOST)
