"""Bring work tree and index to a new commit, path by path, leaving alone what a person has changed.

For each path the caller names the blobs that may be there from before (``known``). A file with one of them is
replaced; any other content is the person's and stays. The index is treated in the same way and apart: where it held
a known blob it follows the commit even if the file itself stays, or else the person's next commit would take the
change back.

The index is prepared in a file of our own and put in place under ``index.lock`` by two renames' worth of system
calls, so that no kill leaves a lock that could not be recognised as ours (``gitstore.clear_scratch``).
"""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from codex.gitio import Git, GitFailed
from codex.integration.faults import point
from codex.integration.gitstore import files_at, index_line, portions, safe_environment, scratch_path
from codex.snapshot import blob_id

#: Blob ids by path; None stands for "no such file".
Known = Mapping[str, Collection[str | None]]

_INDEX_PATIENCE_SECONDS = 3.0
_TEMPORARY = "checkout-"


@dataclass(frozen=True)
class Left:
    """A path (or the index) that was not brought to the commit. ``again``: worth another try later."""

    path: str
    reason: str
    again: bool = False


@dataclass(frozen=True)
class _File:
    """What is at a path of the work tree: blob id (None: nothing), its stat identity, or an obstacle."""

    blob: str | None = None
    identity: tuple[int, ...] = ()
    obstacle: str = ""


def bring_to(git: Git, commit: str, known: Known, scratch: Path) -> list[Left]:
    """Check out these paths of a commit. Returns those that were left, with the reason; never raises for one path."""
    point("checkout.begin")
    wanted = {path: found for path, found in files_at(git, commit, known).items() if found[0].startswith("100")}
    left = [problem for path in known if (problem := _bring_file(git, path, wanted.get(path), known[path], scratch))]
    point("checkout.files")
    index_problem = _bring_index(git, known, wanted)
    return [*left, index_problem] if index_problem else left


def clear_temporary(scratch: Path) -> None:
    """Remove what killed writers left; called under the lock."""
    for path in scratch.glob(f"{_TEMPORARY}*.tmp"):
        path.unlink(missing_ok=True)


def _bring_file(
    git: Git, path: str, wanted: tuple[str, str] | None, known: Collection[str | None], scratch: Path
) -> Left | None:
    try:
        there = _look(git, path, known)
        if there.obstacle:
            return Left(path, there.obstacle)
        if there.blob == (wanted[1] if wanted else None):
            return None
        if there.blob not in known:
            return Left(path, "it has uncommitted edits" if there.blob else "it was deleted here")
        return _replace(git, path, wanted, there, scratch)
    except OSError as exc:
        return Left(path, f"it cannot be written ({exc.strerror or exc})", again=True)
    except GitFailed as exc:
        return Left(path, f"its content cannot be read ({exc.what})", again=True)


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
    return _File(raw if raw in known else _filtered_id(git, path, data), _identity(status))


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return status.st_ino, status.st_size, status.st_mtime_ns


def _filtered_id(git: Git, path: str, data: bytes) -> str:
    """The blob that git would make of these bytes at this path (line ends under autocrlf and the like)."""
    return git.out("hash-object", "--path", path, "--stdin", stdin=data, env=safe_environment())


def _replace(git: Git, path: str, wanted: tuple[str, str] | None, there: _File, scratch: Path) -> Left | None:
    place = git.root / path
    temporary = None
    if wanted:
        temporary = _prepare(git, wanted, scratch)
        place.parent.mkdir(parents=True, exist_ok=True)
    point("checkout.file")
    if there.identity != (_identity(place.lstat()) if os.path.lexists(place) else ()):
        return Left(path, "it was edited just now")
    if temporary:
        temporary.replace(place)
        point("checkout.renamed")
    else:
        place.unlink()
        point("checkout.removed")
    return None


def _prepare(git: Git, wanted: tuple[str, str], scratch: Path) -> Path:
    mode, oid = wanted
    temporary = scratch / f"{_TEMPORARY}{os.getpid()}.tmp"
    data = git.run("cat-file", "blob", oid).stdout
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    if mode == "100755":
        temporary.chmod(temporary.stat().st_mode | 0o111)
    return temporary


def _bring_index(git: Git, known: Known, wanted: Mapping[str, tuple[str, str]]) -> Left | None:
    git_dir = git.git_dir()
    deadline = time.monotonic() + _INDEX_PATIENCE_SECONDS
    try:
        while not _swap_index(git, git_dir, known, wanted):
            if time.monotonic() > deadline:
                lock = git_dir / "index.lock"
                return Left("the index", f"{lock} exists; if no git runs, a dead one left it: remove it", again=True)
            time.sleep(0.05)
    except (OSError, GitFailed) as exc:
        return Left("the index", f"it cannot be written ({exc})", again=True)
    point("checkout.refreshed")
    return None


def _swap_index(git: Git, git_dir: Path, known: Known, wanted: Mapping[str, tuple[str, str]]) -> bool:
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


def _stat_or_none(path: Path) -> tuple[int, ...] | None:
    try:
        return _identity(path.stat())
    except FileNotFoundError:
        return None


def _edit_index(git: Git, ours: Path, known: Known, wanted: Mapping[str, tuple[str, str]]) -> bool:
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
    git.run("update-index", "-q", "--refresh", env=env, check=False)  # 1: some files differ, which is normal
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
