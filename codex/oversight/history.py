"""The course of things over time, from git: one ``git log`` for units and audits, one batch read for the reports.

Everything is measured along the first parents of HEAD, so that what the newest point says is what is there now.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from codex.campaign.clock import moment_or_none
from codex.campaign.events import Kind
from codex.campaign.ledger import Ledger
from codex.continuity.report import PATH as CONTINUITY
from codex.continuity.report import reported_aggregate
from codex.corpus.bookplan import FOLDER
from codex.errors import CodexError
from codex.gitio import Git
from codex.workspace import Workspace

#: Continuity reports that the trend goes back, newest ones.
REPORTS = 60

_UNIT = re.compile(r"content/.+\.md")
_AUDIT = re.compile(rf"{FOLDER}/[^/]+\.md")
_COMMIT = "\x01"
#: What ``git cat-file`` says before a file; a commit that removed the report has none.
_HEADER = re.compile(rb"(?:[0-9a-f]+ blob (\d+)|[^\n]* missing)\n")


@dataclass(frozen=True, slots=True)
class Point:
    """A value from a moment on, until the next point."""

    at: datetime
    value: float


@dataclass(frozen=True, slots=True)
class Courses:
    """Numbers of units and of audits (files that were there) over time; empty without a history.

    ``first`` and ``last``: times of the oldest and of the newest commit.
    """

    units: tuple[Point, ...] = ()
    audits: tuple[Point, ...] = ()
    first: datetime | None = None
    last: datetime | None = None


def courses(workspace: Workspace) -> Courses:
    """How many units and audits there were after each commit that added or removed one."""
    listed = _log(
        workspace, "--reverse", "--diff-merges=first-parent", "--no-renames", "--name-status", "--diff-filter=AD", "-z",
        f"--format={_COMMIT}%ct", "HEAD", "--", "content", FOLDER,
    )  # fmt: skip
    units: list[Point] = []
    audits: list[Point] = []
    for at, status, path in _changes(listed):
        for pattern, points in ((_UNIT, units), (_AUDIT, audits)):
            if pattern.fullmatch(path):
                _step(points, at, 1 if status == "A" else -1)
    times = [int(stamp) for stamp in _log(workspace, "--format=%ct", "HEAD", "--").split()]
    ends = (datetime.fromtimestamp(at, UTC) for at in (min(times), max(times))) if times else (None, None)
    return Courses(tuple(units), tuple(audits), *ends)


def _log(workspace: Workspace, *arguments: str) -> str:
    if not workspace.has_git:
        return ""
    try:
        return workspace.git.out("log", "--first-parent", "--no-show-signature", *arguments)
    except CodexError:  # no commit yet
        return ""


def _changes(listed: str) -> Iterator[tuple[datetime, str, str]]:
    """Time, ``A`` or ``D``, and path of each change, in the order of the log."""
    at = datetime.fromtimestamp(0, UTC)
    fields = iter(listed.split("\0"))
    for field in fields:
        mark = field.strip("\n")
        if mark.startswith(_COMMIT):
            stamp, _, mark = mark.removeprefix(_COMMIT).partition("\n")
            at = datetime.fromtimestamp(int(stamp), UTC)
        mark = mark.strip("\n")
        if mark in ("A", "D"):
            yield at, mark, next(fields, "")


def _step(points: list[Point], at: datetime, by: int) -> None:
    """Change the last value; several changes of one commit, or of one second, are one point."""
    value = (points[-1].value if points else 0) + by
    if points and points[-1].at >= at:  # clocks of committers differ: time never goes back
        points[-1] = Point(points[-1].at, value)
    else:
        points.append(Point(at, value))


def deepenings(ledger: Ledger) -> tuple[Point, ...]:
    """How many units had been deepened after each such event of the ledger."""
    points: list[Point] = []
    for event in ledger.events():
        at = moment_or_none(event.at)
        if event.kind == Kind.UNIT_SHIPPED and event.data.get("action") == "deepen" and at:
            _step(points, at, 1)
    return tuple(points)


def continuity_trend(workspace: Workspace) -> dict[str, tuple[Point, ...]]:
    """Metric → its mean in each committed continuity report, oldest first."""
    listed = _log(workspace, f"-{REPORTS}", "--format=%H %ct", "HEAD", "--", CONTINUITY)
    commits = [line.split(" ") for line in reversed(listed.split("\n")) if line]
    found: dict[str, list[Point]] = {}
    for (_, stamp), text in zip(commits, _reports(workspace.git, [each[0] for each in commits]), strict=False):
        for key, mean in reported_aggregate(text).items():
            found.setdefault(key.removesuffix("_avg"), []).append(Point(datetime.fromtimestamp(int(stamp), UTC), mean))
    return {metric: tuple(points) for metric, points in found.items()}


def _reports(git: Git, commits: list[str]) -> Iterator[str]:
    """The report as it was at each commit, all read by one process."""
    if not commits:
        return
    names = "".join(f"{commit}:{CONTINUITY}\n" for commit in commits)
    out = git.run("cat-file", "--batch", stdin=names.encode()).stdout
    at = 0
    while header := _HEADER.match(out, at):
        end = header.end() + int(header[1] or 0)
        yield out[header.end() : end].decode("utf-8", "replace")
        at = end + (header[1] is not None)
