"""Bring work tree and index to a new commit, path by path, leaving alone what a person has changed.

For each path the caller names the blobs that may be there from before (``known``). A file with one of them is
replaced; any other content is the person's and stays. The index is treated in the same way and apart (indexfile.py):
where it held a known blob it follows the commit even if the file itself stays, or else the person's next commit would
take the change back.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from codex.gitio import Git, GitFailed
from codex.integration.faults import point
from codex.integration.gitstore import files_at, read_blobs, safe_environment
from codex.integration.indexfile import Known, bring_index, identity
from codex.snapshot import blob_id

_TEMPORARY = "checkout-"


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


def bring_to(git: Git, commit: str, known: Known, scratch: Path) -> list[Left]:
    """Check out these paths of a commit; returns those that were left, with the reason.

    ``scratch`` is a folder on the same file system for files on their way. Never raises for a single path; StorageError
    when the commit cannot be read.
    """
    point("checkout.begin")
    entries = {path: entry for path, entry in files_at(git, commit, known).items() if entry[0].startswith("100")}
    wanted = _contents(git, entries)
    left = [problem for path in known if (problem := _bring_file(git, path, wanted.get(path), known[path], scratch))]
    point("checkout.files")
    trouble = bring_index(git, known, entries)
    return [*left, Left("The index", trouble, again=True)] if trouble else left


def _contents(git: Git, entries: Mapping[str, tuple[str, str]]) -> dict[str, _Wanted]:
    blobs = read_blobs(git, [oid for _, oid in entries.values()])
    return {
        path: _Wanted(oid, data, mode == "100755")
        for (path, (mode, oid)), data in zip(entries.items(), blobs, strict=True)
    }


def clear_temporary(scratch: Path) -> None:
    """Remove what killed writers left; called under the lock."""
    for path in scratch.glob(f"{_TEMPORARY}*.tmp"):
        path.unlink(missing_ok=True)


def _bring_file(
    git: Git, path: str, wanted: _Wanted | None, known: Collection[str | None], scratch: Path
) -> Left | None:
    try:
        there = _look(git, path, known)
        if there.obstacle:
            return Left(path, there.obstacle)
        if there.blob == (wanted.blob if wanted else None):
            return None
        if there.blob not in known:
            return Left(path, "it has uncommitted edits" if there.blob else "it was deleted here")
        return _replace(git.root / path, path, wanted, there, scratch)
    except OSError as exc:
        return Left(path, f"it cannot be written ({exc.strerror or exc})", again=True)
    except GitFailed as exc:
        return Left(path, f"it cannot be compared ({exc.what})", again=True)


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


def _replace(place: Path, path: str, wanted: _Wanted | None, there: _File, scratch: Path) -> Left | None:
    temporary = None
    if wanted:
        temporary = _prepare(wanted, scratch)
        place.parent.mkdir(parents=True, exist_ok=True)
    point("checkout.file")
    if there.identity != (identity(place.lstat()) if os.path.lexists(place) else ()):
        return Left(path, "it was edited just now")
    if temporary:
        temporary.replace(place)
        point("checkout.renamed")
    else:
        place.unlink()
        point("checkout.removed")
    return None


def _prepare(wanted: _Wanted, scratch: Path) -> Path:
    temporary = scratch / f"{_TEMPORARY}{os.getpid()}.tmp"
    with temporary.open("wb") as file:
        file.write(wanted.data)
        file.flush()
        os.fsync(file.fileno())
    if wanted.executable:
        temporary.chmod(temporary.stat().st_mode | 0o111)
    return temporary
