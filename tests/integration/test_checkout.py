"""A person's files are never overwritten, whatever the state of work tree, index and git configuration."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from codex.errors import StorageError
from codex.integration import gitstore, spool
from codex.integration.integrator import drain, integrate
from codex.integration.opening import open_workspace
from codex.workspace import Workspace

from .helpers import NOW, changed_unit, fsck, git, in_child, new_unit, path_of, proposal, small_files, unit_text

UNIT = path_of("00.01.02")
CATALOG = "docs/catalogs/CONCEPT_CATALOG.md"


def deepen(workspace: Workspace):
    """A deepening of 00.01.02 and nothing else of the corpus."""
    return proposal(workspace, changed_unit(workspace, "00.01.02", lambda t: t + "\nOne more line.\n"))


def run(workspace: Workspace, made=None):
    (result,) = integrate(workspace, [made or deepen(workspace)], now=NOW)
    assert result.status == "committed", result
    return result


def test_uncommitted_edits_stay_and_are_reported(workspace: Workspace) -> None:
    made = deepen(workspace)
    place = workspace.root / UNIT
    place.write_text("my own words\n", encoding="utf-8")
    result = run(workspace, made)
    assert result.warnings == (f"{UNIT} was not checked out: it has uncommitted edits.",)
    assert place.read_text(encoding="utf-8") == "my own words\n"
    assert git(workspace.root, "status", "--porcelain") == f" M {UNIT}"
    git(workspace.root, "-c", "user.name=p", "-c", "user.email=p@x", "commit", "--allow-empty", "-qm", "something else")
    assert "One more line." in workspace.snapshot().text(UNIT)  # their next commit does not take the change back


def test_staged_edits_stay(workspace: Workspace) -> None:
    made = deepen(workspace)
    (workspace.root / UNIT).write_text("staged\n", encoding="utf-8")
    git(workspace.root, "add", UNIT)
    result = run(workspace, made)
    assert len(result.warnings) == 1
    assert git(workspace.root, "show", f":{UNIT}") == "staged"
    assert git(workspace.root, "status", "--porcelain") == f"M  {UNIT}"


def test_unrelated_changes_stay(workspace: Workspace) -> None:
    other = workspace.root / path_of("00.01.01")
    other.write_text("edited\n", encoding="utf-8")
    (workspace.root / "untracked.txt").write_text("x", encoding="utf-8")
    (workspace.root / "staged.txt").write_text("x", encoding="utf-8")
    git(workspace.root, "add", "staged.txt")
    before = git(workspace.root, "status", "--porcelain")
    assert run(workspace).warnings == ()
    assert git(workspace.root, "status", "--porcelain") == before
    assert not workspace.snapshot().exists("staged.txt")


def test_a_deleted_file_stays_deleted(workspace: Workspace) -> None:
    made = deepen(workspace)
    (workspace.root / UNIT).unlink()
    assert run(workspace, made).warnings == (f"{UNIT} was not checked out: it was deleted here.",)
    assert not (workspace.root / UNIT).exists()


def test_an_untracked_file_in_the_way_stays(workspace: Workspace) -> None:
    place = workspace.root / path_of("00.01.03")
    place.write_text("another draft\n", encoding="utf-8")
    result = run(workspace, proposal(workspace, new_unit("00.01.03")))
    assert result.warnings == (f"{path_of('00.01.03')} was not checked out: it has uncommitted edits.",)
    assert place.read_text(encoding="utf-8") == "another draft\n"


def test_a_file_handed_in_from_its_place_follows(workspace: Workspace) -> None:
    """What was written there is what was proposed, though integration set a flag in it."""
    text = unit_text("00.01.03", ("00.01.09",))
    place = workspace.root / path_of("00.01.03")
    place.write_text(text, encoding="utf-8")
    made = proposal(workspace, new_unit("00.01.03", text=text), pending=("00.01.09",))
    assert run(workspace, made).warnings == ()
    assert "pending_prereqs: true" in place.read_text(encoding="utf-8")
    assert git(workspace.root, "status", "--porcelain") == ""


def test_a_folder_in_the_way_is_reported(workspace: Workspace) -> None:
    (workspace.root / path_of("00.01.03")).mkdir()
    result = run(workspace, proposal(workspace, new_unit("00.01.03")))
    assert result.warnings == (
        f"{path_of('00.01.03')} was not checked out: something that is not a file stands there.",
    )


def test_nothing_is_written_through_a_link(workspace: Workspace, tmp_path: Path) -> None:
    made = deepen(workspace)
    outside = tmp_path / "outside"
    shutil.move(workspace.root / "content", outside)
    (workspace.root / "content").symlink_to(outside)
    before = {path: path.read_bytes() for path in outside.rglob("*.md")}
    assert run(workspace, made).warnings == (f"{UNIT} was not checked out: content is a symbolic link.",)
    assert {path: path.read_bytes() for path in outside.rglob("*.md")} == before


def test_a_link_in_the_committed_tree_refuses_the_proposal(workspace: Workspace, tmp_path: Path) -> None:
    head = git(workspace.root, "rev-parse", "HEAD")
    shutil.rmtree(workspace.root / "docs")
    (workspace.root / "docs").symlink_to(tmp_path)
    git(workspace.root, "add", "-A")
    git(workspace.root, "-c", "user.name=p", "-c", "user.email=p@x", "commit", "-qm", "link")
    (result,) = integrate(workspace, [proposal(workspace, new_unit("00.01.03"))], now=NOW)
    assert result.status == "refused" and "docs is a symbolic link or submodule" in result.reason
    assert git(workspace.root, "rev-parse", "HEAD~1") == head
    assert not (tmp_path / "catalogs").exists()


def test_an_executable_file_stays_executable(workspace: Workspace) -> None:
    (workspace.root / UNIT).chmod(0o755)
    git(workspace.root, "-c", "user.name=p", "-c", "user.email=p@x", "commit", "-qam", "mode")
    run(workspace)
    assert os.access(workspace.root / UNIT, os.X_OK)
    assert git(workspace.root, "ls-tree", "HEAD", UNIT).startswith("100755")
    assert git(workspace.root, "status", "--porcelain") == ""


def test_a_read_only_file_is_replaced_and_a_read_only_folder_reported(workspace: Workspace) -> None:
    if os.geteuid() == 0:
        done = subprocess.run(["chattr", "+i", str(workspace.root / UNIT)], check=False, capture_output=True)
        if done.returncode:
            pytest.skip("permissions do not bind the superuser here")
        undo = ["chattr", "-i", str(workspace.root / UNIT)]
    else:
        (workspace.root / UNIT).parent.chmod(0o555)
        undo = ["chmod", "755", str((workspace.root / UNIT).parent)]
    made = deepen(workspace)
    try:
        (warning,) = run(workspace, made).warnings
    finally:
        subprocess.run(undo, check=True)
    assert warning.startswith(f"{UNIT} was not checked out: it cannot be written (")
    open_workspace(workspace.root)  # once it can be written, it follows by itself
    assert git(workspace.root, "status", "--porcelain") == ""


HOSTILE = """
[core]
    autocrlf = true
    hooksPath = {hooks}
    fsmonitor = {hooks}/bomb
[commit]
    gpgSign = true
[gpg]
    program = {hooks}/bomb
[filter "bomb"]
    clean = {hooks}/bomb
    smudge = {hooks}/bomb
    required = true
[i18n]
    commitEncoding = latin1
[user]
    useConfigOnly = true
[init]
    defaultBranch = trunk
    templateDir = {hooks}/template
[init "x"]
"""


@pytest.fixture
def hostile_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A global configuration in which every hook, filter and signature leaves a mark; returns the mark's path."""
    hooks, mark = tmp_path / "hooks", tmp_path / "mark"
    (hooks / "template" / "hooks").mkdir(parents=True)
    names = (
        "reference-transaction",
        "post-index-change",
        "pre-commit",
        "post-checkout",
        "post-commit",
        "pre-push",
        "bomb",
    )
    for name in names:
        for folder in (hooks, hooks / "template" / "hooks"):
            (folder / name).write_text(f"#!/bin/sh\necho {name} >> {mark}\nexit 1\n", encoding="utf-8")
            (folder / name).chmod(0o755)
    config = tmp_path / "gitconfig"
    config.write_text(HOSTILE.format(hooks=hooks), encoding="utf-8")
    for variable in [v for v in os.environ if v.startswith("GIT_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("HOME", str(tmp_path))
    return mark


def test_hostile_configuration_changes_nothing(workspace: Workspace, hostile_git: Path) -> None:
    made = proposal(workspace, new_unit("00.01.03"), title="Ship ’é…’")
    result = run(workspace, made)
    assert result.warnings == () and not hostile_git.exists()
    assert workspace.snapshot().text(path_of("00.01.03")) == unit_text("00.01.03")
    assert (workspace.root / path_of("00.01.03")).read_bytes() == unit_text("00.01.03").encode()
    log = git(
        workspace.root, "log", "-1", "--format=%an <%ae>%n%s%n%G?", env=os.environ | {"GIT_CONFIG_GLOBAL": "/dev/null"}
    )
    assert log.splitlines() == ["Codex <codex@localhost>", "Ship ’é…’", "N"]
    assert fsck(workspace.root) == ""


def test_line_ends_made_by_autocrlf_are_no_edits(workspace: Workspace, hostile_git: Path) -> None:
    (workspace.root / ".gitattributes").unlink()
    made = deepen(workspace)
    place = workspace.root / UNIT
    place.write_bytes(place.read_bytes().replace(b"\n", b"\r\n"))
    assert run(workspace, made).warnings == ()
    assert place.read_bytes() == workspace.snapshot().read(UNIT)


def test_the_persons_identity_is_used(workspace: Workspace) -> None:
    git(workspace.root, "config", "user.name", "Ada")
    git(workspace.root, "config", "user.email", "ada@example.org")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    with pytest.MonkeyPatch.context() as patch:
        for variable in set(os.environ) - set(environment):
            patch.delenv(variable)
        run(workspace)
    assert (
        git(workspace.root, "log", "-1", "--format=%an <%ae> %aI") == "Ada <ada@example.org> 2026-01-05T12:00:00+00:00"
    )


def test_a_lock_of_a_dead_git_costs_no_commit(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("codex.integration.indexfile._PATIENCE", 0.05)
    lock = workspace.root / ".git" / "index.lock"
    lock.touch()
    result = run(workspace)
    (warning,) = result.warnings
    assert "index.lock exists" in warning and lock.exists()
    assert "One more line." in (workspace.root / UNIT).read_text(encoding="utf-8")
    run(workspace, proposal(workspace, new_unit("00.01.03")))  # once more, while it is still there
    lock.unlink()
    open_workspace(workspace.root)
    assert git(workspace.root, "status", "--porcelain") == ""


def test_a_lock_on_the_branch_is_named_and_nothing_is_lost(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(gitstore._OVERRIDES, "core.filesRefLockTimeout", "0")
    lock = workspace.root / ".git/refs/heads/main.lock"
    lock.touch()
    made = deepen(workspace)
    with pytest.raises(StorageError, match=r"main\.lock exists"):
        integrate(workspace, [made], now=NOW)
    assert [waiting.id for waiting in spool.pending(workspace)] == [made.id]
    assert git(workspace.root, "status", "--porcelain") == ""
    lock.unlink()
    assert drain(workspace, now=NOW)[0].accepted == ("00.01.02",)


@pytest.mark.parametrize("spooled", [False, True])
@pytest.mark.parametrize("limit", [0, 300, 1_000, 1_500])
def test_a_full_disk_leaves_all_or_nothing(workspace: Workspace, limit: int, spooled: bool) -> None:
    """No file may grow beyond ``limit`` bytes: now this write fails, now that one."""
    head, made = git(workspace.root, "rev-parse", "HEAD"), deepen(workspace)
    if spooled:
        spool.put(workspace, made)

    def cramped() -> None:
        with small_files(limit), pytest.raises(StorageError):
            integrate(workspace, [made], now=NOW)

    status = in_child(cramped)
    assert os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0
    assert git(workspace.root, "rev-parse", "HEAD") == head
    assert git(workspace.root, "status", "--porcelain") == "" and fsck(workspace.root) == ""
    (result,) = integrate(open_workspace(workspace.root), [made], now=NOW)
    assert result.accepted == ("00.01.02",) and git(workspace.root, "status", "--porcelain") == ""


def test_a_workspace_on_a_full_file_system(workspace: Workspace, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(small)]
    mounted = subprocess.run(command, check=False, capture_output=True)
    if mounted.returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        shutil.copytree(workspace.root, small / "ws")
        full = open_workspace(small / "ws")
        made = deepen(full)
        filler = small / "filler"
        handle = os.open(filler, os.O_WRONLY | os.O_CREAT)
        with pytest.raises(OSError, match="No space"):
            while True:
                os.write(handle, b"x" * 4096)
        os.close(handle)
        with pytest.raises(StorageError):
            integrate(full, [made], now=NOW)
        filler.unlink()
        assert git(full.root, "status", "--porcelain") == "" and fsck(full.root) == ""
        assert run(full, made).accepted == ("00.01.02",)
    finally:
        subprocess.run(["umount", "-l", str(small)], check=False)


def test_files_get_the_umasks_permissions(workspace: Workspace) -> None:
    run(workspace, proposal(workspace, new_unit("00.01.03")))
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE((workspace.root / path_of("00.01.03")).stat().st_mode) == 0o666 & ~mask


def test_a_linked_work_tree_is_a_workspace_of_its_own(workspace: Workspace, tmp_path: Path) -> None:
    git(workspace.root, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    side = open_workspace(tmp_path / "side")
    main = git(workspace.root, "rev-parse", "main")
    run(side, proposal(side, new_unit("00.01.03")))
    assert git(side.root, "status", "--porcelain") == "" and git(workspace.root, "rev-parse", "main") == main
    assert git(workspace.root, "status", "--porcelain") == ""
