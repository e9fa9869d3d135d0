"""Numbered items of an audit with their wrapped lines joined, for the extended reading (unit-rubric §4.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from codex.planning.bullets import NO_PRIORITY

# Nine digits at most: Python refuses to read a number of thousands of digits.
_ITEM = re.compile(r"\s*+([0-9]{1,9}+)\.(?:\s++(.*)|$)")
_PRIORITY = re.compile(r"\s*+(?:#{1,6}\s++|\*\*)Priority[\s-]++([0-4]|one|two|three|four)\b", re.IGNORECASE)
_SECTION = re.compile(r"#{1,3}\s")
#: A line that ends an item: blank, a heading, a table row, an unnumbered bullet.
_END = re.compile(r"\s*+(?:$|#{1,6}\s|\||[-*+]\s)")
_WORDS = {"one": "1", "two": "2", "three": "3", "four": "4"}


@dataclass(slots=True)
class Item:
    """A numbered entry; ``line`` (from 1) is the one with the number, ``lines`` its text without it."""

    position: int
    line: int
    priority: str
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join(line.strip() for line in self.lines).strip()


def read_items(text: str) -> Iterator[Item]:
    """Every numbered item in order, under the priority in force; a section (H1 … H3) begins without one."""
    priority, item = NO_PRIORITY, None
    for number, line in enumerate(text.split("\n"), start=1):
        marker, numbered = _PRIORITY.match(line), _ITEM.match(line)
        if item and (marker or numbered or _END.match(line)):
            yield item
            item = None
        if marker:
            priority = "P" + _WORDS.get(marker[1].lower(), marker[1])
        elif _SECTION.match(line):
            priority = NO_PRIORITY
        elif numbered:
            item = Item(int(numbered[1]), number, priority, [numbered[2] or ""])
        elif item:
            item.lines.append(line)
    if item:
        yield item
