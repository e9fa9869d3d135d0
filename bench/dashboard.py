"""How fast the dashboard is on the published test corpus: ``python -m bench.dashboard``.

Each figure is a whole process, from its start to its end, in seconds and as a multiple of what ``codexctl --help``
takes in the same run: what every command pays before it does anything. The corpus gets a git history of one commit, so
that what git is asked for is counted too.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from bench.corpus import ABSENT, Ran, best, codexctl, is_published_here, published, touch
from bench.table import Bar, Found, Row, Skipped, against, alone

_FLOOR = "codexctl --help"


def rows() -> Iterator[Found]:
    if not is_published_here():
        yield Skipped("dashboard", ABSENT)
        return
    with published(git=True) as root:
        yield from _screens(root)


def _screens(root: Path) -> Iterator[Row]:
    floor = best("--help").seconds
    yield _row("dashboard, cold", codexctl("dashboard", root=root), floor)
    yield _row("dashboard, warm", best("dashboard", root=root), floor, 2.0)
    yield _row("dashboard --format json, warm", best("dashboard", "--format", "json", root=root), floor)
    page = root.parent / "page.html"
    yield _row("dashboard --html, warm", best("dashboard", "--html", str(page), root=root), floor)
    touch(root)
    yield _row("dashboard, one unit changed", codexctl("dashboard", root=root), floor)


def _row(what: str, ran: Ran, floor: float, allowed: float | None = None) -> Row:
    return against(what, ran.seconds, "s", _FLOOR, floor, Bar(allowed) if allowed else None)


if __name__ == "__main__":
    sys.exit(alone(rows))
