"""The remote: fast-forward only, integrated again when it has gone on, and never at the price of a commit."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from codex.errors import UserError
from codex.integration import spool
from codex.integration.integrator import integrate
from codex.workspace import Workspace

from .helpers import NOW, changed_unit, git, new_unit, path_of, proposal, unit_text
from .remotes import (
    IDENTITY,
    SETTINGS,
    assert_whole,
    commit_by_hand,
    configure,
    send,
    ship,
    shipped,
    without_network,
)


@pytest.fixture
def remote(workspace: Workspace, tmp_path: Path) -> Path:
    git(tmp_path, "clone", "-q", "--bare", str(workspace.root), str(tmp_path / "remote.git"))
    git(workspace.root, "remote", "add", "origin", f"file://{tmp_path / 'remote.git'}")
    configure(workspace, SETTINGS)
    return tmp_path / "remote.git"


@pytest.fixture
def other(remote: Path, tmp_path: Path) -> Workspace:
    """A second clone."""
    git(tmp_path, "clone", "-q", f"file://{remote}", str(tmp_path / "other"))
    clone = Workspace.open(tmp_path / "other")
    configure(clone, SETTINGS)
    return clone


def test_the_commit_is_pushed(workspace: Workspace, remote: Path) -> None:
    result = ship(workspace, "00.01.03")
    assert result.warnings == () and git(remote, "rev-parse", "main") == result.commit
    assert list((workspace.state_dir / "spool/kept").iterdir()) == []


def test_nothing_is_pushed_unless_it_is_asked_for(workspace: Workspace, remote: Path) -> None:
    configure(workspace, '[git]\nremote = "origin"\n')
    first = ship(workspace, "00.01.03")
    assert git(remote, "rev-parse", "main") != first.commit
    second = ship(workspace, "00.01.04", push=True)
    assert git(remote, "rev-parse", "main") == second.commit


def test_another_branch_and_one_that_is_not_there_yet(workspace: Workspace, remote: Path) -> None:
    configure(workspace, SETTINGS + 'branch = "codex/work"\n')
    result = ship(workspace, "00.01.03")
    assert git(remote, "rev-parse", "codex/work") == result.commit != git(remote, "rev-parse", "main")


@pytest.mark.parametrize(
    ("settings", "said"),
    [("", "No remote is configured"), ('[git]\nremote = "upstream"\n', "There is no remote 'upstream'.*has origin")],
)
def test_a_push_without_a_remote_is_a_wrong_call(workspace: Workspace, remote: Path, settings: str, said: str) -> None:
    configure(workspace, settings)
    with pytest.raises(UserError, match=said):
        ship(workspace, "00.01.03", push=True)


def test_a_clone_follows_the_remote_before_it_works(workspace: Workspace, remote: Path, other: Workspace) -> None:
    theirs = ship(other, "00.01.03")
    (other.root / "README").write_text("theirs\n")
    commit_by_hand(other, "README")
    git(other.root, "push", "-q")
    ours = ship(workspace, "00.01.04")
    assert git(workspace.root, "rev-list", "--count", f"{theirs.commit}..{ours.commit}") == "2"
    assert shipped(workspace) == ["00.01.03", "00.01.04"] and (workspace.root / "README").exists()
    assert_whole(workspace, remote)


def test_a_remote_that_went_on_gets_the_work_again(workspace: Workspace, remote: Path, other: Workspace) -> None:
    mine = [without_network(workspace, unit_id) for unit_id in ("00.01.04", "00.01.05")]
    ship(other, "00.01.03")
    last = ship(workspace, "00.01.06")
    assert shipped(workspace) == ["00.01.03", "00.01.04", "00.01.05", "00.01.06"]
    assert_whole(workspace, remote)
    kept = [spool.result(workspace, result.proposal) for result in mine]
    history = git(workspace.root, "rev-list", "HEAD").split()
    assert [result.commit in history for result in [*kept, last]] == [True] * 3
    assert not {result.commit for result in mine} & set(history)
    assert integrate(workspace, [proposal(workspace, new_unit("00.01.04"))], now=NOW)[0].status == "unchanged"


def test_both_were_quick(workspace: Workspace, remote: Path, other: Workspace, monkeypatch) -> None:
    """The other clone pushes in between, again and again: after we have looked and before we push."""
    from codex.integration import push as module

    real, ids = module.push, iter(["00.01.07", "00.01.08", "00.01.09"])

    def slow(*arguments):
        unit_id = next(ids, None)
        if unit_id:
            with monkeypatch.context() as patch:
                patch.setattr(module, "push", real)
                ship(other, unit_id)
        return real(*arguments)

    monkeypatch.setattr(module, "push", slow)
    result = ship(workspace, "00.01.03")
    assert result.warnings == () and result.accepted == ("00.01.03",)
    assert shipped(workspace) == ["00.01.07", "00.01.08", "00.01.09", "00.01.03"]
    assert_whole(workspace, remote)


def test_an_id_that_the_other_clone_took_is_turned_down_and_kept(
    workspace: Workspace, remote: Path, other: Workspace
) -> None:
    mine = without_network(workspace, "00.01.03")
    text = unit_text("00.01.03").replace("title: Unit 00.01.03", "title: Another")
    integrate(other, [proposal(other, new_unit("00.01.03", text=text))], now=NOW)
    assert any("no longer accepted" in note and "00.01.03" in note for note in send(workspace, now=NOW))
    result = spool.result(workspace, mine.proposal)
    assert result.accepted == () and result.rejected[0].reason == "id-taken"
    late = workspace.state_dir / "spool/late" / f"{mine.proposal}.json"
    assert late.exists() and any(str(late) in warning for warning in result.warnings)
    assert git(workspace.root, "rev-parse", f"refs/codex/replaced/{mine.commit[:12]}") == mine.commit
    assert "title: Another" in workspace.snapshot().text(path_of("00.01.03"))
    assert_whole(workspace, remote)


def test_a_persons_commit_is_carried_over(workspace: Workspace, remote: Path, other: Workspace) -> None:
    without_network(workspace, "00.01.04")
    mine = commit_by_hand(workspace, "notes.md")
    without_network(workspace, "00.01.05")
    ship(other, "00.01.03")
    notes = send(workspace, now=NOW)
    assert any(f'Your commit {mine[:12]} "Hand: notes.md"' in note for note in notes)
    assert git(workspace.root, "log", "-2", "--format=%s").splitlines() == ["Test", "Hand: notes.md"]
    assert git(workspace.root, "log", "-1", "--format=%an %ae", "HEAD~1") == "p p@x"
    assert (workspace.root / "notes.md").read_text() == "mine\n"
    assert git(workspace.root, "merge-base", "--is-ancestor", mine, "refs/codex/replaced/" + notes[-1][-13:-1]) == ""
    assert_whole(workspace, remote)


def test_a_persons_commit_that_would_need_merging_stops_the_push(
    workspace: Workspace, remote: Path, other: Workspace
) -> None:
    mine = commit_by_hand(workspace, "notes.md")
    without_network(workspace, "00.01.04")
    commit_by_hand(other, "notes.md", "theirs\n")
    ship(other, "00.01.03")
    before = git(workspace.root, "rev-parse", "HEAD")
    result = ship(workspace, "00.01.05")
    (warning,) = result.warnings
    assert f'{mine[:12]} "Hand: notes.md" changed notes.md' in warning and "not on origin yet" in warning
    assert git(workspace.root, "rev-parse", "HEAD~1") == before and shipped(other) == ["00.01.03"]

    steps = warning.split("Set it aside")[1].split("`")  # what it says to do works
    for command in (steps[1], steps[3]):
        subprocess.run(command.replace("git ", "git -c user.name=p -c user.email=p@x "), shell=True, check=True,
                       cwd=workspace.root, capture_output=True)  # fmt: skip
    assert not any("not on origin" in note for note in send(workspace, now=NOW))
    assert shipped(workspace) == ["00.01.03", "00.01.04", "00.01.05"]
    assert git(workspace.root, "show", "mine:notes.md") == "mine"
    assert_whole(workspace, remote)


def test_an_amended_integration_is_the_persons_own(workspace: Workspace, remote: Path, other: Workspace) -> None:
    without_network(workspace, "00.01.04")
    place = workspace.root / path_of("00.01.04")
    place.write_text(place.read_text() + "\nA line of mine.\n")
    git(workspace.root, *IDENTITY, "commit", "-q", "--amend", "-a", "--no-edit")
    head = git(workspace.root, "rev-parse", "HEAD")
    ship(other, "00.01.03")
    assert any("not on origin yet" in note for note in send(workspace, now=NOW))
    assert git(workspace.root, "rev-parse", "HEAD") == head and "A line of mine" in place.read_text()


def test_merges_and_signed_commits_and_strangers_stop_it(workspace: Workspace, remote: Path, other: Workspace) -> None:
    ship(other, "00.01.03")
    git(workspace.root, "checkout", "-qb", "side")
    commit_by_hand(workspace, "side.md")
    git(workspace.root, "checkout", "-q", "main")
    git(workspace.root, *IDENTITY, "merge", "-q", "--no-ff", "-m", "Joined", "side")
    assert "joins several commits" in send(workspace, now=NOW)[0]
    git(workspace.root, "reset", "-q", "--hard", "HEAD^1")
    raw = git(workspace.root, "cat-file", "commit", git(workspace.root, "rev-parse", "side"))
    signed = raw.replace("\n\n", "\ngpgsig -----BEGIN-----\n x\n -----END-----\n\n", 1)
    made = git(workspace.root, "hash-object", "-t", "commit", "-w", "--stdin", input=signed + "\n")
    git(workspace.root, "reset", "-q", "--hard", made)
    assert "is signed" in send(workspace, now=NOW)[0]
    tree = git(workspace.root, "rev-parse", "HEAD^{tree}")
    alone = git(workspace.root, *IDENTITY, "commit-tree", tree, "-m", "alone")
    git(workspace.root, "reset", "-q", "--hard", alone)
    assert "no commit in common" in send(workspace, now=NOW)[0]


def test_uncommitted_edits_stay_while_the_branch_follows(workspace: Workspace, remote: Path, other: Workspace) -> None:
    integrate(other, [proposal(other, changed_unit(other, "00.01.02", lambda text: text + "\nMore.\n"))], now=NOW)
    place = workspace.root / path_of("00.01.02")
    place.write_text(place.read_text() + "\nMy edit.\n")
    ship(workspace, "00.01.04")
    assert place.read_text().endswith("\nMy edit.\n") and "More." not in place.read_text()
    assert git(workspace.root, "status", "--porcelain") == f" M {path_of('00.01.02')}"
    assert git(remote, "rev-parse", "main") == git(workspace.root, "rev-parse", "HEAD")


def test_links_and_private_folders_of_a_remote_are_not_followed(
    workspace: Workspace, remote: Path, other: Workspace, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (other.root / "content/link.md").symlink_to(tmp_path)
    (other.root / "evil").mkdir()
    git(other.root, "add", "content/link.md")
    blob = git(other.root, "hash-object", "-w", "--stdin", input="evil")
    git(other.root, "update-index", "--add", "--cacheinfo", f"100644,{blob},.codex/state/checkout.json")
    git(other.root, *IDENTITY, "commit", "-qm", "Links")
    git(other.root, "push", "-q")
    result = ship(workspace, "00.01.04")
    assert result.accepted == ("00.01.04",) and git(remote, "rev-parse", "main") == result.commit
    assert not (workspace.root / "content/link.md").is_symlink()
    assert "content/link.md was not checked out" in caplog.text
    assert not (workspace.state_dir / "checkout.json").exists()


# remotes in trouble


def test_a_remote_that_is_gone_costs_no_commit(workspace: Workspace, remote: Path) -> None:
    gone = remote.rename(remote.with_name("gone"))
    first = ship(workspace, "00.01.03")
    assert first.commit and "not on origin yet" in first.warnings[0] and "integrate --push" in first.warnings[0]
    assert spool.result(workspace, first.proposal) == first
    gone.rename(remote)
    second = ship(workspace, "00.01.04")
    assert second.warnings == () and git(remote, "rev-parse", "main") == second.commit
    assert send(workspace, now=NOW) == []


def hook(remote: Path, body: str) -> None:
    place = remote / "hooks/pre-receive"
    place.parent.mkdir(exist_ok=True)
    place.write_text(f"#!/bin/sh\n{body}\n")
    place.chmod(0o755)


def test_a_remote_that_refuses_says_why(workspace: Workspace, remote: Path) -> None:
    hook(remote, "echo 'Closed on Sundays.' >&2; exit 1")
    result = ship(workspace, "00.01.03")
    (warning,) = result.warnings
    assert "refuses the push (Closed on Sundays)" in warning and result.commit
    (remote / "hooks/pre-receive").unlink()
    assert send(workspace, now=NOW) == [] and git(remote, "rev-parse", "main") == result.commit


def runs(pid: int) -> bool:
    """True for a process that is there and not dead and waiting to be collected."""
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


def test_a_remote_that_is_slow_is_given_up_and_nothing_is_left_running(
    workspace: Workspace, remote: Path, tmp_path: Path
) -> None:
    configure(workspace, SETTINGS.replace("20", "1"))
    hook(remote, f"echo $$ > {tmp_path}/hook.pid; sleep 60")
    begun = time.monotonic()
    result = ship(workspace, "00.01.03")
    assert time.monotonic() - begun < 15 and "did not answer within 1 s" in result.warnings[0]
    assert not runs(int((tmp_path / "hook.pid").read_text()))
    (remote / "hooks/pre-receive").unlink()
    configure(workspace, SETTINGS)
    assert send(workspace, now=NOW) == [] and git(remote, "rev-parse", "main") == result.commit


@pytest.fixture
def silent() -> Iterator[int]:
    """A server that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []
        threading.Thread(target=lambda: held.append(server.accept()[0]), daemon=True).start()
        yield server.getsockname()[1]
        for connection in held:
            connection.close()


def test_a_server_that_never_answers(workspace: Workspace, remote: Path, silent: int) -> None:
    configure(workspace, SETTINGS.replace("20", "1"))
    git(workspace.root, "remote", "set-url", "origin", f"git://127.0.0.1:{silent}/x.git")
    begun = time.monotonic()
    result = ship(workspace, "00.01.03")
    assert time.monotonic() - begun < 10 and "did not answer within 1 s" in result.warnings[0]
    assert result.commit == git(workspace.root, "rev-parse", "HEAD")


@pytest.fixture
def daemon(remote: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A real git server on loopback."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = ["git", "daemon", "--reuseaddr", "--listen=127.0.0.1", f"--port={port}", f"--base-path={remote.parent}",
               "--export-all", "--enable=receive-pack", str(remote.parent)]  # fmt: skip
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.02)
        yield server, port
    finally:
        stop(server)


def stop(server: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()


def test_a_server_that_is_killed_in_the_middle(
    workspace: Workspace, remote: Path, daemon: tuple[subprocess.Popen[bytes], int], tmp_path: Path
) -> None:
    server, port = daemon
    git(workspace.root, "remote", "set-url", "origin", f"git://127.0.0.1:{port}/remote.git")
    assert ship(workspace, "00.01.03").warnings == ()
    hook(remote, f"touch {tmp_path}/in-the-hook; sleep 20")

    def kill() -> None:
        while not (tmp_path / "in-the-hook").exists():
            time.sleep(0.02)
        stop(server)

    killer = threading.Thread(target=kill)
    killer.start()
    result = ship(workspace, "00.01.04")
    killer.join()
    assert "not on origin yet" in result.warnings[0] and result.commit == git(workspace.root, "rev-parse", "HEAD")
    (remote / "hooks/pre-receive").unlink()
    git(workspace.root, "remote", "set-url", "origin", f"file://{remote}")
    assert send(workspace, now=NOW) == []
    assert_whole(workspace, remote)


def test_no_question_is_asked(workspace: Workspace, remote: Path, tmp_path: Path) -> None:
    """ssh is called so that it cannot ask; a helper of the person's own is left alone."""
    fake = tmp_path / "bin"
    fake.mkdir()
    (fake / "ssh").write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked; echo no >&2; exit 255\n')
    (fake / "ssh").chmod(0o755)
    git(workspace.root, "remote", "set-url", "origin", "ssh://git@127.0.0.1/x.git")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{fake}:{os.environ['PATH']}")
        assert "cannot be reached" in ship(workspace, "00.01.03").warnings[0]
        assert "BatchMode=yes" in (tmp_path / "asked").read_text()
        (tmp_path / "asked").unlink()
        git(workspace.root, "config", "core.sshCommand", "ssh -F /my/own")
        assert "-F /my/own" in send(workspace, now=NOW)[0] or "-F /my/own" in (tmp_path / "asked").read_text()


def test_who_is_late_again_and_again_gives_up_in_the_end(
    workspace: Workspace, remote: Path, other: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from codex.integration import push as module
    from codex.integration.remote import Answer

    monkeypatch.setattr(module, "PATIENCE", 1.5)
    without_network(workspace, "00.01.04")
    ship(other, "00.01.03")
    monkeypatch.setattr(module, "push", lambda *_: Answer.BEHIND)
    begun, head = time.monotonic(), git(workspace.root, "rev-parse", "HEAD")
    (problem,) = send(workspace, now=NOW)
    assert 1.5 < time.monotonic() - begun < 10
    assert "gone on" in problem and "times within 1.5 s" in problem and "It is safe here" in problem
    assert git(workspace.root, "rev-parse", "HEAD") != head  # it followed when the turn began, and stayed there
    monkeypatch.undo()
    configure(workspace, SETTINGS)
    assert send(workspace, now=NOW) == []
    assert_whole(workspace, remote)
