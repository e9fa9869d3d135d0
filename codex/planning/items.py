"""List items of an audit with their wrapped lines joined, for the extended reading (unit-rubric §4.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from codex.planning.bullets import NO_PRIORITY

# Three digits at most: what looks like item 1975 is the year at the end of a wrapped sentence.
_ITEM = re.compile(r"(?P<indent>\s*+)(?P<number>[0-9]{1,3}+)\.(?:\s++(?P<text>.*)|$)")
#: An unnumbered item is one only where it begins with a code span, bold or not.
_DASH = re.compile(r"(?P<indent>\s*+)[-*+]\s++(?P<text>(?:\*\*)?`.*)")
_PRIORITY = re.compile(
    r"\s*+(?:#{1,6}\s++|\*\*)(?:[\w-]+-distinctive\s++)?"
    r"(?:Priority[\s-]++(?P<word>[0-4]|one|two|three|four)[a-z]?\b|P(?P<digit>[0-4])\s*+[—–(-])",
    re.IGNORECASE,
)
_SECTION = re.compile(r"#{1,3}\s")
#: A bold paragraph or a small heading ends the list of a priority, though not its section.
_PARAGRAPH = re.compile(r"\*\*|#{4,6}\s")
#: A line that ends an item: blank, a heading, a table row, an unnumbered bullet.
_END = re.compile(r"\s*+(?:$|#{1,6}\s|\||[-*+]\s)")
_WORDS = {"one": "1", "two": "2", "three": "3", "four": "4"}


@dataclass(slots=True)
class Item:
    """An entry of a list; ``line`` (from 1) is its first, ``lines`` its text without the number.

    ``position`` is the number, 0 for an unnumbered entry. ``listed``: it stands in the list that a priority marker
    introduces, with nothing but entries between.
    """

    position: int
    line: int
    priority: str
    indent: int
    listed: bool
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join(line.strip() for line in self.lines).strip()


class _Reader:
    """The lines of an audit, one at a time: the priority in force, and the item that is open."""

    def __init__(self) -> None:
        self.priority, self.listed = NO_PRIORITY, False
        self.item: Item | None = None
        self.indent = 0

    def read(self, number: int, line: str) -> Item | None:
        """Take a line; returns the item that it ended."""
        marker, start = _PRIORITY.match(line), self._start(line)
        ended = self.item if self.item and (marker or start or _END.match(line)) else None
        if ended:
            self.item = None
        if marker:
            word = (marker["word"] or marker["digit"]).lower()
            self.priority, self.listed = "P" + _WORDS.get(word, word), True
        elif _SECTION.match(line):
            self.priority, self.listed = NO_PRIORITY, False
        elif start:
            self._open(number, start)
        elif self.item:
            self.item.lines.append(line)
        elif _PARAGRAPH.match(line):
            self.listed = False
        return ended

    def _start(self, line: str) -> re.Match[str] | None:
        """The beginning of an item. Within one, a numbered line further in is a wrapped sentence or a detail."""
        found = _ITEM.match(line)
        if found and self.item and len(found["indent"]) > self.item.indent:
            return None
        return found or (_DASH.match(line) if self.priority != NO_PRIORITY else None)

    def _open(self, number: int, start: re.Match[str]) -> None:
        position = int(start["number"]) if "number" in start.re.groupindex else 0
        indent = len(start["indent"])
        listed = self.listed and (position > 0 or indent == 0)
        self.item = Item(position, number, self.priority, indent, listed, [start["text"] or ""])


def read_items(text: str) -> Iterator[Item]:
    """Every item in order, under the priority in force; a section (H1 … H3) begins without one."""
    reader = _Reader()
    for number, line in enumerate(text.split("\n"), start=1):
        ended = reader.read(number, line)
        if ended:
            yield ended
    if reader.item:
        yield reader.item
