"""What a disk, a dead git or a person can do to an integration: before or after, said in words, mended by itself."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from codex.campaign.verify import verify
from codex.errors import CodexError, StorageError
from codex.integration import gitstore, integrator, spool
from codex.integration.gitstore import publish
from codex.integration.integrator import drain, integrate
from codex.integration.opening import open_workspace
from codex.workspace import Workspace

from .helpers import NOW, changed_unit, fsck, git, in_child, new_unit, path_of, proposal, small_files

UNIT = path_of("00.01.02")
NOBODY = 65534


@pytest.fixture
def open_to_all(template: Path) -> Iterator[Workspace]:
    """A workspace that an unprivileged user owns, where permissions bind whoever runs the tests."""
    home = Path(tempfile.mkdtemp(prefix="codex-survival-"))
    shutil.copytree(template, home / "ws")
    home.chmod(0o755)
    if os.geteuid() == 0:
        for folder, _, names in os.walk(home):
            for each in (Path(folder), *(Path(folder) / name for name in names)):
                os.chown(each, NOBODY, NOBODY)
    yield Workspace(home / "ws")
    subprocess.run(["chmod", "-R", "u+rwX", str(home)], check=False)
    shutil.rmtree(home, ignore_errors=True)


def unprivileged(act: Callable[[], object]) -> dict[str, object]:
    """What ``act`` returns in a process whose user no permission is waived for; its CodexError as ``error``."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        said: dict[str, object] = {}
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            os.environ["HOME"] = "/nonexistent"
            said = {"value": act()}
        except CodexError as exc:
            said = {"error": str(exc), "kind": type(exc).__name__}
        except Exception as exc:  # noqa: BLE001 (the test shows it)
            said = {"crash": repr(exc)}
        finally:
            os.write(write, json.dumps(said).encode())
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        answer: dict[str, object] = json.loads(pipe.read())
    os.waitpid(child, 0)
    return answer


def forbidden(workspace: Workspace, path: str, mode: int) -> None:
    """Set the mode of a path, and of every folder below it."""
    place = workspace.root / path
    folders = [Path(f) for f, _, _ in os.walk(place)] if place.is_dir() else [place]
    for each in reversed(folders):
        each.chmod(mode)


def attempt(workspace: Workspace) -> Callable[[], object]:
    def act() -> object:
        own = open_workspace(workspace.root)
        made = proposal(own, changed_unit(own, "00.01.02", lambda text: text + "\nOne more line.\n"))
        (result,) = integrate(own, [made], now=NOW, lock_timeout=2)
        return result.model_dump(mode="json")

    return act


@pytest.mark.parametrize(
    ("path", "named"),
    [
        (".git/objects", ".git"),
        (".git/refs/heads", "refs/heads/main"),
        (".codex/state/spool", "spool"),
        (".codex/state", ".codex/state"),
    ],
)
def test_a_folder_that_may_not_be_written_stops_it_before(open_to_all: Workspace, path: str, named: str) -> None:
    head = unprivileged(lambda: git(open_to_all.root, "rev-parse", "HEAD"))["value"]
    forbidden(open_to_all, path, 0o555)
    said = unprivileged(attempt(open_to_all))
    assert "error" in said, said
    assert named in str(said["error"]) and ("ermission" in str(said["error"]) or "cannot" in str(said["error"]))
    assert unprivileged(lambda: git(open_to_all.root, "rev-parse", "HEAD"))["value"] == head
    assert unprivileged(lambda: git(open_to_all.root, "status", "--porcelain"))["value"] == ""
    forbidden(open_to_all, path, 0o755)
    assert_recovers(open_to_all)


@pytest.mark.parametrize("path", ["manifests", "content", UNIT])
def test_what_may_not_be_checked_out_is_reported_and_follows_later(open_to_all: Workspace, path: str) -> None:
    folder = path if path != UNIT else str(Path(UNIT).parent)
    forbidden(open_to_all, folder, 0o555)
    said = unprivileged(attempt(open_to_all))
    assert "value" in said, said
    result = said["value"]
    assert isinstance(result, dict) and result["status"] == "committed"
    assert any("was not checked out: it cannot be written (Permission denied)" in w for w in result["warnings"])
    forbidden(open_to_all, folder, 0o755)
    assert_recovers(open_to_all)


def test_a_file_that_may_not_be_read_is_left_and_follows_later(open_to_all: Workspace) -> None:
    (open_to_all.root / UNIT).chmod(0)
    said = unprivileged(attempt(open_to_all))
    result = said["value"]
    assert isinstance(result, dict) and result["commit"]
    assert result["warnings"] == [f"{UNIT} was not checked out: it cannot be written (Permission denied)."]
    (open_to_all.root / UNIT).chmod(0o644)
    assert_recovers(open_to_all)


def test_a_read_only_file_is_no_obstacle(open_to_all: Workspace) -> None:
    for each in (UNIT, "manifests/campaign.json", ".git/index"):
        (open_to_all.root / each).chmod(0o444)
    said = unprivileged(attempt(open_to_all))
    assert isinstance(said["value"], dict) and said["value"]["warnings"] == []
    assert_recovers(open_to_all)


def test_settings_that_may_not_be_read_are_a_wrong_configuration(open_to_all: Workspace) -> None:
    (open_to_all.root / "codex.toml").write_text("")
    (open_to_all.root / "codex.toml").chmod(0)
    said = unprivileged(attempt(open_to_all))
    assert said["kind"] == "UserError" and "codex.toml cannot be read" in str(said["error"])


def assert_recovers(workspace: Workspace) -> None:
    """The same once more, without a hand: done once, everything clean."""

    def act() -> object:
        own = open_workspace(workspace.root)
        drain(own, now=NOW)
        text = own.snapshot().text(UNIT)
        if "One more line." not in text:
            made = proposal(own, changed_unit(own, "00.01.02", lambda old: old + "\nOne more line.\n"))
            integrate(own, [made], now=NOW)
        snapshot = own.snapshot()
        return [
            snapshot.text(UNIT).count("One more line."), git(own.root, "status", "--porcelain"), fsck(own.root),
            len(verify(snapshot)), len(spool.pending(own)),
        ]  # fmt: skip

    assert unprivileged(act) == {"value": [1, "", "", 0, 0]}


@pytest.mark.parametrize("lock", ["HEAD.lock", "refs/heads/main.lock", "index.lock"])
def test_a_lock_that_a_dead_git_left_is_named(workspace: Workspace, lock: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(gitstore._OVERRIDES, "core.filesRefLockTimeout", "0")
    monkeypatch.setattr("codex.integration.indexfile._PATIENCE", 0.05)
    place = workspace.root / ".git" / lock
    place.touch()
    made = proposal(workspace, new_unit("00.01.03"))
    try:
        (result,) = integrate(workspace, [made], now=NOW)
        said = " ".join(result.warnings)
    except StorageError as exc:
        said = str(exc)
        assert [waiting.id for waiting in spool.pending(workspace)] == [made.id]
    assert f"{place} exists" in said and "remove" in said
    place.unlink()
    reopened = open_workspace(workspace.root)
    drain(reopened, now=NOW)
    assert spool.last_result(reopened, made.id).accepted == ("00.01.03",)
    assert git(workspace.root, "status", "--porcelain") == "" and fsck(workspace.root) == ""


def test_a_branch_switched_underneath(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The person goes to another branch in the very moment: the commit is on the branch that it was made for."""

    def switching(*arguments, **more) -> None:
        git(workspace.root, "checkout", "-q", "-b", "side")
        publish(*arguments, **more)

    with monkeypatch.context() as patch:
        patch.setattr(integrator, "publish", switching)
        (result,) = integrate(workspace, [proposal(workspace, new_unit("00.01.03"))], now=NOW)
    assert git(workspace.root, "rev-parse", "main") == result.commit != git(workspace.root, "rev-parse", "side")
    assert git(workspace.root, "status", "--porcelain") == ""
    git(workspace.root, "checkout", "-q", "main")
    assert git(workspace.root, "status", "--porcelain") == "" and (workspace.root / path_of("00.01.03")).exists()


def test_a_branch_set_back_underneath(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody throws away the last commit in the very moment: the unit is integrated on what is left."""
    integrate(workspace, [proposal(workspace, new_unit("00.01.04"))], now=NOW)
    set_back = iter([True])

    def moving(*arguments, **more) -> None:
        if next(set_back, False):
            git(workspace.root, "reset", "-q", "--hard", "HEAD~1")
        publish(*arguments, **more)

    monkeypatch.setattr(integrator, "publish", moving)
    (result,) = integrate(workspace, [proposal(workspace, new_unit("00.01.03"))], now=NOW)
    assert result.accepted == ("00.01.03",) and not workspace.snapshot().exists(path_of("00.01.04"))
    assert verify(workspace.snapshot()) == [] and git(workspace.root, "status", "--porcelain") == ""


def test_a_branch_deleted_underneath_loses_nothing(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    head = git(workspace.root, "rev-parse", "HEAD")

    def deleting(*arguments, **more) -> None:
        git(workspace.root, "update-ref", "-d", "refs/heads/main")
        publish(*arguments, **more)

    made = proposal(workspace, new_unit("00.01.03"))
    with monkeypatch.context() as patch:
        patch.setattr(integrator, "publish", deleting)
        with pytest.raises(CodexError):
            integrate(workspace, [made], now=NOW)
    git(workspace.root, "update-ref", "refs/heads/main", head)
    assert drain(open_workspace(workspace.root), now=NOW)[0].accepted == ("00.01.03",)


@pytest.mark.parametrize("limit", [2_000, 4_000, 6_000, 8_000, 12_000])
def test_a_disk_that_is_full_here_or_there(workspace: Workspace, limit: int) -> None:
    """From some size on the objects fit and the files of the work tree do not: the commit stands, and they follow."""
    made = proposal(workspace, changed_unit(workspace, "00.01.02", lambda text: text + "\nOne more line.\n" * 40))
    head = git(workspace.root, "rev-parse", "HEAD")

    def cramped() -> None:
        try:
            with small_files(limit):
                (result,) = integrate(workspace, [made], now=NOW)
        except StorageError:
            return
        assert result.status == "committed"

    assert in_child(cramped) == 0
    moved = git(workspace.root, "rev-parse", "HEAD") != head
    reopened = open_workspace(workspace.root)
    assert git(workspace.root, "status", "--porcelain") == "" and fsck(workspace.root) == ""
    assert ("One more line." in (workspace.root / UNIT).read_text()) == moved
    (result,) = integrate(reopened, [made], now=NOW)
    assert result.accepted == ("00.01.02",) and git(workspace.root, "rev-list", "--count", f"{head}..HEAD") == "1"
    assert git(workspace.root, "status", "--porcelain") == "" and verify(reopened.snapshot()) == []
