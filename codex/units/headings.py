"""Section headings and tier markers (unit-rubric §1.3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Tier = Literal["beginner", "intermediate", "master"]
TIERS: tuple[Tier, ...] = ("beginner", "intermediate", "master")

_MARKER_AT_END = re.compile(r"\[(\w+\+?)\]\Z")
_MARKER_ALONE = re.compile(r"\s*\[(\w+\+?)\](?=[^\S\n]*(?:\n|\Z))")
_SPACE = re.compile(r"\s*")


def _opening(hashes: str) -> re.Pattern[str]:
    # The line feed in front, instead of a multi-line anchor, lets the engine skip ahead to the next candidate.
    return re.compile(rf"\n({hashes})(?>\s+)(\S[^\n]*)")


_ANY_LEVEL = _opening("#{2,4}")
_LEVEL_TWO = _opening("##")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 2, 3 or 4. ``start`` and ``end`` are offsets into the body; its section begins at ``end``.

    ``marker`` is the bracketed word as written, without brackets (``Intermediate+``), or "" when there is none.
    """

    level: int
    title: str
    marker: str
    tiers: frozenset[Tier]
    start: int
    end: int


@lru_cache(maxsize=1024)
def tiers_of_marker(marker: str) -> frozenset[Tier]:
    """The tiers a marker stands for: ``Master`` → master, ``Intermediate+`` → intermediate and master, else none."""
    word = marker.lower().rstrip("+")
    for position, tier in enumerate(TIERS):
        if word == tier:
            return frozenset(TIERS[position:] if marker.endswith("+") else (tier,))
    return frozenset()


def find_headings(body: str, *, level_two_only: bool = False) -> tuple[Heading, ...]:
    """Every heading of the body in order, fenced code included (the rubric does not respect fences).

    ``level_two_only`` looks for H2 lines as if no other level existed, which differs where hashes stand on a line of
    their own.
    """
    pattern = _LEVEL_TWO if level_two_only else _ANY_LEVEL
    text = "\n" + body
    found: list[Heading] = []
    position = 0
    while match := pattern.search(text, position):
        title, marker, end = _read_title(text, match)
        found.append(Heading(len(match[1]), title, marker, tiers_of_marker(marker), match.start(), end - 1))
        position = end
    return tuple(found)


def _read_title(text: str, match: re.Match[str]) -> tuple[str, str, int]:
    """Title, marker and the offset at which the section's text begins."""
    line = match[2].rstrip()
    after = match.start(2) + len(line)
    marked = _MARKER_AT_END.search(line)
    if marked and marked.start() > 0:
        return line[: marked.start()].rstrip(), marked[1], _section_start(text, after)
    alone = _MARKER_ALONE.match(text, after)
    if alone:
        return line, alone[1], _section_start(text, alone.end())
    return line, "", _section_start(text, after)


def _section_start(text: str, after: int) -> int:
    """Blank lines belong to the heading, up to the line end before the next text."""
    space = _SPACE.match(text, after)
    stop = space.end() if space else after
    return stop if stop == len(text) else text.rindex("\n", after, stop)
