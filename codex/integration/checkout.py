"""Bring work tree and index to a new commit, path by path, leaving alone what a person has changed.

For each path the caller names the blobs that may be there from before (``known``). A file with one of them is
replaced; any other content is the person's and stays. The index is treated in the same way and apart (indexfile.py):
where it held a known blob it follows the commit even if the file itself stays, or else the person's next commit would
take the change back.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from codex.gitio import Git, GitFailed
from codex.integration.exchange import put_over, take_away
from codex.integration.faults import point
from codex.integration.gitstore import files_at, read_blobs, safe_environment
from codex.integration.indexfile import Known, bring_index, identity
from codex.snapshot import blob_id

_TEMPORARY = "checkout-"
#: Files compared, written and flushed at the same time.
_AT_ONCE = 4


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


def bring_to(
    git: Git, commit: str, known: Known, scratch: Path, kept: Callable[[str], bytes | None] = lambda _: None
) -> list[Left]:
    """Check out these paths of a commit; returns those that were left, with the reason.

    ``scratch`` is a folder on the same file system for files on their way; ``kept`` gives the bytes of a blob that is
    in memory. Never raises for a single path; StorageError when the commit cannot be read.
    """
    point("checkout.begin")
    entries = {path: entry for path, entry in files_at(git, commit, known).items() if entry[0].startswith("100")}
    wanted = _contents(git, entries, kept)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        steps = [
            _Step(git, path, wanted.get(path), known[path], scratch / _temporary(at)) for at, path in enumerate(known)
        ]
        prepared = pool.map(_prepared, steps)
        left = [problem for step, look in zip(steps, prepared, strict=True) if (problem := _bring_file(step, look))]
    point("checkout.files")
    trouble = bring_index(git, known, entries)
    return [*left, Left("The index", trouble, again=True)] if trouble else left


def _contents(
    git: Git, entries: Mapping[str, tuple[str, str]], kept: Callable[[str], bytes | None]
) -> dict[str, _Wanted]:
    there = {oid: data for _, oid in entries.values() if (data := kept(oid)) is not None}
    missing = [oid for _, oid in entries.values() if oid not in there]
    there |= dict(zip(missing, read_blobs(git, missing), strict=True)) if missing else {}
    return {path: _Wanted(oid, there[oid], mode == "100755") for path, (mode, oid) in entries.items()}


def clear_temporary(scratch: Path) -> None:
    """Remove what killed writers left; called under the lock."""
    for path in scratch.glob(f"{_TEMPORARY}*.tmp"):
        path.unlink(missing_ok=True)


@dataclass(frozen=True)
class _Step:
    """One path that is to be brought to the commit. ``temporary`` is where its new file waits."""

    git: Git
    path: str
    wanted: _Wanted | None
    known: Collection[str | None]
    temporary: Path


def _temporary(number: int) -> str:
    return f"{_TEMPORARY}{os.getpid()}-{number}.tmp"


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
            _prepare(wanted, step.temporary)
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
    finally:
        step.temporary.unlink(missing_ok=True)


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
        done = put_over(step.temporary, place, there.identity)
        point("checkout.renamed")
    else:
        done = take_away(step.temporary, place, there.identity)
        point("checkout.removed")
    return None if done else Left(step.path, "it was edited just now")


def _prepare(wanted: _Wanted, temporary: Path) -> None:
    with temporary.open("wb") as file:
        file.write(wanted.data)
        file.flush()
        os.fsync(file.fileno())
    if wanted.executable:
        temporary.chmod(temporary.stat().st_mode | 0o111)
