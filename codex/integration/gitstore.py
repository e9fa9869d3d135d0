"""Commits made of objects, without touching index or work tree, published by compare-and-swap.

Blobs are stored with the changed trees above them (objects.py, trees.py), ``commit-tree`` makes a commit of the root,
``update-ref`` with the expected old value publishes it. Until that last step nothing refers to what was made, so a kill
before it leaves the repository as it was (but for unreachable objects, which git collects in time).
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import chain
from pathlib import Path, PurePosixPath

from codex.errors import Conflict, StorageError
from codex.gitio import Git, GitFailed
from codex.integration.faults import point
from codex.integration.objects import Packed, pack, write_objects
from codex.integration.threads import threads
from codex.integration.trees import FILE_MODES, NewTree, change_tree

#: What would run somebody's program, lose data in a power cut, or give up at once on a lock held for a moment.
_OVERRIDES = {
    "core.hooksPath": os.devnull,  # update-ref and read-tree run hooks too
    "core.fsmonitor": "false",
    "core.fsync": "committed,loose-object",
    "core.filesRefLockTimeout": "2000",
    "i18n.commitEncoding": "UTF-8",
}
_NO_COMMIT = "0" * 40
_LOCK_IN_THE_WAY = re.compile(r"Unable to create '([^'\n]+\.lock)': File exists")
_ARGUMENTS = 400  # paths in one command line


@dataclass(frozen=True)
class FileChange:
    """One path that differs between two commits; an id or mode is None where the path is absent."""

    path: str
    old: str | None
    new: str | None
    old_mode: str | None = None
    new_mode: str | None = None


def safe_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Environment additions under which git runs no hook and flushes what it writes; keeps the caller's own ones."""
    first = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
    env = {"GIT_CONFIG_COUNT": str(first + len(_OVERRIDES)), "GIT_LITERAL_PATHSPECS": "1"}
    for number, (key, value) in enumerate(_OVERRIDES.items(), first):
        env[f"GIT_CONFIG_KEY_{number}"] = key
        env[f"GIT_CONFIG_VALUE_{number}"] = value
    return env | dict(extra or {})


def build_commit(git: Git, base: str | None, blobs: Mapping[str, Packed | None], message: str, when: datetime) -> str:
    """``store_tree`` and ``make_commit`` in one."""
    return make_commit(git, base, store_tree(git, base, blobs).oid, message, when)


def store_tree(git: Git, base: str | None, blobs: Mapping[str, Packed | None]) -> NewTree:
    """Store the files of ``base`` (None: there are none) with some of them replaced, added or removed (None).

    Raises UnsafeTree when a path leads through a symbolic link or submodule of the base, StorageError when git cannot
    write.
    """
    point("objects.begin")
    root = _tree_of(git, base)
    ids = {path: blob.oid if blob else None for path, blob in blobs.items()}
    made = change_tree(root, ids, _folder_reader(git, base, root, blobs))
    trees = threads().map(partial(pack, "tree"), made.trees)
    write_objects(git, chain(filter(None, blobs.values()), trees))
    point("objects.tree")
    return made


def make_commit(git: Git, base: str | None, tree: str, message: str, when: datetime) -> str:
    """Store a commit of a tree on top of ``base`` and return its id; nothing refers to it yet."""
    parents = ["-p", base] if base else []
    text = message.replace("\0", "").encode("utf-8", "replace")
    commit = git.out("commit-tree", tree, *parents, stdin=text, env=safe_environment(_identity(git, when)))
    _remember_tree(commit, tree)
    point("objects.commit")
    return commit


def _folder_reader(git: Git, base: str | None, root: str | None, paths: Iterable[str]) -> Callable[[str], bytes]:
    """How to read a tree by its id. Who asks for the root knows none: all folders of these paths are read at once."""
    found: dict[str, bytes] = {}

    def read(oid: str) -> bytes:
        if base and oid == root:
            folders = dict.fromkeys(str(each) for path in paths for each in PurePosixPath(path).parents)
            found.update(_trees_at(git, base, ["" if each == "." else each for each in folders]))
        return found[oid] if oid in found else read_blobs(git, [oid])[0]

    return read


def _trees_at(git: Git, commit: str, folders: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Id and bytes of what there is of these folders ("" is the root); a name of more than one line is left out."""
    names = [f"{commit}:{folder}\n" for folder in folders if "\n" not in folder]
    out = git.run("cat-file", "--batch", stdin=os.fsencode("".join(names))).stdout
    at = 0
    for _ in names:
        line_end = out.index(b"\n", at)
        oid, kind, size = (*out[at:line_end].rsplit(b" ", 2), b"", b"")[:3]
        at = line_end + 1
        if kind in {b"tree", b"blob", b"commit"} and size.isdigit():
            yield oid.decode(), out[at : at + int(size)]
            at += int(size) + 1


#: Trees of the commits that this process made last.
_trees: dict[str, str] = {}


def _remember_tree(commit: str, tree: str) -> None:
    if len(_trees) > 1_000:
        _trees.clear()
    _trees[commit] = tree


def _tree_of(git: Git, commit: str | None) -> str | None:
    if commit is None:
        return None
    return _trees.get(commit) or git.out("rev-parse", "--verify", f"{commit}^{{tree}}")


def publish(git: Git, ref: str, new: str, old: str | None, *, reason: str) -> None:
    """Move a branch from ``old`` (None: it does not exist yet) to ``new``, or not at all.

    Raises Conflict when the branch is no longer at ``old``, StorageError when git cannot write the ref.
    """
    point("ref.before")
    try:
        git.run("update-ref", "-m", reason, ref, new, old or _NO_COMMIT, env=safe_environment())
    except GitFailed as exc:
        if commit_of(git, ref) != old:
            raise Conflict(f"{ref} was moved by somebody else.", remedy="Take a new snapshot and try again.") from exc
        raise _ref_refused(ref, exc) from exc
    point("ref.after")


def commit_of(git: Git, revision: str) -> str | None:
    """The full id of a commit; None when there is none of that name."""
    done = git.run("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", check=False)
    return done.stdout.decode().strip() or None


def is_ancestor(git: Git, older: str, newer: str) -> bool:
    """True also when both are the same commit."""
    return older == newer or git.run("merge-base", "--is-ancestor", older, newer, check=False).returncode == 0


def differences(git: Git, old: str, new: str) -> list[FileChange]:
    """The files in which two commits or trees differ, in path order."""
    listing = git.run("diff-tree", "-r", "-z", "--no-renames", "--no-ext-diff", old, new, env=safe_environment()).stdout
    parts = listing.split(b"\0")
    return [_difference(meta.decode(), os.fsdecode(path)) for meta, path in zip(parts[::2], parts[1::2], strict=False)]


def files_at(git: Git, commit: str, paths: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Mode and blob id of those of the paths that are files (or links) in a commit."""
    found: dict[str, tuple[str, str]] = {}
    for some in portions(sorted(paths)):
        for line in git.run("ls-tree", "-z", "--full-tree", commit, "--", *some).stdout.split(b"\0"):
            meta, _, path = line.partition(b"\t")
            mode, _, rest = meta.decode().partition(" ")
            kind, _, oid = rest.partition(" ")
            if kind in {"blob", "commit"}:
                found[os.fsdecode(path)] = (mode, oid)
    return found


def is_file_mode(mode: str) -> bool:
    """True for a plain file, executable or not; links and submodules are none."""
    return mode in FILE_MODES


def portions(paths: Sequence[str]) -> Iterator[Sequence[str]]:
    """The paths in pieces that fit on a command line."""
    for start in range(0, len(paths), _ARGUMENTS):
        yield paths[start : start + _ARGUMENTS]


def _difference(meta: str, path: str) -> FileChange:
    old_mode, new_mode, old, new, _ = meta.lstrip(":").split()
    absent = "000000"
    return FileChange(
        path,
        None if old_mode == absent else old,
        None if new_mode == absent else new,
        None if old_mode == absent else old_mode,
        None if new_mode == absent else new_mode,
    )


def read_blobs(git: Git, oids: Sequence[str]) -> list[bytes]:
    """The bytes of blobs, in one process; raises StorageError for one that is not there."""
    out = git.run("cat-file", "--batch", stdin="".join(f"{oid}\n" for oid in oids).encode()).stdout
    found, at = [], 0
    for oid in oids:
        head = out[at : out.index(b"\n", at)].split()
        if len(head) != 3:
            raise StorageError(f"git cannot read object {oid}.", remedy="Run `git fsck` in the workspace.")
        start = at + len(b" ".join(head)) + 1
        at = start + int(head[2]) + 1
        found.append(out[start : at - 1])
    return found


def index_line(path: str, entry: tuple[str, str] | None) -> bytes:
    """One line for ``update-index -z --index-info``: set a path to (mode, blob id), or remove it (None)."""
    mode, oid = entry or ("0", _NO_COMMIT)
    return f"{mode} {oid}\t".encode() + os.fsencode(path) + b"\0"


def scratch_path(git_dir: Path) -> Path:
    """A new name for an index file of our own; never the same twice, because a killed writer's git may live on."""
    return git_dir / f"codex-index-{secrets.token_hex(6)}"


def clear_scratch(git_dir: Path) -> None:
    """Remove what killed writers left: index files, blobs on their way, the index lock. Called under the lock.

    Our own index lock is a second name of such a file (checkout.py), so it is told from anybody else's.
    """
    lock = git_dir / "index.lock"
    for path in git_dir.glob("codex-index-*"):
        with suppress(FileNotFoundError):
            if path.samefile(lock):
                lock.unlink()
        path.unlink(missing_ok=True)
    for folder in git_dir.glob("codex-blobs-*"):
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def scratch_index(git: Git) -> Iterator[dict[str, str]]:
    path = scratch_path(git.git_dir())
    try:
        yield safe_environment({"GIT_INDEX_FILE": str(path)})
    finally:
        path.unlink(missing_ok=True)


def _identity(git: Git, when: datetime) -> dict[str, str]:
    """The person's own identity when both parts of it are known, else the engine's; time to the second, UTC."""
    date = f"{int(when.timestamp())} +0000"
    env = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    configured = _configured(git)
    for role in ("AUTHOR", "COMMITTER"):
        name = os.environ.get(f"GIT_{role}_NAME") or configured.get("user.name")
        email = os.environ.get(f"GIT_{role}_EMAIL") or configured.get("user.email")
        if not (name and email):
            name, email = "Codex", "codex@localhost"
        env |= {f"GIT_{role}_NAME": name, f"GIT_{role}_EMAIL": email}
    return env


def _configured(git: Git) -> dict[str, str]:
    """The person's name and address; of several settings the last one counts, as for git."""
    done = git.run("config", "-z", "--get-regexp", r"^user\.(name|email)$", check=False)
    pairs = (entry.partition("\n") for entry in done.stdout.decode("utf-8", "replace").split("\0"))
    return {key: value.strip() for key, _, value in pairs if key}


def _ref_refused(ref: str, exc: GitFailed) -> StorageError:
    """The error for a person: a lock in the way (of the branch, of HEAD, of packed-refs) is named."""
    lock = _LOCK_IN_THE_WAY.search(exc.stderr)
    if lock is None:
        return exc
    return StorageError(
        f"git cannot move {ref}: {lock[1]} exists, left by a git that died or still runs.",
        remedy="Make sure that no git runs in the workspace, remove that file, and run again.",
    )
