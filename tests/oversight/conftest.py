"""A workspace of the test's own, made once and copied."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from codex.integration.init import init_workspace
from codex.workspace import Workspace


@pytest.fixture(scope="package")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The pilot's workspace before its run; nobody changes it."""
    return init_workspace(tmp_path_factory.mktemp("seed") / "pilot", campaign="pilot")


@pytest.fixture
def workspace(seed: Workspace, tmp_path: Path) -> Workspace:
    return Workspace.open(shutil.copytree(seed.root, tmp_path / "pilot"))
