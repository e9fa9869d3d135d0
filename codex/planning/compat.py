"""The compat reading of an audit: what the reference sees, its losses included (unit-rubric §4.1)."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from codex.planning.bullets import NO_PRIORITY, Bullet, guess_kind, take_tag

_PRIORITY = re.compile(r"\*\*Priority\s++(\d|one|two|three|four)[^*]*+\*\*", re.IGNORECASE)
_PRIORITIES = {"1": "P1", "one": "P1", "2": "P2", "two": "P2", "3": "P3", "three": "P3", "4": "P4", "four": "P4"}
# Nine digits at most: Python refuses to read a number of thousands of digits.
_BULLET = re.compile(
    r"^[^\S\n]*+(?P<position>[0-9]{1,9}+)\.\s++\*\*`(?P<id>[0-9]{2}\.[0-9]{2}\.[0-9]{2}\w*+)`\s++"
    r"(?P<title>.+?)\.\*\*\s*+(?P<spec>.*)",
    re.MULTILINE,
)


def read_bullets(text: str, path: str) -> tuple[Bullet, ...]:
    """The bullets of an audit whose line ends are LF, in order. Never raises."""
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    return tuple(
        _bullet(match, priority, path, bisect_right(starts, start + match.start("position")))
        for priority, start, end in _blocks(text)
        for match in _BULLET.finditer(text[start:end])
    )


def _blocks(text: str) -> Iterator[tuple[str, int, int]]:
    """Priority, start and end of each block. A digit that stands for no priority splits but changes nothing."""
    priority, start = NO_PRIORITY, 0
    for marker in _PRIORITY.finditer(text):
        yield priority, start, marker.start()
        priority, start = _PRIORITIES.get(marker[1].lower(), priority), marker.end()
    yield priority, start, len(text)


def _bullet(match: re.Match[str], priority: str, path: str, line: int) -> Bullet:
    kind, spec = take_tag(match["spec"].strip())
    title = match["title"].strip()
    return Bullet(
        id=match["id"],
        title=title,
        spec=spec,
        kind=kind or guess_kind(title, spec, "compat"),
        priority=priority,
        position=int(match["position"]),
        path=path,
        line=line,
    )
