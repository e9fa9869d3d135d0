"""Which paths are below a folder: found anew where they are few, brought along where they are many."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codex.snapshot import CommitSnapshot, OverlaySnapshot, Snapshot
from codex.snapshot import commit as commits

FOLDERS = ("a", "a/b", "a-b", "a.b", "b", "a/b/c", "z", "")
PATHS = tuple(
    f"{folder}/{name}".lstrip("/") for folder in FOLDERS for name in ("x.md", "x-y.md", "y", "é.md", "\U0001f600")
)
STATES = st.lists(st.dictionaries(st.sampled_from(PATHS), st.none() | st.just(b"new"), max_size=8), max_size=3)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("listings")
    for path in (*PATHS[::2], "odd/\udcff.md"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"old")
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "."]):
        subprocess.run(["git", "-c", "user.name=n", "-c", "user.email=n@e", "-C", str(root), *words], check=True)
    return root


def listings(state: Snapshot) -> list[list[str]]:
    return [list(state.under(folder, suffix)) for folder in (*FOLDERS, "odd", "none", "a/b/") for suffix in ("", ".md")]


def plain(there: Mapping[str, object]) -> list[list[str]]:
    """What ``listings`` is by its definition."""
    asked = [(f, suffix) for f in (*FOLDERS, "odd", "none", "a/b/") for suffix in ("", ".md")]
    below = [[p for p in there if p.startswith(f.rstrip("/") + "/") and p.endswith(suffix)] for f, suffix in asked]
    return [sorted(paths, key=lambda path: path.split("/")) for paths in below]


@given(STATES, st.sampled_from([0, 3, 100]))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_below_a_folder_after_changes(
    repository: Path, states: list[dict[str, bytes | None]], few: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(commits, "_FEW", few)
        state = CommitSnapshot(repository, "HEAD")
        there = dict(state.blobs())
        assert listings(state) == plain(there)
        for number, changes in enumerate(states):
            on_top = state.with_changes(changes).with_changes({})
            for path, data in changes.items():
                there.pop(path, None)
                there.update({path: "new"} if data else {})
            assert listings(on_top) == plain(there)
            state = CommitSnapshot.after(OverlaySnapshot(state, changes), str(number))
            assert listings(state) == plain(there)
            assert list(state.blobs()) == sorted(there)
