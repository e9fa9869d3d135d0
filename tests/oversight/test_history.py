"""The course of things, read from git repositories made for it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from codex.oversight.history import Point, continuity_trend, courses
from codex.workspace import Workspace

START = 1_700_000_000
REPORT = "manifests/continuity_report.md"


class Repository:
    """A workspace whose commits are made at given seconds after a start."""

    def __init__(self, folder: Path) -> None:
        for name in ("content", "manifests"):
            (folder / name).mkdir(parents=True)
        self.workspace = Workspace.open(folder)
        self.git = self.workspace.git
        self.git.run("init", "-b", "main")

    def put(self, **files: str | None) -> Repository:
        for name, text in files.items():
            path = self.workspace.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink() if text is None else path.write_text(text, encoding="utf-8")
        return self

    def commit(self, seconds: int, *arguments: str) -> Repository:
        at = f"{START + seconds} +0000"
        who = {
            "GIT_AUTHOR_NAME": "a",
            "GIT_AUTHOR_EMAIL": "a@b",
            "GIT_COMMITTER_NAME": "a",
            "GIT_COMMITTER_EMAIL": "a@b",
        }
        env = who | {"GIT_COMMITTER_DATE": at, "GIT_AUTHOR_DATE": at}
        self.git.run("add", "-A")
        self.git.run(*(arguments or ("commit", "-m", "x", "--allow-empty")), env=env)
        return self


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(START + seconds, UTC)


def test_units_and_audits_are_counted_commit_by_commit(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "w")
    repository.put(**{"content/a/01.01.01-x.md": "x", "content/a/01.01.02-ü “y”.md": "y", "README.md": "r"}).commit(0)
    repository.put(
        **{"content/a/01.01.01-x.md": "changed", "plans/fasttrack/a.md": "p", "plans/fasttrack/_d/b.md": "q"}
    )
    repository.commit(60)
    repository.put(**{"content/a/01.01.01-x.md": None, "content/a/01.01.03-z.md": "z", "content/n.txt": ""}).commit(120)
    repository.put(**{"content/a/01.01.03-z.md": None}).commit(180)
    repository.commit(240)
    found = courses(repository.workspace)
    assert found.units == (Point(at(0), 2), Point(at(120), 2), Point(at(180), 1))
    assert found.audits == (Point(at(60), 1),)
    assert (found.first, found.last) == (at(0), at(240))


def test_a_branch_counts_when_it_is_merged(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "w").put(**{"content/a.md": "a"}).commit(0)
    repository.git.run("checkout", "-b", "side")
    repository.put(**{"content/b.md": "b"}).commit(10).put(**{"content/c.md": "c"}).commit(20)
    repository.git.run("checkout", "main")
    repository.put(**{"content/d.md": "d"}).commit(30).commit(40, "merge", "--no-ff", "-m", "m", "side")
    assert courses(repository.workspace).units == (Point(at(0), 1), Point(at(30), 2), Point(at(40), 4))


def test_time_never_goes_back(tmp_path: Path) -> None:
    repository = (
        Repository(tmp_path / "w").put(**{"content/a.md": "a"}).commit(100).put(**{"content/b.md": "b"}).commit(5)
    )
    assert courses(repository.workspace).units == (Point(at(100), 2),)


def test_the_newest_point_is_what_is_there_now(tmp_path: Path) -> None:
    """Also where a file was moved, which git would rather call one change than two."""
    repository = Repository(tmp_path / "w").put(**{"content/a.md": "the same text\n" * 30}).commit(0)
    repository.git.run("mv", "content/a.md", "content/b.md")
    repository.commit(10)
    assert courses(repository.workspace).units[-1].value == 1


def test_no_history(tmp_path: Path) -> None:
    for name in ("content", "manifests"):
        (tmp_path / "plain" / name).mkdir(parents=True)
    assert courses(Workspace.open(tmp_path / "plain")).first is None
    unborn = Repository(tmp_path / "unborn").workspace
    assert courses(unborn).units == ()
    assert continuity_trend(unborn) == {}


def report(mean: float) -> str:
    return (
        f"# Continuity report\n\n| metric | mean |\n| --- | --- |\n| `forward_density_avg` | {mean:.4f} | – | 3.0 |\n"
    )


def test_the_trend_is_that_of_the_committed_reports(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "w").put(**{REPORT: report(2.5)}).commit(0)
    repository.put(**{"content/a.md": "a"}).commit(10)
    repository.put(**{REPORT: report(2.75)}).commit(20).put(**{REPORT: None}).commit(30)
    repository.put(**{REPORT: "nothing of the kind\n"}).commit(40).put(**{REPORT: report(3.5)}).commit(50)
    assert continuity_trend(repository.workspace) == {
        "forward_density": (Point(at(0), 2.5), Point(at(20), 2.75), Point(at(50), 3.5))
    }
