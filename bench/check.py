"""How fast the validator and the continuity metrics are on the published test corpus: ``python -m bench.check``.

Each figure is a whole process, from its start to its end, in seconds and as a multiple of the floor: what one process
needs just to read the units, hash them and parse their front matter with the C loader, measured in the same run.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import yaml

from bench.corpus import ABSENT, TRIES, UNIT, Ran, best, codexctl, is_published_here, published, touch
from bench.table import Bar, Found, Row, Skipped, against, alone
from codex.snapshot import blob_id
from codex.units.frontmatter import split_frontmatter

_FLOOR = "read, hash, parse"
#: Cold check and cold continuity together, as a multiple of the floor.
_COLD = Bar(12, of="ratio")


def rows() -> Iterator[Found]:
    if not is_published_here():
        yield Skipped("check", ABSENT)
        return
    with published(git=False) as root:
        floor = min(_floor(root) for _ in range(TRIES))
        yield Row(_FLOOR, floor, "s")
        yield from _cold_and_warm(root, floor)
        yield from _single(root, floor)


def _floor(root: Path) -> float:
    start = time.perf_counter()
    for path in sorted((root / "content").rglob("*.md")):
        data = path.read_bytes()
        blob_id(data)
        text = data.decode("utf-8")
        split = split_frontmatter(text)
        if split:
            yaml.load(text[split.start : split.end], Loader=yaml.CSafeLoader)
    return time.perf_counter() - start


def _cold_and_warm(root: Path, floor: float) -> Iterator[Row]:
    together = 0.0
    for command in ("check", "continuity"):
        cold = min((_cold(root, command) for _ in range(TRIES)), key=lambda ran: ran.seconds)
        together += cold.seconds
        yield _row(f"{command}, cold", cold, floor)
        yield _row(f"{command}, nothing changed", best(command, root=root), floor, 1.0)
        touch(root)
        yield _row(f"{command}, one unit changed", codexctl(command, root=root), floor, 1.2)
    yield against("check and continuity, cold, together", together, "s", _FLOOR, floor, _COLD)


def _single(root: Path, floor: float) -> Iterator[Row]:
    yield _row("check FILE, warm", best("check", UNIT, root=root), floor, 0.6)
    yield _row("check --level full, known at core", codexctl("check", "--level", "full", root=root), floor)
    yield _row("check --level full, nothing changed", best("check", "--level", "full", root=root), floor, 1.0)
    yield _row("check --format json, nothing changed", best("check", "--format", "json", root=root), floor, 1.0)


def _cold(root: Path, command: str) -> Ran:
    shutil.rmtree(root / ".codex", ignore_errors=True)
    return codexctl(command, root=root)


def _row(what: str, ran: Ran, floor: float, allowed: float | None = None) -> Row:
    return against(what, ran.seconds, "s", _FLOOR, floor, Bar(allowed) if allowed else None)


if __name__ == "__main__":
    sys.exit(alone(rows))
