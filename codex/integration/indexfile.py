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
from concurrent.futures import Future, wait
from dataclasses import dataclass
from pathlib import Path

from codex.gitio import Git, GitFailed
from codex.integration.faults import point
from codex.integration.gitstore import index_line, safe_environment, scratch_path
from codex.integration.threads import threads

#: Seconds for which another git may hold the index.
_PATIENCE = 3.0

#: Mode and blob id by path, as the commit has it.
Wanted = Mapping[str, tuple[str, str]]
#: Blob ids by path that may be there from before; None stands for "no such file".
Known = Mapping[str, Collection[str | None]]


@dataclass(frozen=True)
class _Draft:
    """A new index in a file of our own. ``before`` tells what it was made from; ``following`` are its new entries."""

    file: Path
    before: tuple[int, ...] | None
    entries: dict[str, str]
    following: Mapping[str, tuple[str, str] | None]


class NewIndex:
    """The index in which the entries of these paths follow, being made by another thread from the beginning."""

    def __init__(self, git: Git, known: Known, wanted: Wanted) -> None:
        self._git, self._known, self._wanted = git, known, wanted
        self._file = scratch_path(git.git_dir())
        self._making = self._make()

    def _make(self) -> Future[_Draft]:
        return threads().submit(_drafted, self._git, self._file, self._known, self._wanted)

    def put_in_place(self) -> str | None:
        """Let it take the place of the index; why that could not be done, as a clause, or None.

        When somebody else has changed theirs since, it is made anew.
        """
        deadline = time.monotonic() + _PATIENCE
        try:
            while not _put_in_place(self._git, self._making.result()):
                if time.monotonic() > deadline:
                    lock = self._git.git_dir() / "index.lock"
                    return f"{lock} exists; if no git runs, a dead one left it: remove it"
                time.sleep(0.05)
                self._making = self._make()
        except (OSError, GitFailed) as exc:
            return f"it cannot be written ({exc})"
        point("checkout.refreshed")
        return None

    def close(self) -> None:
        """Leave nothing behind."""
        wait([self._making])
        self._file.unlink(missing_ok=True)


def _drafted(git: Git, file: Path, known: Known, wanted: Wanted) -> _Draft:
    index = git.git_dir() / "index"
    before = _copy(index, file)
    env = safe_environment({"GIT_INDEX_FILE": str(file)})
    entries = _listed(git, index, before, env)
    following = dict(_following(known, wanted, entries))
    if following:
        lines = [index_line(path, entry) for path, entry in following.items()]
        git.run("update-index", "-z", "--index-info", stdin=b"".join(lines), env=env)
    return _Draft(file, before, entries, following)


def _put_in_place(git: Git, draft: _Draft) -> bool:
    """True when the new index is in its place, or nothing follows; False when somebody else has the index."""
    if not draft.following:
        return True
    index, lock = git.git_dir() / "index", git.git_dir() / "index.lock"
    try:
        lock.hardlink_to(draft.file)
    except FileExistsError:
        return False
    if draft.before != _stat_or_none(index):
        lock.unlink()
        return False
    point("checkout.index")
    lock.replace(index)
    _remember(index, draft.entries, draft.following)
    return True


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
