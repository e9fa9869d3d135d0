"""Open a workspace and take snapshots of it.

A workspace is a folder with ``content/`` and ``manifests/``. Reading needs nothing more, not even git; writing needs
the folder to be the top of a git work tree with a branch checked out and no merge under way (``writable_problem``).
Uncommitted edits are normal: they are never read by ``snapshot`` and never overwritten by the integrator.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from codex.errors import StorageError, WorkspaceError
from codex.gitio import Git
from codex.snapshot import CommitSnapshot, Snapshot, TreeSnapshot

if TYPE_CHECKING:
    from codex.settings import Settings

#: What marks a folder as a workspace.
MARKS = ("content", "manifests")

#: File or folder in the git folder → what is under way while it exists.
_UNDER_WAY = {
    "MERGE_HEAD": ("A merge", "git merge --continue", "git merge --abort"),
    "rebase-merge": ("A rebase", "git rebase --continue", "git rebase --abort"),
    "rebase-apply": ("A rebase", "git rebase --continue", "git rebase --abort"),
    "CHERRY_PICK_HEAD": ("A cherry-pick", "git cherry-pick --continue", "git cherry-pick --abort"),
    "REVERT_HEAD": ("A revert", "git revert --continue", "git revert --abort"),
}


class Workspace:
    """One workspace on disk. ``root`` is absolute; ``git`` runs git in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.git = Git(root)

    @classmethod
    def open(cls, path: Path | str | None = None) -> Workspace:
        """The workspace at ``path`` (default: the current folder) or in the nearest folder above it.

        Nothing is changed there (codex/integration/opening.py finishes what a killed writer left). Raises
        WorkspaceError when there is no such folder.
        """
        start = Path(path or ".").absolute()
        for folder in (start, *start.parents):
            if all((folder / mark).is_dir() for mark in MARKS):
                return cls(folder)
        raise _no_workspace(start, named=path is not None)

    @cached_property
    def has_git(self) -> bool:
        """True when the folder is the top of a git work tree."""
        return (self.root / ".git").exists() and self.git.is_repository()

    @cached_property
    def git_dir(self) -> Path:
        """The git folder of this work tree; raises the workspace's problem when there is none."""
        if not self.has_git:
            self.require_writable()
        return self.git.git_dir()

    def snapshot(self) -> Snapshot:
        """The committed state: the commit of HEAD; the working tree where there is no commit or no repository."""
        head = self.git.head() if self.has_git else None
        return self.at(head) if head else self.tree()

    def at(self, commit: str) -> CommitSnapshot:
        """The state at a commit, branch or tag; raises UserError when there is none of that name."""
        return CommitSnapshot(self.root, commit)

    def tree(self) -> TreeSnapshot:
        """The files as they are now, uncommitted edits included."""
        return TreeSnapshot(self.root)

    @cached_property
    def settings(self) -> Settings:
        """``codex.toml`` of the working tree; raises UserError, naming file and key, when it is wrong."""
        from codex.settings import load_settings  # Pydantic: not needed to read a corpus

        return load_settings(self.root / "codex.toml")

    @property
    def state_dir(self) -> Path:
        """``.codex/state``: journal and spool. Made when missing, never deleted by the engine, never committed."""
        return self._private("state")

    @property
    def cache_dir(self) -> Path:
        """``.codex/cache``: may be deleted at any time, never committed."""
        return self._private("cache")

    def _private(self, name: str) -> Path:
        home = self.root / ".codex"
        if home.is_symlink():
            raise WorkspaceError(f"{home} is a symbolic link.", remedy="Make it a real folder.")
        try:
            (home / name).mkdir(parents=True, exist_ok=True)
            ignore = home / ".gitignore"  # ignores itself too, so no file of the person's has to be changed
            if not ignore.exists():
                ignore.write_text("*\n", encoding="ascii")
        except OSError as exc:
            raise StorageError(
                f"{home / name} cannot be made: {exc.strerror}.", remedy="Check space and permissions."
            ) from exc
        return home / name

    def writable_problem(self) -> WorkspaceError | None:
        """Why nothing may be written to this workspace now; None when all is well. A dirty tree is well."""
        if not self.has_git:
            return WorkspaceError(
                f"{self.root} is not a git repository of its own, so nothing can be integrated into it.",
                remedy="Run `git init` there and commit what it holds, or make a workspace with `codexctl init`.",
            )
        for mark, (what, go_on, give_up) in _UNDER_WAY.items():
            if (self.git_dir / mark).exists():
                return WorkspaceError(
                    f"{what} is under way in {self.root}.", remedy=f"Finish it (`{go_on}`) or give it up (`{give_up}`)."
                )
        if self.git.branch_ref() is None:
            return WorkspaceError(
                f"{self.root} has no branch checked out (HEAD is detached).", remedy="Run `git switch <branch>`."
            )
        if self.git.head() is None:
            return WorkspaceError(
                f"{self.root} has no commit yet.", remedy="Commit what it holds: `git add -A` and `git commit`."
            )
        return None

    def require_writable(self) -> None:
        """Raise the problem that ``writable_problem`` finds, if any."""
        problem = self.writable_problem()
        if problem is not None:
            raise problem


def _no_workspace(start: Path, *, named: bool) -> WorkspaceError:
    if not start.exists():
        return WorkspaceError(f"There is no folder {start}.", remedy="Make a workspace there with `codexctl init`.")
    where = f"{start} is not a workspace" if named else f"{start} is not inside a workspace"
    return WorkspaceError(
        f"{where}: no folder there or above has both content/ and manifests/.",
        remedy="Name one with `--workspace PATH`, or make one with `codexctl init PATH`.",
    )
