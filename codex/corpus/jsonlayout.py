"""A JSON list or object taken apart: the texts of its items and of the gaps between them.

Taking a file of megabytes apart costs far more than changing one of its items does. So the parts are kept with the new
text (jsonfile.py), and the next change begins where the last one ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from codex.corpus.jsonscan import item_spans


class Piece(NamedTuple):
    """An item for a new container. ``at``: the old item it stands for (None: new); the rest as in ``Layout``."""

    text: str
    at: int | None = None
    key: str | None = None
    value_at: int = 0
    inner: Layout | None = None


class Layout:
    """The parts of a container in order. ``gaps[i]`` stands between items i and i + 1, its comma included.

    ``keys`` and ``value_at`` (offset of the value in its item) are those of an object's members; ``inner`` holds parts
    of items that are containers themselves, as far as somebody has taken them apart. Never changed once it is made.
    """

    __slots__ = ("closing", "gaps", "index_of", "inner", "items", "keys", "lead", "opening", "trail", "value_at")

    def __init__(self, outer: tuple[str, str, str, str], items: list[str], gaps: list[str]) -> None:
        self.opening, self.lead, self.trail, self.closing = outer
        self.items, self.gaps = items, gaps
        self.keys: list[str | None] = []
        self.value_at: list[int] = []
        self.index_of: dict[str | None, int] = {}
        self.inner: dict[int, Layout] = {}

    @classmethod
    def of(cls, text: str) -> Layout:
        """The parts of the list or object that is the whole text, which must be valid JSON."""
        spans = item_spans(text, 0, len(text))
        if not spans:
            return cls((text[0], text[1:-1], "", text[-1]), [], [])
        lead, trail = text[1 : spans[0].start], text[spans[-1].end : -1]
        items = [text[span.start : span.end] for span in spans]
        gaps = [text[one.end : other.start] for one, other in pairwise(spans)]
        found = cls((text[0], lead, trail, text[-1]), items, gaps)
        found._name([span.key for span in spans], [span.value_at - span.start for span in spans])
        return found

    def _name(self, keys: list[str | None], value_at: list[int]) -> None:
        self.keys, self.value_at = keys, value_at
        if self.opening == "{":
            self.index_of = {key: index for index, key in enumerate(keys)}

    def text(self) -> str:
        parts = [""] * (2 * len(self.items) - 1) if self.items else []
        parts[::2], parts[1::2] = self.items, self.gaps
        return "".join((self.opening, self.lead, *parts, self.trail, self.closing))

    def layout_of(self, index: int) -> Layout:
        """The parts of an item's value, a container."""
        if index not in self.inner:
            self.inner[index] = Layout.of(self.items[index][self.value_at[index] :])
        return self.inner[index]

    def with_values(self, changed: dict[int, tuple[str, Layout | None]]) -> Layout:
        """The same items, some of them with other values."""
        items, inner = list(self.items), dict(self.inner)
        for index, (value, layout) in changed.items():
            items[index] = items[index][: self.value_at[index]] + value
            inner.pop(index, None)
            if layout is not None:
                inner[index] = layout
        found = Layout((self.opening, self.lead, self.trail, self.closing), items, self.gaps)
        found.keys, found.value_at, found.index_of, found.inner = self.keys, self.value_at, self.index_of, inner
        return found

    def with_pieces(self, pieces: Iterable[Piece | range], separator: str) -> Layout:
        """The container made of pieces (a range: old items as they stand), one at least.

        A gap between two items that were neighbours is kept, any other is ``separator``.
        """
        made = _Growing(self, separator)
        for piece in pieces:
            if isinstance(piece, range):
                made.add_run(piece)
            else:
                made.add(piece)
        found = Layout((self.opening, self.lead, self.trail, self.closing), made.items, made.gaps)
        found.keys, found.value_at, found.inner = made.keys, made.value_at, made.inner
        found.index_of = self._index(made.keys)
        return found

    def _index(self, keys: list[str | None]) -> dict[str | None, int]:
        if self.opening != "{":
            return {}
        old = len(self.keys)
        if keys[:old] == self.keys:
            return self.index_of | {key: at for at, key in enumerate(keys[old:], old)}
        return {key: at for at, key in enumerate(keys)}

    def line_start(self, index: int, outer: str) -> str:
        """The indentation of the line that an item's value begins on; ``outer`` is that of the container's own line."""
        line = ""
        for text in self._backwards(index):
            line = text + line
            if "\n" in text:
                line = line[text.rindex("\n") + 1 :] + "x"
                return line[: len(line) - len(line.lstrip(" \t"))]
        return outer

    def _backwards(self, index: int) -> Iterator[str]:
        """What stands before an item's value, back to the opening bracket."""
        yield self.items[index][: self.value_at[index]]
        for before in range(index - 1, -1, -1):
            yield self.gaps[before]
            yield self.items[before]
        yield self.lead


class _Growing:
    """A container while it is put together."""

    def __init__(self, old: Layout, separator: str) -> None:
        self.old, self.separator = old, separator
        self.items: list[str] = []
        self.gaps: list[str] = []
        self.keys: list[str | None] = []
        self.value_at: list[int] = []
        self.inner: dict[int, Layout] = {}
        self.last: int | None = None

    def add(self, piece: Piece) -> None:
        self._gap(piece.at)
        if piece.inner is not None:
            self.inner[len(self.items)] = piece.inner
        self.items.append(piece.text)
        self.keys.append(piece.key)
        self.value_at.append(piece.value_at)
        self.last = piece.at

    def add_run(self, run: range) -> None:
        """Old items that stand one after the other."""
        if not run:
            return
        self._gap(run.start)
        shift = len(self.items) - run.start
        part = slice(run.start, run.stop)
        self.inner |= {at + shift: layout for at, layout in self.old.inner.items() if at in run}
        self.items += self.old.items[part]
        self.gaps += self.old.gaps[run.start : run.stop - 1]
        self.keys += self.old.keys[part]
        self.value_at += self.old.value_at[part]
        self.last = run.stop - 1

    def _gap(self, index: int | None) -> None:
        if self.items:
            neighbours = index is not None and self.last is not None and index == self.last + 1
            self.gaps.append(self.old.gaps[index - 1] if neighbours and index else self.separator)
