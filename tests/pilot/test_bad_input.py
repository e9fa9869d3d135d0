"""Bad input of every kind that a person can bring about: one clear sentence, the right exit status, nothing lost."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deployments.server import Server
from tests.flows.helpers import audit_reply, record
from tests.pilot.helpers import SLUG, Replay, Surroundings, blobs, events, git, run

IDENTITY = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false")
LOG = "manifests/campaign.log.jsonl"
RUN = ("run", SLUG, "--until", "audited", "--backend", "replay")

Replaying = Callable[..., Replay]


@pytest.fixture
def folder(fresh_pilot: Path, tmp_path: Path) -> Path:
    """A new pilot workspace of this test's own."""
    return Path(shutil.copytree(fresh_pilot, tmp_path / "pilot"))


@pytest.fixture
def alone(tmp_path: Path) -> Surroundings:
    """No Prefect server: what is refused is refused before one is looked for."""
    return Surroundings("http://127.0.0.1:9/api", tmp_path / "prefect-home")


def refused(done: subprocess.CompletedProcess[str], status: int, *said: str) -> None:
    """The command ended with that status and one sentence (with its remedy) on standard error that says all this."""
    assert done.returncode == status, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    first, *rest = done.stderr.splitlines()
    assert first.startswith("codexctl: "), done.stderr
    assert len(rest) <= 1, done.stderr
    assert all(line.startswith("          ") for line in rest), done.stderr
    for words in said:
        assert words in done.stderr


def state(folder: Path) -> dict[str, Any]:
    """All that could be lost: commits, staged changes, and every file of a person's in the folder."""
    files = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file() and {".git", ".codex"}.isdisjoint(p.parts)}
    return {"head": git(folder, "rev-parse", "HEAD"), "status": git(folder, "status", "--porcelain"), "files": files}


def no_server_was_started(folder: Path) -> bool:
    return not (folder / ".codex" / "state" / "server.json").exists()


def test_a_book_that_nobody_knows(folder: Path, alone: Surroundings) -> None:
    before = state(folder)
    refused(run(alone, "-w", folder, "run", "lawson-spin", "--backend", "replay"), 2, "'lawson-spin'", f"mean {SLUG}")
    refused(run(alone, "-w", folder, "run", "9.99", "--backend", "replay"), 2, "'9.99'", "codexctl ledger show")
    assert state(folder) == before
    assert no_server_was_started(folder)


def test_a_folder_that_is_no_workspace(tmp_path: Path, alone: Surroundings) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "todo.txt").write_text("mine")
    refused(run(alone, "-w", tmp_path / "notes", *RUN), 2, "is not a workspace", "codexctl init")
    refused(run(alone, "-w", tmp_path / "nowhere", *RUN), 2, "There is no folder")
    refused(run(alone, "pilot", tmp_path / "notes"), 2, "is not empty")
    assert [p.name for p in (tmp_path / "notes").iterdir()] == ["todo.txt"]
    assert not (tmp_path / "nowhere").exists()


def test_a_workspace_without_its_repository(folder: Path, alone: Surroundings) -> None:
    shutil.rmtree(folder / ".git")
    refused(run(alone, "pilot", folder), 2, "is not a git repository")
    assert no_server_was_started(folder)


def test_a_merge_in_progress(folder: Path, alone: Surroundings) -> None:
    git(folder, "switch", "--quiet", "--create", "theirs")
    (folder / "OVERVIEW.md").write_text("theirs\n")
    git(folder, *IDENTITY, "commit", "--quiet", "--all", "--message", "theirs")
    git(folder, "switch", "--quiet", "main")
    (folder / "OVERVIEW.md").write_text("ours\n")
    git(folder, *IDENTITY, "commit", "--quiet", "--all", "--message", "ours")
    assert subprocess.run(["git", "-C", folder, *IDENTITY, "merge", "theirs"], capture_output=True).returncode == 1
    before = state(folder)
    refused(run(alone, "pilot", folder), 2, "A merge is under way", "git merge --continue", "git merge --abort")
    assert state(folder) == before
    assert (folder / ".git" / "MERGE_HEAD").exists()
    assert no_server_was_started(folder)


def test_a_detached_head(folder: Path, alone: Surroundings) -> None:
    git(folder, "switch", "--quiet", "--detach")
    before = state(folder)
    refused(run(alone, "pilot", folder), 2, "HEAD is detached", "git switch")
    assert state(folder) == before
    assert no_server_was_started(folder)


def test_a_ledger_line_that_is_not_one(folder: Path, alone: Surroundings) -> None:
    lines = (folder / LOG).read_text().splitlines(keepends=True)
    (folder / LOG).write_text("".join([lines[0], lines[1][: len(lines[1]) // 2] + "\n", *lines[2:]]))
    git(folder, *IDENTITY, "commit", "--quiet", "--all", "--message", "cut")
    before = state(folder)
    for command in (("pilot", folder), ("-w", folder, *RUN), ("-w", folder, "ledger", "show")):
        refused(run(alone, *command), 2, LOG, "2")
    assert state(folder) == before
    assert no_server_was_started(folder)
    checked = run(alone, "-w", folder, "ledger", "verify")
    assert checked.returncode == 1
    assert LOG in checked.stdout + checked.stderr
    assert "Traceback" not in checked.stderr


def test_nobody_to_answer(folder: Path, alone: Surroundings) -> None:
    before = state(folder)
    refused(run(alone, "-w", folder, "run", SLUG), 2, "no key", "ANTHROPIC_API_KEY", "handoff", "replay")
    refused(run(alone, "pilot", folder, "--backend", "anthropic"), 2, "ANTHROPIC_API_KEY")
    refused(run(alone, "pilot", folder, "--backend", "nobody"), 2, "backend", "'nobody'")
    gone = folder / "no-such-recordings"
    refused(run(alone, "-w", folder, *RUN, "--recordings", gone), 2, f"no recordings in {gone}")
    assert state(folder) == before
    assert no_server_was_started(folder)


def test_a_port_that_is_taken(folder: Path, alone: Surroundings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused(run(alone, "-w", folder, "up", "--port", port), 2, f"Port {port} of 127.0.0.1 is taken", "--port")
    assert no_server_was_started(folder)


@pytest.mark.soak
def test_a_server_that_cannot_start(folder: Path, alone: Surroundings, tmp_path: Path) -> None:
    home = folder / ".codex" / "state" / "prefect"
    home.parent.mkdir(parents=True, exist_ok=True)
    home.write_text("in the way of the server's folder")
    before = state(folder)
    recordings = record(tmp_path / "recordings", "P1_audit.1", audit_reply())
    refused(run(alone, "-w", folder, *RUN, "--recordings", recordings), 2, "Prefect server", "server.log")
    assert state(folder) == before
    assert no_server_was_started(folder)


@pytest.mark.soak
def test_replies_that_do_not_fit_and_a_call_without_a_recording(
    folder: Path, prefect_server: Server, replaying: Replaying, tmp_path: Path
) -> None:
    """An audit that never fits its model; the next attempt has no recording, and once it has one, it ends with a
    person. What was answered is asked for once. A person's uncommitted work is normal meanwhile, and stays."""
    invalid = audit_reply(theorems="none of the kind", perspective=None)
    recordings = record(tmp_path / "recordings", "P1_audit.1", invalid, invalid, invalid)
    replay = replaying(recordings)
    where = Surroundings(prefect_server.url, tmp_path / "prefect-home", replay.url)
    command = ("-w", folder, *RUN, "--recordings", recordings)
    mine, status = uncommitted_work(folder)

    refused(run(where, *command), 2, f"Recording missing for book:{SLUG}/P1_audit/2/1", "--backend")
    failed = [event for event in events(folder) if event["kind"] == "pass_failed"]
    assert [event["data"]["defects"][0]["code"] for event in failed] == ["invalid_reply"]
    assert "theorems" in failed[0]["data"]["defects"][0]["what"]
    assert events(folder)[-1]["kind"] == "released"

    record(recordings, "P1_audit.2", invalid, invalid, invalid)
    record(recordings, "P1_audit.3", invalid, invalid, invalid)
    refused(run(where, *command), 3, SLUG, "waits for a person", "theorems")
    assert [event["kind"] for event in events(folder)][-2:] == ["escalated", "released"]
    assert not [path for path in blobs(folder) if path.startswith("plans/")], "nothing of a reply that does not fit"
    assert run(where, "-w", folder, "ledger", "verify").returncode == 0
    asked = replay.requests()
    assert asked.pop(f"book:{SLUG}/P1_audit/2/1") == 2, "once without its recording"
    assert set(asked.values()) == {1}
    assert len(asked) == 5, "two turns an attempt: a reply that does not fit goes back once"
    assert {path: path.read_bytes() for path in mine} == mine
    assert git(folder, "status", "--porcelain") == status


def uncommitted_work(folder: Path) -> tuple[dict[Path, bytes], str]:
    """Change a unit, stage a file, leave another unknown to git; returns these files and what `git status` says."""
    unit = next(folder.glob("content/**/*vector-space.md"))
    unit.write_text(unit.read_text() + "\nA sentence that is not committed.\n")
    (folder / "mine.txt").write_text("not known to git")
    (folder / "staged.txt").write_text("staged")
    git(folder, "add", "staged.txt")
    mine = {path: path.read_bytes() for path in (unit, folder / "mine.txt", folder / "staged.txt")}
    return mine, git(folder, "status", "--porcelain")


#: Kilobytes that are free on the disk: enough for half of the pass, too little for the journal, for the first commit.
FREE = (250, *(pytest.param(few, marks=pytest.mark.soak) for few in (0, 120)))

FULL_DISK = """
set -e
mount -t tmpfs -o size=24m tmpfs "$HERE"
cp -a "$WORKSPACE" "$HERE/ws"
head -c $(( ($(df -k --output=avail "$HERE" | tail -1) - FREE) * 1024 )) /dev/zero > "$HERE/filler"
"$@" && exit 99
code=$?
rm "$HERE/filler"
git -C "$HERE/ws" fsck --strict --no-dangling >&2
"$@" >&2
cat "$HERE/ws/manifests/campaign.log.jsonl"
git -C "$HERE/ws" status --porcelain
exit $code
"""


@pytest.mark.parametrize("free", FREE)
def test_a_full_disk(free: int, folder: Path, prefect_server: Server, replaying: Replaying, tmp_path: Path) -> None:
    """On a small disk of its own: the run stops with a sentence, and goes on when there is room."""
    if subprocess.run(["unshare", "--user", "--map-root-user", "--mount", "true"], capture_output=True).returncode:
        pytest.skip("this machine does not let a test mount a small disk (unshare --user --mount)")
    recordings = record(tmp_path / "recordings", "P1_audit.1", audit_reply(theorems=[]))
    replay = replaying(record(recordings, "P1_audit.2", audit_reply()))
    here = tmp_path / "disk"
    here.mkdir()
    where = Surroundings(prefect_server.url, tmp_path / "prefect-home", replay.url)
    command = [sys.executable, "-m", "codex.cli", "-w", here / "ws", *RUN, "--recordings", recordings]
    script = FULL_DISK.replace("FREE", str(free))
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", *map(str, command)],
        env=where.environment() | {"HERE": str(here), "WORKSPACE": str(folder)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert done.stderr.startswith("codexctl: "), done.stderr
    *printed, status = done.stdout.partition("{")
    kinds = [json.loads(line)["kind"] for line in (printed[1] + status).splitlines()]
    assert kinds[-2:] == ["transition", "released"]
    assert kinds.count("pass_failed") == kinds.count("pass_completed") == 1
    assert all(times == 1 for times in replay.requests().values())
