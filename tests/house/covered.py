"""What the tests run of codex/: ``make coverage`` prints a table, and fails where less is run than ``WANTED``.

Statements and branches are counted apart. Coverage's own figure mixes them, and a few branches that nobody takes are
lost among many statements.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Percent of the branches of codex/, and of its statements, that the tests have to run.
WANTED = 90.0

#: How many of the modules with the most that nobody runs are named below the table.
NAMED = 5

_HEAD = f"{'package':<24}{'statements':>12}{'run':>10}{'branches':>12}{'run':>10}"


@dataclass(frozen=True, slots=True)
class Counted:
    """How many statements and branches there are, and how many of them are run."""

    statements: int = 0
    statements_run: int = 0
    branches: int = 0
    branches_run: int = 0

    @classmethod
    def of(cls, summary: Mapping[str, Any]) -> Counted:
        """From the summary of one file in coverage's JSON report."""
        names = ("num_statements", "covered_lines", "num_branches", "covered_branches")
        return cls(*(summary[name] for name in names))

    def __add__(self, other: Counted) -> Counted:
        return Counted(
            self.statements + other.statements,
            self.statements_run + other.statements_run,
            self.branches + other.branches,
            self.branches_run + other.branches_run,
        )

    @property
    def missed(self) -> int:
        return self.statements - self.statements_run + self.branches - self.branches_run

    def percents(self) -> tuple[float, float]:
        """Of the statements and of the branches; where there are none, all are run."""
        pairs = ((self.statements_run, self.statements), (self.branches_run, self.branches))
        statements, branches = (100 * run / there if there else 100.0 for run, there in pairs)
        return statements, branches


def package(path: str) -> str:
    """The folder below ``codex/``, and ``codex`` for what lies in that itself."""
    return ".".join(path.split("/")[:-1][:2])


def whole(files: Mapping[str, Counted]) -> Counted:
    return sum(files.values(), start=Counted())


def enough(files: Mapping[str, Counted]) -> bool:
    return min(whole(files).percents()) >= WANTED


def table(files: Mapping[str, Counted]) -> Iterator[str]:
    """The table's lines: a row for each package, one for all together, and the modules where most is missing."""
    packages: dict[str, Counted] = {}
    for path, counted in files.items():
        packages[package(path)] = packages.get(package(path), Counted()) + counted
    yield _HEAD
    yield from (_row(name, counted) for name, counted in sorted(packages.items()))
    yield _row("all together", whole(files))
    worst = sorted(files, key=lambda path: (-files[path].missed, path))[:NAMED]
    yield "most is missing in " + ", ".join(f"{path} ({files[path].missed})" for path in worst if files[path].missed)


def _row(name: str, counted: Counted) -> str:
    statements, branches = counted.percents()
    return f"{name:<24}{counted.statements:>12,}{statements:>8.1f} %{counted.branches:>12,}{branches:>8.1f} %"


def read(report: Path) -> dict[str, Counted]:
    """Path → what was counted, from the file that ``coverage json`` writes.

    Only of this tree: a test that works in a copy of it runs little of that copy.
    """
    files = json.loads(report.read_text("utf-8"))["files"]
    counted = ((path.replace("\\", "/"), about["summary"]) for path, about in files.items())
    return {path: Counted.of(summary) for path, summary in counted if path.startswith("codex/")}


def main(report: str) -> int:
    """Print the table; the exit status, 1 when too little is run."""
    files = read(Path(report))
    sys.stdout.write("\n".join(table(files)) + "\n")
    if enough(files):
        return 0
    sys.stderr.write(f"Fewer than {WANTED:g} % are run: `coverage html` shows what no test runs.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
