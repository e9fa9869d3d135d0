"""The last commits of the workspace."""

from __future__ import annotations

from dataclasses import dataclass

from codex.errors import CodexError
from codex.oversight.sheet import Column, Line, Sheet, one_line
from codex.oversight.view import View

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Commit:
    """``at``: committer's time, ISO 8601 with its offset."""

    id: str
    at: str
    subject: str


@dataclass(frozen=True, slots=True)
class Commits:
    """The newest commits first; ``branch`` is "" where HEAD is detached or there is no repository."""

    branch: str
    rows: tuple[Commit, ...]

    def sheet(self) -> Sheet:
        lines = tuple(Line((row.id, row.at[:16].replace("T", " "), row.subject)) for row in self.rows)
        return Sheet(
            "Last commits" + (f" on {self.branch}" if self.branch else ""),
            columns=(Column("commit"), Column("when"), Column("what")),
            lines=lines,
            empty="No git history here.",
        )


def commits(view: View) -> Commits:
    if not view.workspace.has_git:
        return Commits("", ())
    git = view.workspace.git
    try:
        listed = git.out("log", f"-{SHOWN}", "--no-show-signature", "--format=%h%x00%cI%x00%s", "HEAD", "--")
        branch = (git.branch_ref() or "").removeprefix("refs/heads/")
    except CodexError:  # no commit yet
        return Commits("", ())
    parts = (line.split("\0") for line in listed.split("\n"))
    rows = tuple(Commit(each[0], each[1], one_line(each[2], 120)) for each in parts if len(each) == 3)
    return Commits(one_line(branch, 60), rows)
