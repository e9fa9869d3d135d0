"""Fixtures of the tests of continuity."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .samples import BODY, GOOD, REST


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A corpus of one unit that reaches its thresholds and one that does not; no git repository."""
    root = tmp_path / "corpus"
    for name, text in {"01.01.01-good": GOOD + REST, "01.01.02-poor": "Words only. " * 30}.items():
        path = root / "content" / "01-a" / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(BODY.format(id=name[:8], text=text), encoding="utf-8")
    (root / "manifests").mkdir()
    (root / "manifests" / "connections.json").write_text(
        json.dumps({"connections": [{"id": "conn:001.x", "anchor_phrase": "ONCE more"}]}), encoding="utf-8"
    )
    return root
