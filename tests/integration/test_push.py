"""Pushing after an integration: fast-forward only; a refusal is a warning."""

from __future__ import annotations

from pathlib import Path

import pytest

from codex.integration import spool
from codex.integration.integrator import integrate
from codex.workspace import Workspace

from .helpers import NOW, git, new_unit, proposal


@pytest.fixture
def remote(workspace: Workspace, tmp_path: Path) -> Path:
    git(tmp_path, "clone", "-q", "--bare", str(workspace.root), str(tmp_path / "remote.git"))
    git(workspace.root, "remote", "add", "origin", str(tmp_path / "remote.git"))
    (workspace.root / "codex.toml").write_text('[git]\nremote = "origin"\npush = true\n', encoding="utf-8")
    return tmp_path / "remote.git"


def test_the_commit_is_pushed(workspace: Workspace, remote: Path) -> None:
    (result,) = integrate(workspace, [proposal(workspace, new_unit("00.01.03"))], now=NOW)
    assert result.warnings == () and git(remote, "rev-parse", "main") == result.commit


def test_nothing_is_pushed_unless_it_is_asked_for(workspace: Workspace, remote: Path) -> None:
    (workspace.root / "codex.toml").unlink()
    integrate(workspace, [proposal(workspace, new_unit("00.01.03"))], now=NOW)
    assert git(remote, "rev-parse", "main") != git(workspace.root, "rev-parse", "main")


def test_a_remote_that_went_on_is_not_overwritten(workspace: Workspace, remote: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(remote), str(tmp_path / "other"))
    git(tmp_path / "other", "-c", "user.name=p", "-c", "user.email=p@x", "commit", "--allow-empty", "-qm", "theirs")
    git(tmp_path / "other", "push", "-q")
    theirs, made = git(remote, "rev-parse", "main"), proposal(workspace, new_unit("00.01.03"))
    (result,) = integrate(workspace, [made], now=NOW)
    assert result.commit == git(workspace.root, "rev-parse", "HEAD")
    assert "not on origin yet" in result.warnings[0] and git(remote, "rev-parse", "main") == theirs
    assert spool.result(workspace, made.id) == result


def test_a_remote_that_is_gone_costs_no_commit(workspace: Workspace, remote: Path) -> None:
    remote.rename(remote.with_name("gone"))
    (result,) = integrate(workspace, [proposal(workspace, new_unit("00.01.03"))], now=NOW)
    assert result.commit and "not on origin yet" in result.warnings[0]
