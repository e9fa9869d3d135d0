"""What a benchmark gives: rows of one table. Every figure stands beside one that was measured in the same run.

So a ratio means the same on any machine, idle or not. A bar is what an earlier promise allows, of the figure itself
or of the ratio; whoever only wants to see a figure sets none.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

HEADS = ("what", "measured", "against what", "ratio", "bar", "met?")


@dataclass(frozen=True)
class Bar:
    """The most (or, with ``least``, the least) that is allowed of the figure itself or of the ratio."""

    limit: float
    of: Literal["measured", "ratio"] = "measured"
    least: bool = False

    def holds(self, row: Row) -> bool:
        found = row.measured if self.of == "measured" else row.ratio
        return found is not None and (found >= self.limit if self.least else found <= self.limit)

    def shown(self, unit: str) -> str:
        return f"{'≥' if self.least else '≤'} {self.limit:g} {unit if self.of == 'measured' else '×'}"


@dataclass(frozen=True)
class Row:
    """One figure in ``unit``; ``ratio`` is that by what ``against`` names, measured in the same run."""

    what: str
    measured: float
    unit: str
    against: str = ""
    ratio: float | None = None
    bar: Bar | None = None

    @property
    def met(self) -> bool | None:
        """None where nothing is promised."""
        return None if self.bar is None else self.bar.holds(self)


@dataclass(frozen=True)
class Skipped:
    """What could not be measured here, and why."""

    what: str
    why: str


#: What the ``rows`` of a benchmark gives, one after the other as they are measured.
Found = Row | Skipped


def against(what: str, measured: float, unit: str, name: str, other: float, bar: Bar | None = None) -> Row:
    """A row whose ratio is that to ``other``, called ``name``."""
    return Row(what, measured, unit, name, measured / other, bar)


def alone(rows: Callable[[], Iterable[Found]]) -> int:
    """Run one benchmark by itself; returns the exit status."""
    return finish(list(told(rows())), None)


def told(found: Iterable[Found]) -> Iterator[Found]:
    """The same, each said as soon as it is measured."""
    for each in found:
        say(f"  {each.what}: skipped, {each.why}" if isinstance(each, Skipped) else f"  {each.what}: {_figure(each)}")
        yield each


def finish(found: Sequence[Found], file: Path | None) -> int:
    """Print the table, write it as JSON too where a file is named; 1 when a bar is missed, else 0."""
    rows = [each for each in found if isinstance(each, Row)]
    skipped = [each for each in found if isinstance(each, Skipped)]
    say("\n" + "\n".join(_lines(rows)))
    for each in skipped:
        say(f"skipped: {each.what}: {each.why}")
    missed = [row.what for row in rows if row.met is False]
    say(f"\nbars missed: {'; '.join(missed)}" if missed else "\nevery bar is met")
    if file:
        document = {
            "rows": [asdict(row) | {"met": row.met} for row in rows],
            "skipped": [asdict(each) for each in skipped],
        }
        file.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return int(bool(missed))


def arguments(described: str) -> argparse.ArgumentParser:
    """The options of a run."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=described)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the table as JSON too")
    return parser


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _lines(rows: Sequence[Row]) -> Iterator[str]:
    table = [HEADS, *map(_cells, rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(HEADS))]
    for number, cells in enumerate(table):
        right = [
            cell.rjust(width) if at in {1, 3} else cell.ljust(width) for at, (cell, width) in _numbered(cells, widths)
        ]
        yield "  ".join(right).rstrip()
        if number == 0:
            yield "  ".join("-" * width for width in widths)


def _numbered(cells: Sequence[str], widths: Sequence[int]) -> Iterator[tuple[int, tuple[str, int]]]:
    return enumerate(zip(cells, widths, strict=True))


def _cells(row: Row) -> tuple[str, ...]:
    ratio = "" if row.ratio is None else f"{row.ratio:.2f} ×"
    met = {None: "", True: "yes", False: "NO"}[row.met]
    return row.what, _figure(row), row.against, ratio, row.bar.shown(row.unit) if row.bar else "", met


def _figure(row: Row) -> str:
    return f"{row.measured:,.{0 if row.measured == int(row.measured) else 3}f} {row.unit}"
