"""The block form of §3 of a book's own plan: a small heading for each unit, deepening or exercise pack.

#### Unit N7 — Spectral sequence of a filtered complex       #### D1 — `03.04.06 de Rham cohomology`
| **Unit ID** | `03.13.01` |                                 #### EP1 — `03.04.E1` Chapter I exercise pack
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from codex.planning.bullets import DEEPENING, NEW_UNIT, NO_PRIORITY, Bullet

_HEADING = re.compile(r"#{3,5}\s+(?:Unit\s+)?(?P<letter>N|D|EP)(?P<number>[0-9]{1,3})\s+[—–-]\s+(?P<title>.+)")
_ID = re.compile(r"`([0-9]{2}\.[0-9]{2}\.(?:[0-9]{2}|E[0-9]+))[ `]")
_ROW = re.compile(r"\|\s*\*\*(?P<key>[^*|]+)\*\*\s*\|\s*(?P<value>.*?)\s*\|\s*$")
_KINDS = {"N": NEW_UNIT, "D": DEEPENING, "EP": NEW_UNIT}


def read_blocks(text: str, path: str) -> Iterator[Bullet]:
    """A bullet for each block that names an id, in its heading or in its row "Unit ID"."""
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        heading = _HEADING.fullmatch(line.strip())
        if heading is None:
            continue
        body = _body(lines, number)
        rows = {row["key"].strip().lower(): row["value"] for each in body if (row := _ROW.match(each))}
        named = _ID.search(heading["title"]) or _ID.search(rows.get("unit id", ""))
        if named:
            title = re.sub(r"`([0-9]{2}\.[0-9]{2}\.\w+)`?\s*", "", heading["title"]).strip("` ")
            yield Bullet(
                named[1], rows.get("title", "") or title, " ".join(" ".join(body).split()), _KINDS[heading["letter"]],
                NO_PRIORITY, int(heading["number"]), path, number,
            )  # fmt: skip


def _body(lines: list[str], start: int) -> list[str]:
    """The lines below the heading (whose number from 1 is ``start``) up to the next heading or ruler."""
    end = next((n for n in range(start, len(lines)) if lines[n].startswith("#") or lines[n].strip() == "---"), None)
    return lines[start:end]
