"""Fixtures of the validator's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from codex.check.samples import SAMPLE_FILES


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """The sample workspace as a plain folder, no git repository."""
    for name, text in SAMPLE_FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8", newline="")
    return tmp_path
