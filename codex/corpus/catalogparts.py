"""The text of CONCEPT_CATALOG.md in parts, each of which reads by itself: an edit reads one anew, not megabytes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

#: A part has so many entries or somewhat more, below twice as many. More make an edit dearer, and a search cheaper.
SIZE = 50

#: A heading or a fence. With the line end in front the search jumps from line to line: this file has megabytes.
_LINE = r"(```|#{1,6}[ \t])[^\r\n]*"
_FIRST, _MARK = re.compile(_LINE), re.compile("\n" + _LINE)
_SLUG = re.compile(r"### [ \t]*[`\"]?([A-Za-z0-9][A-Za-z0-9-]*(?:\.[A-Za-z0-9-]*)+|[a-z0-9][a-z0-9-]*)[`\"]?[ \t]*")
_RULER_AT_END = re.compile(r"\n-{3,}\Z")


class Placed(NamedTuple):
    """An entry as it stands from ``start`` to ``limit``, where the next heading is.

    ``opens``: an H2 stands between it and the entry before.
    """

    slug: str
    start: int
    limit: int
    opens: bool

    def moved(self, by: int) -> Placed:
        """The entry so many characters further on."""
        return Placed(self.slug, self.start + by, self.limit + by, self.opens)


@dataclass(frozen=True)
class Part:
    """A part of the text and its entries in order, with offsets from where the part starts.

    It goes from one heading outside fenced code to another (or from the start of the text, or to its end): so the same
    entries are found in it alone as in the whole.
    """

    text: str
    entries: tuple[Placed, ...]

    @cached_property
    def data(self) -> bytes:
        """The text in UTF-8. A text with letters beyond Latin is slow to encode, so it is done once for a part."""
        return self.text.encode("utf-8")

    @cached_property
    def first(self) -> dict[str, Placed]:
        """The first entry of each slug."""
        return {entry.slug: entry for entry in reversed(self.entries)}

    @cached_property
    def beginnings(self) -> frozenset[str]:
        """The first dotted parts of the slugs."""
        return frozenset(entry.slug.partition(".")[0] for entry in self.entries)

    def block(self, entry: Placed) -> str:
        """The text of an entry up to the next heading."""
        return self.text[entry.start : entry.limit]


def end_of(text: str, entry: Placed) -> int:
    """Where an entry of the text ends, blank lines and rulers after it not included."""
    content = text[entry.start : entry.limit].rstrip()
    while _RULER_AT_END.search(content):
        content = content[: content.rindex("\n")].rstrip()
    return entry.start + len(content)


def parts_of(text: str) -> Iterator[Part]:
    """The text in parts, at least one. It may be a part itself."""
    entries = list(_entries(text))
    firsts = range(0, max(len(entries) - SIZE, 0) + 1, SIZE)
    cuts = [0, *(entries[at - 1].limit for at in firsts[1:]), len(text)]
    for (start, stop), (at, after) in zip(pairwise(cuts), pairwise([*firsts, len(entries)]), strict=True):
        yield Part(text[start:stop], tuple(entry.moved(-start) for entry in entries[at:after]))


def _entries(text: str) -> Iterator[Placed]:
    """The entries. Headings inside fenced code, group headings and remarks are none."""
    opens = False
    for (start, line), (limit, _) in pairwise([*_headings(text), (len(text), "")]):
        opens = opens or line.startswith("## ")
        slug = _SLUG.fullmatch(line)
        if slug:
            yield Placed(slug[1], start, limit, opens)
            opens = False


def _headings(text: str) -> Iterator[tuple[int, str]]:
    """Offset and line of each heading outside fenced code."""
    fenced = False
    first = _FIRST.match(text)
    if first:
        fenced = first[1] == "```"
        if not fenced:
            yield 0, first[0]
    for mark in _MARK.finditer(text):
        if mark[1] == "```":
            fenced = not fenced
        elif not fenced:
            yield mark.start() + 1, mark[0][1:]
