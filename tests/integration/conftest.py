"""The workspace of the integration tests: made once, copied for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from codex.workspace import Workspace

from .helpers import make_workspace


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_workspace(tmp_path_factory.mktemp("template")).root


@pytest.fixture
def workspace(template: Path, tmp_path: Path) -> Workspace:
    shutil.copytree(template, tmp_path / "ws")
    return Workspace.open(tmp_path / "ws")
