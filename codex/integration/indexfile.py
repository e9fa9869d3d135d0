"""Bring the index to a commit, path by path: an entry that held a known blob follows, any other is the person's.

It is prepared in a file of our own and put in place under ``index.lock`` by a link and a rename, so that no kill
leaves a lock that could not be recognised as ours (``gitstore.clear_scratch``).
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from codex.gitio import Git, GitFailed
from codex.integration.faults import point
from codex.integration.gitstore import index_line, portions, safe_environment, scratch_path

#: Seconds for which another git may hold the index.
_PATIENCE = 3.0

#: Mode and blob id by path, as the commit has it.
Wanted = Mapping[str, tuple[str, str]]
#: Blob ids by path that may be there from before; None stands for "no such file".
Known = Mapping[str, Collection[str | None]]


def bring_index(git: Git, known: Known, wanted: Wanted) -> str | None:
    """Let the entries of these paths follow; why that could not be done, as a clause, or None."""
    git_dir = git.git_dir()
    deadline = time.monotonic() + _PATIENCE
    try:
        while not _swap_index(git, git_dir, known, wanted):
            if time.monotonic() > deadline:
                lock = git_dir / "index.lock"
                return f"{lock} exists; if no git runs, a dead one left it: remove it"
            time.sleep(0.05)
    except (OSError, GitFailed) as exc:
        return f"it cannot be written ({exc})"
    point("checkout.refreshed")
    return None


def _swap_index(git: Git, git_dir: Path, known: Known, wanted: Wanted) -> bool:
    """One try at replacing the index; False when somebody else has it."""
    index, lock, ours = git_dir / "index", git_dir / "index.lock", scratch_path(git_dir)
    try:
        before = _copy(index, ours)
        if not _edit_index(git, ours, known, wanted):
            return True
        try:
            lock.hardlink_to(ours)
        except FileExistsError:
            return False
        if before != _stat_or_none(index):
            lock.unlink()
            return False
        point("checkout.index")
        lock.replace(index)
        return True
    finally:
        ours.unlink(missing_ok=True)


def _copy(index: Path, ours: Path) -> tuple[int, ...] | None:
    before = _stat_or_none(index)
    if before is not None:
        shutil.copyfile(index, ours)
    return before


def identity(status: os.stat_result) -> tuple[int, ...]:
    """What changes when somebody replaces or edits a file."""
    return status.st_ino, status.st_size, status.st_mtime_ns


def _stat_or_none(path: Path) -> tuple[int, ...] | None:
    try:
        return identity(path.stat())
    except FileNotFoundError:
        return None


def _edit_index(git: Git, ours: Path, known: Known, wanted: Wanted) -> bool:
    """Edit a copy of the index; False when there is nothing to change in it."""
    env = safe_environment({"GIT_INDEX_FILE": str(ours)})
    entries = _index_entries(git, list(known), env)
    lines = []
    for path, blobs in known.items():
        entry, have = wanted.get(path), entries.get(path)
        if have in blobs and have != (entry[1] if entry else None):
            lines.append(index_line(path, entry))
    if not lines:
        return False
    git.run("update-index", "-z", "--index-info", stdin=b"".join(lines), env=env)
    for some in portions(sorted(wanted)):  # these alone: looking at every file of a corpus takes longer than all else
        git.run("add", "--refresh", "--", *some, env=env, check=False)  # 1: some files differ, which is normal
    return True


def _index_entries(git: Git, paths: Sequence[str], env: Mapping[str, str]) -> dict[str, str]:
    """Blob id in the index by path; ``unmerged`` for a path in conflict, which is the person's business."""
    found: dict[str, str] = {}
    for some in portions(paths):
        for line in git.run("ls-files", "-s", "-z", "--", *some, env=env).stdout.split(b"\0"):
            meta, _, name = line.partition(b"\t")
            if meta:
                _, oid, stage = meta.decode().split()
                found[os.fsdecode(name)] = oid if stage == "0" else "unmerged"
    return found
