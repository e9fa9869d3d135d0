"""Run git: plumbing only, immune to the caller's environment and to global configuration.

Blobs are hashed without filters, commits made with ``commit-tree``: neither filters nor signing take part. The one hook
that plumbing knows (``reference-transaction``) is switched off where refs are moved (integration/gitstore.py).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from codex.errors import StorageError

#: Variables with which a surrounding git (a hook, a rebase) would redirect ours.
_INHERITED = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_PREFIX",
    "GIT_NAMESPACE",
    "GIT_COMMON_DIR",
)


#: How git says that there is no space left.
_NO_SPACE = ("No space left", "Out of diskspace", "File too large")


class GitFailed(StorageError):
    """A git command failed; ``code`` is its exit status and ``stderr`` what it said."""

    def __init__(self, args: Sequence[str], code: int, stderr: str) -> None:
        said = stderr.strip().splitlines()
        full = any(sign in stderr for sign in _NO_SPACE)
        super().__init__(
            f"git {args[0]} failed ({code}): {said[-1] if said else 'no message'}.",
            remedy="The disk is full: make space, then run the command again; nothing was changed."
            if full
            else "Look at the space left, at `git status` and `git fsck`, then run the command again.",
        )
        self.code = code
        self.stderr = stderr


def git_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    env = {k: v for k, v in os.environ.items() if k not in _INHERITED}
    env |= {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
    env |= dict(extra or {})
    return env


class Git:
    """Git in one folder (``git -C root``)."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root)
        self._folders: dict[str, Path] = {}

    def run(
        self,
        *args: str,
        stdin: bytes | None = None,
        env: Mapping[str, str] | None = None,
        check: bool = True,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run ``git args`` and return the completed process; raise GitFailed on a non-zero exit when ``check``."""
        try:
            done = subprocess.run(
                ["git", "-C", str(self.root), *args],
                input=stdin,
                stdin=subprocess.DEVNULL if stdin is None else None,
                capture_output=True,
                env=git_environment(env),
                check=False,
            )
        except FileNotFoundError as exc:
            raise StorageError("git is not installed.", remedy="Install git and run the command again.") from exc
        if check and done.returncode != 0:
            raise GitFailed(args, done.returncode, done.stderr.decode("utf-8", "replace"))
        return done

    def out(self, *args: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None) -> str:
        """The command's standard output as text, stripped of its final line end."""
        return self.run(*args, stdin=stdin, env=env).stdout.decode("utf-8", "surrogateescape").rstrip("\n")

    def is_repository(self) -> bool:
        """True when the folder itself is the top of a work tree."""
        done = self.run("rev-parse", "--show-toplevel", check=False)
        return done.returncode == 0 and Path(os.fsdecode(done.stdout.rstrip(b"\n"))).resolve() == self.root.resolve()

    def git_dir(self) -> Path:
        """The git folder of this work tree, absolute. Asked of git once, like ``objects_dir``."""
        return self._folder("--absolute-git-dir")

    def objects_dir(self) -> Path:
        """Where the repository keeps its objects, absolute."""
        return self.root / self._folder("--git-path", "objects")

    def _folder(self, *question: str) -> Path:
        name = question[0]
        if name not in self._folders:
            self._folders[name] = Path(self.out("rev-parse", *question))
        return self._folders[name]

    def head(self) -> str | None:
        """The commit HEAD points to, or None on an unborn branch."""
        done = self.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}", check=False)
        return done.stdout.decode().strip() or None

    def branch_ref(self) -> str | None:
        """The full name of the checked-out branch (``refs/heads/main``), or None when HEAD is detached."""
        done = self.run("symbolic-ref", "--quiet", "HEAD", check=False)
        return done.stdout.decode().strip() or None
