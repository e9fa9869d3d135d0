"""Opening a workspace, and saying why it cannot be written to."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from codex.errors import StorageError, UserError, WorkspaceError
from codex.integration.opening import open_workspace
from codex.snapshot import CommitSnapshot, TreeSnapshot
from codex.workspace import Workspace


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=p", "-c", "user.email=p@x", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("content", "manifests"):
        (tmp_path / "ws" / name).mkdir(parents=True)
        (tmp_path / "ws" / name / "file.md").write_text("x\n", encoding="utf-8")
    return tmp_path / "ws"


@pytest.fixture
def repository(folder: Path) -> Path:
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def test_it_is_found_from_inside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Workspace.open(folder / "content").root == folder
    monkeypatch.chdir(folder / "manifests")
    assert Workspace.open().root == folder


def test_what_is_none_is_refused_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WorkspaceError, match="is not a workspace: no folder there or above has both") as caught:
        Workspace.open(tmp_path)
    assert caught.value.exit_status == 2 and "codexctl init" in caught.value.remedy
    with pytest.raises(WorkspaceError, match="There is no folder"):
        Workspace.open(tmp_path / "none")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WorkspaceError, match="is not inside a workspace"):
        Workspace.open()


def test_snapshots(repository: Path) -> None:
    workspace = Workspace.open(repository)
    (repository / "content" / "file.md").write_text("edited\n", encoding="utf-8")
    snapshot = workspace.snapshot()
    assert isinstance(snapshot, CommitSnapshot) and snapshot.text("content/file.md") == "x\n"
    assert workspace.tree().text("content/file.md") == "edited\n"
    git(repository, "commit", "-qam", "second")
    assert workspace.snapshot().text("content/file.md") == "edited\n"
    assert workspace.at("HEAD~1").text("content/file.md") == "x\n"
    with pytest.raises(UserError, match="There is no commit 'nonesuch'"):
        workspace.at("nonesuch")


def test_without_a_repository_it_can_be_read_only(folder: Path) -> None:
    workspace = Workspace.open(folder)
    assert isinstance(workspace.snapshot(), TreeSnapshot)
    assert "not a git repository" in str(workspace.writable_problem())
    git(folder, "init", "-q", "-b", "main")
    reopened = Workspace.open(folder)
    assert isinstance(reopened.snapshot(), TreeSnapshot)
    assert "has no commit yet" in str(reopened.writable_problem())


def test_a_folder_of_another_repository_can_be_read_only(repository: Path) -> None:
    inner = repository / "content" / "inner"
    for name in ("content", "manifests"):
        (inner / name).mkdir(parents=True)
    workspace = Workspace.open(inner)
    assert workspace.root == inner and "not a git repository of its own" in str(workspace.writable_problem())


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        ("MERGE_HEAD", "A merge is under way"),
        ("rebase-merge", "A rebase is under way"),
        ("rebase-apply", "A rebase is under way"),
        ("CHERRY_PICK_HEAD", "A cherry-pick is under way"),
        ("REVERT_HEAD", "A revert is under way"),
    ],
)
def test_what_is_under_way_is_refused(repository: Path, mark: str, said: str) -> None:
    (repository / ".git" / mark).touch()
    with pytest.raises(WorkspaceError, match=said) as caught:
        Workspace.open(repository).require_writable()
    assert "--abort" in caught.value.remedy


def test_a_detached_head_is_refused_and_a_dirty_tree_is_not(repository: Path) -> None:
    (repository / "content" / "new.md").write_text("x", encoding="utf-8")
    (repository / "manifests" / "file.md").unlink()
    Workspace.open(repository).require_writable()
    git(repository, "checkout", "-q", "--detach")
    with pytest.raises(WorkspaceError, match="detached"):
        Workspace.open(repository).require_writable()


def test_a_bare_repository_is_refused(repository: Path) -> None:
    git(repository, "config", "core.bare", "true")
    with pytest.raises(WorkspaceError, match="not a git repository of its own"):
        Workspace.open(repository).require_writable()


def test_private_folders_are_never_committed(repository: Path) -> None:
    workspace = Workspace.open(repository)
    (workspace.state_dir / "x").write_text("x")
    (workspace.cache_dir / "y").write_text("y")
    assert git(repository, "status", "--porcelain") == ""
    git(repository, "add", "-A")
    assert git(repository, "diff", "--cached", "--name-only") == ""


def test_private_folders_are_never_a_link(repository: Path, tmp_path: Path) -> None:
    (repository / ".codex").symlink_to(tmp_path)
    with pytest.raises(WorkspaceError, match="symbolic link"):
        _ = Workspace.open(repository).state_dir
    (repository / ".codex").unlink()
    (repository / ".codex").touch()
    with pytest.raises(StorageError, match="cannot be made"):
        _ = Workspace.open(repository).cache_dir


def test_a_damaged_journal_does_not_keep_anybody_from_reading(repository: Path) -> None:
    (Workspace.open(repository).state_dir / "checkout.json").write_text("{")
    assert open_workspace(repository).snapshot().exists("content/file.md")
