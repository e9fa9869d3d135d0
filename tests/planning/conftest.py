"""The reduced corpus of the golden plan, as a snapshot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from codex.snapshot import OverlaySnapshot, Snapshot, TreeSnapshot


@pytest.fixture(scope="session")
def reduced(fasttrack: Path, shared_corpus: Path) -> Snapshot:
    """The shared corpus without the units of removed-units.txt."""
    lines = (shared_corpus / "removed-units.txt").read_text(encoding="utf-8").splitlines()
    removed = {line.split("\t")[1]: None for line in lines if "\t" in line}
    whole = TreeSnapshot(fasttrack)
    assert removed
    assert all(whole.exists(path) for path in removed)
    return _Lister(whole, removed)


class _Lister(OverlaySnapshot):
    """An overlay that only takes away: the listing needs no blob ids, so no file is hashed."""

    def blobs(self) -> dict[str, str]:
        return dict.fromkeys((path for path in self.base.blobs() if path not in self.changes), "")


@pytest.fixture(scope="session")
def golden(shared_corpus: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((shared_corpus / "golden-plan.json").read_text(encoding="utf-8"))
    return loaded
