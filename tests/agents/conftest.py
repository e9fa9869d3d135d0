"""Fixtures of the agent tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from codex.agents.journal import Journal
from codex.agents.tools import Toolbox

from . import helpers


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path / "state" / "journal.sqlite3")
    yield opened
    opened.close()


@pytest.fixture
def toolbox(tmp_path: Path) -> Toolbox:
    return Toolbox(helpers.workspace(tmp_path / "ws"))


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    folder.mkdir()
    return folder
