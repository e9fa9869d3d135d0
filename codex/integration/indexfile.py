"""Bring the index to a commit, path by path: an entry that held a known blob follows, any other is the person's.

Entries that follow carry no file stamps: the next ``git status`` looks at those files and notes their stamps. Looking
at them here would have git read and write the whole index twice more.

It is prepared in a file of our own and put in place under ``index.lock`` by a link and a rename, so that no kill
leaves a lock that could not be recognised as ours (``gitstore.clear_scratch``).
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from codex.gitio import Git, GitFailed
from codex.integration.faults import point
from codex.integration.gitstore import index_line, safe_environment, scratch_path

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
        env = safe_environment({"GIT_INDEX_FILE": str(ours)})
        entries = _listed(git, index, before, env)
        following = dict(_following(known, wanted, entries))
        if not following:
            return True
        lines = [index_line(path, entry) for path, entry in following.items()]
        git.run("update-index", "-z", "--index-info", stdin=b"".join(lines), env=env)
        try:
            lock.hardlink_to(ours)
        except FileExistsError:
            return False
        if before != _stat_or_none(index):
            lock.unlink()
            return False
        point("checkout.index")
        lock.replace(index)
        _remember(index, entries, following)
        return True
    finally:
        ours.unlink(missing_ok=True)


def _following(
    known: Known, wanted: Wanted, entries: Mapping[str, str]
) -> Iterator[tuple[str, tuple[str, str] | None]]:
    """The paths whose entries follow, with mode and blob id (None: the entry goes)."""
    for path, blobs in known.items():
        entry, have = wanted.get(path), entries.get(path)
        if have in blobs and have != (entry[1] if entry else None):
            yield path, entry


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


#: The index file that this process looked at last, what told it from others, and its entries.
_last: dict[Path, tuple[tuple[int, ...] | None, dict[str, str]]] = {}


def _listed(git: Git, index: Path, now: tuple[int, ...] | None, env: Mapping[str, str]) -> dict[str, str]:
    """Blob id by path in a copy of the index; listed again only if somebody has replaced the file since.

    ``unmerged`` stands for a path in conflict, which is the person's business.
    """
    if now is not None and index in _last and _last[index][0] == now:
        return _last[index][1]
    found: dict[str, str] = {}
    for line in git.run("ls-files", "-s", "-z", env=env).stdout.split(b"\0"):
        meta, _, name = line.partition(b"\t")
        if meta:
            _, oid, stage = meta.decode().split()
            found[os.fsdecode(name)] = oid if stage == "0" else "unmerged"
    return found


def _remember(index: Path, entries: dict[str, str], following: Mapping[str, tuple[str, str] | None]) -> None:
    for path, entry in following.items():
        entries.pop(path, None)
        if entry:
            entries[path] = entry[1]
    _last.clear()
    _last[index] = (_stat_or_none(index), entries)
