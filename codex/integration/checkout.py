"""Bring work tree and index to a new commit, path by path, leaving alone what a person has changed.

For each path the caller names the blobs that may be there from before (``known``). A file with one of them is
replaced; any other content is the person's and stays. The index is treated in the same way and apart (indexfile.py):
where it held a known blob it follows the commit even if the file itself stays, or else the person's next commit would
take the change back.

Comparing megabytes, writing and flushing them is most of the work and changes nothing that anybody sees. So it may
begin while the commit is being made (``begun``). A file that is edited after it was compared is noticed when the new
one is to take its place, and stays.
"""

from __future__ import annotations

import itertools
import os
import stat
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from codex.gitio import Git, GitFailed
from codex.integration.exchange import put_over, take_away
from codex.integration.faults import point
from codex.integration.gitstore import files_at, read_blobs, safe_environment
from codex.integration.indexfile import Known, NewIndex, Wanted, identity
from codex.integration.seen import blob_at, note
from codex.integration.threads import threads
from codex.snapshot import blob_id

_TEMPORARY = "checkout-"
_numbers = itertools.count()


@dataclass(frozen=True)
class Left:
    """A path (or the index) that was not brought to the commit. ``again``: worth another try later."""

    path: str
    reason: str
    again: bool = False


@dataclass(frozen=True)
class _Wanted:
    """What the commit has at a path."""

    blob: str
    data: bytes
    executable: bool


@dataclass(frozen=True)
class _File:
    """What is at a path of the work tree: blob id (None: nothing), its stat identity, or an obstacle."""

    blob: str | None = None
    identity: tuple[int, ...] = ()
    obstacle: str = ""


@dataclass(frozen=True)
class _Step:
    """One path that is to be brought to the commit. ``temporary`` is where its new file waits."""

    git: Git
    path: str
    wanted: _Wanted | None
    known: Collection[str | None]
    temporary: Path


class Checkout:
    """Paths on their way to a commit: made ready by other threads from the beginning, put in place by ``carry_out``.

    ``known``: the blobs by path that may be there from before.
    """

    def __init__(self, git: Git, known: Known, entries: Wanted, contents: Mapping[str, bytes], scratch: Path) -> None:
        self.known = known
        wanted = {path: _Wanted(oid, contents[path], mode == "100755") for path, (mode, oid) in entries.items()}
        self._steps = [
            _Step(git, path, wanted.get(path), blobs, scratch / _temporary()) for path, blobs in known.items()
        ]
        self._index = NewIndex(git, known, entries)  # first: it takes longest
        self._looks = [threads().submit(_prepared, step) for step in self._steps]

    def carry_out(self) -> list[Left]:
        """Put files and index in place; returns what was left, with the reason. Never raises for a single path."""
        point("checkout.begin")
        try:
            pairs = zip(self._steps, self._looks, strict=True)
            left = [problem for step, look in pairs if (problem := _bring_file(step, look.result()))]
        finally:
            cleared = self._clear()
        point("checkout.files")
        trouble = self._index.put_in_place()
        wait(cleared)
        return [*left, Left("The index", trouble, again=True)] if trouble else left

    def close(self) -> None:
        """Leave nothing behind."""
        self._index.close()
        wait(self._clear())

    def _clear(self) -> list[Future[None]]:
        """Have new files removed that were not needed, and old ones that gave way to new ones."""
        wait(self._looks)
        return [threads().submit(step.temporary.unlink, missing_ok=True) for step in self._steps]


@contextmanager
def begun(git: Git, known: Known, entries: Wanted, contents: Mapping[str, bytes], scratch: Path) -> Iterator[Checkout]:
    """A checkout that is being made ready; until it is carried out nobody sees anything of it.

    ``entries``: mode and blob id of the files that the commit has of these paths; ``contents``: their bytes;
    ``scratch``: a folder on the same file system for files on their way.
    """
    checkout = Checkout(git, known, entries, contents, scratch)
    try:
        yield checkout
    finally:
        checkout.close()


def bring_to(
    git: Git, commit: str, known: Known, scratch: Path, kept: Callable[[str], bytes | None] = lambda _: None
) -> list[Left]:
    """Check out these paths of a commit; returns those that were left, with the reason.

    ``kept`` gives the bytes of a blob that is in memory. Raises StorageError when the commit cannot be read.
    """
    entries = {path: entry for path, entry in files_at(git, commit, known).items() if entry[0].startswith("100")}
    with begun(git, known, entries, _contents(git, entries, kept), scratch) as checkout:
        return checkout.carry_out()


def _contents(git: Git, entries: Wanted, kept: Callable[[str], bytes | None]) -> dict[str, bytes]:
    there = {oid: data for _, oid in entries.values() if (data := kept(oid)) is not None}
    missing = [oid for _, oid in entries.values() if oid not in there]
    there |= dict(zip(missing, read_blobs(git, missing), strict=True)) if missing else {}
    return {path: there[oid] for path, (_, oid) in entries.items()}


def _temporary() -> str:
    return f"{_TEMPORARY}{os.getpid()}-{next(_numbers)}.tmp"


def clear_temporary(scratch: Path) -> None:
    """Remove what killed writers left; called under the lock."""
    for path in scratch.glob(f"{_TEMPORARY}*.tmp"):
        path.unlink(missing_ok=True)


def _prepared(step: _Step) -> _File | Left:
    """What is at the path now, its new file being ready; or why it is left, or needs nothing (an empty reason)."""
    path, wanted = step.path, step.wanted
    try:
        there = _look(step.git, path, step.known)
        if there.obstacle:
            return Left(path, there.obstacle)
        if there.blob == (wanted.blob if wanted else None):
            return Left(path, "")
        if there.blob not in step.known:
            return Left(path, "it has uncommitted edits" if there.blob else "it was deleted here")
        if wanted:
            _write(wanted, step.temporary)
    except OSError as exc:
        return Left(path, f"it cannot be written ({exc.strerror or exc})", again=True)
    except GitFailed as exc:
        return Left(path, f"it cannot be compared ({exc.what})", again=True)
    return there


def _bring_file(step: _Step, there: _File | Left) -> Left | None:
    if isinstance(there, Left):
        return there if there.reason else None
    try:
        return _replace(step, there)
    except OSError as exc:
        return Left(step.path, f"it cannot be written ({exc.strerror or exc})", again=True)


def _look(git: Git, path: str, known: Collection[str | None]) -> _File:
    place = git.root / path
    for folder in list(place.relative_to(git.root).parents)[-2::-1]:
        if (git.root / folder).is_symlink():
            return _File(obstacle=f"{folder} is a symbolic link")
    try:
        status = place.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return _File()
    if not stat.S_ISREG(status.st_mode):
        return _File(obstacle="something that is not a file stands there")
    seen = blob_at(place, status)
    if seen:
        return _File(seen, identity(status))
    data = place.read_bytes()
    raw = blob_id(data)
    return _File(raw if raw in known else _filtered_id(git, path, data), identity(status))


def _filtered_id(git: Git, path: str, data: bytes) -> str:
    """The blob that git would make of these bytes at this path (line ends under autocrlf and the like)."""
    return git.out("hash-object", "--path", path, "--stdin", stdin=data, env=safe_environment())


def _replace(step: _Step, there: _File) -> Left | None:
    place = step.git.root / step.path
    if step.wanted:
        place.parent.mkdir(parents=True, exist_ok=True)
    point("checkout.file")
    if there.identity != (identity(place.lstat()) if os.path.lexists(place) else ()):
        return Left(step.path, "it was edited just now")
    if step.wanted:
        new = identity(step.temporary.lstat())
        done = put_over(step.temporary, place, there.identity)
        point("checkout.renamed")
        if done:
            note(place, new, step.wanted.blob)
    else:
        done = take_away(step.temporary, place, there.identity)
        point("checkout.removed")
    return None if done else Left(step.path, "it was edited just now")


def _write(wanted: _Wanted, temporary: Path) -> None:
    with temporary.open("wb") as file:
        file.write(wanted.data)
        file.flush()
        os.fsync(file.fileno())
    if wanted.executable:
        temporary.chmod(temporary.stat().st_mode | 0o111)
