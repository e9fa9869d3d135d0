"""A tree with known blob ids: the same as one that reads everything, and never behind what is on disk."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codex.cache import tree as module
from codex.cache.engine import code_digest
from codex.cache.store import Store
from codex.cache.tree import CachedTree, Stamp, is_settled
from codex.errors import StorageError
from codex.snapshot import TreeSnapshot, blob_id

SECOND = 1_000_000_000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    for name in ("content/a/x.md", "content/b.md", "b/c", ".git/config", ".codex/cache/z", "a b/ü"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name, encoding="utf-8")
    (root / "link.md").symlink_to(root / "b" / "c")
    (root / "linked").symlink_to(root / "content")
    return root


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Path]]:
    """Every file that a tree reads."""
    found: list[Path] = []
    real = module._read

    def counted(path: Path) -> tuple[bytes, Stamp]:
        found.append(path)
        return real(path)

    monkeypatch.setattr(module, "_read", counted)
    return found


def listed(root: Path, cache: Path) -> dict[str, str]:
    store = Store(cache)
    found = dict(CachedTree(root, store).blobs())
    store.save()
    return found


def settle(root: Path) -> None:
    """Let every file be older than a time stamp can tell apart."""
    time.sleep(0.12)


def test_it_lists_and_reads_like_a_plain_tree(root: Path) -> None:
    plain, cached = TreeSnapshot(root), CachedTree(root, Store())
    assert dict(cached.blobs()) == dict(plain.blobs())
    assert list(cached.blobs()) == list(plain.blobs())
    assert cached.read("b/c") == b"b/c"
    for path in (".git/config", "link.md", "nothing"):
        assert not cached.exists(path)
        with pytest.raises(KeyError):
            cached.read(path)


def test_an_unchanged_tree_is_known_without_reading(root: Path, tmp_path: Path, reads: list[Path]) -> None:
    settle(root)
    first = listed(root, tmp_path / "c")
    assert len(reads) == len(first) == 4
    reads.clear()
    assert listed(root, tmp_path / "c") == first
    assert reads == []


@pytest.mark.parametrize("restore_date", [False, True])
def test_a_change_of_the_same_length_is_seen(root: Path, tmp_path: Path, restore_date: bool) -> None:
    settle(root)
    listed(root, tmp_path / "c")
    file = root / "content" / "b.md"
    before = file.stat()
    file.write_text("CONTENT/B.MD")
    if restore_date:
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert listed(root, tmp_path / "c")["content/b.md"] == blob_id(b"CONTENT/B.MD")


def test_a_file_put_in_its_place_is_seen(root: Path, tmp_path: Path) -> None:
    settle(root)
    listed(root, tmp_path / "c")
    other = root / "other"
    other.write_text("CONTENT/B.MD")
    before = (root / "content" / "b.md").stat()
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(root / "content" / "b.md")
    assert listed(root, tmp_path / "c")["content/b.md"] == blob_id(b"CONTENT/B.MD")


def test_files_changed_just_now_are_hashed_again(root: Path, tmp_path: Path, reads: list[Path]) -> None:
    """The clock of a file system may stand still for longer than it takes to hash and change a file."""
    settle(root)
    fresh = root / "fresh.md"
    fresh.write_text("0")
    listed(root, tmp_path / "c")
    for number in range(1, 30):
        fresh.write_text(str(number % 10))
        assert listed(root, tmp_path / "c")["fresh.md"] == blob_id(str(number % 10).encode())
    assert {path.name for path in reads[5:]} == {"fresh.md"}


@given(st.integers(0, 4 * SECOND), st.integers(0, 10**18))
@settings(max_examples=50)
def test_when_a_stamp_can_be_believed(age: int, changed: int) -> None:
    fine, coarse = changed - changed % SECOND + 1, changed - changed % SECOND
    assert is_settled(Stamp(1, 1, fine, 1), fine + age) == (age > SECOND // 10)
    assert is_settled(Stamp(1, 1, coarse, 1), coarse + age) == (age > 2 * SECOND)
    assert not is_settled(Stamp(1, 1, fine, 1), fine - age)


def test_a_file_that_vanishes_is_an_error_with_its_name(root: Path) -> None:
    tree = CachedTree(root, Store())
    (root / "b" / "c").unlink()
    with pytest.raises(StorageError, match="c cannot be read"):
        tree.read("b/c")
    with pytest.raises(StorageError, match="c cannot be read"):
        tree.blobs()["b/c"]


def test_the_digest_of_the_code_changes_with_the_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "check"
    package.mkdir()
    monkeypatch.setattr("codex.cache.engine._PACKAGE", tmp_path)
    seen = set()
    for name, text in (("a.py", "1"), ("a.py", "2"), ("b.py", "2"), ("c.txt", "no code")):
        (package / name).write_text(text)
        code_digest.cache_clear()
        seen.add(code_digest("check"))
    code_digest.cache_clear()
    assert len(seen) == 3
