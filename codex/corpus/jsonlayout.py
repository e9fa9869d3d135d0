"""Where the parts of a JSON list or object stand in its text, and how that changes with it.

Taking a file of megabytes apart costs far more than changing one of its items does. So the layout is kept with the new
text (jsonfile.py), and the next change begins where the last one ended. It knows lengths only: those of what stands
before a change and after it stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, pairwise
from typing import NamedTuple

from codex.corpus.jsonscan import item_spans


class Patch(NamedTuple):
    """``text[start:end]`` is to be replaced by ``new``."""

    start: int
    end: int
    new: str

    def growth(self) -> int:
        """By how much the text gets longer."""
        return len(self.new) - (self.end - self.start)


def patched(text: str, patches: Sequence[Patch]) -> str:
    """The text with its patches, which must be in the order of the text; the very same where there are none."""
    pieces: list[str] = []
    at = 0
    for patch in patches:
        pieces += (text[at : patch.start], patch.new)
        at = patch.end
    return "".join((*pieces, text[at:])) if patches else text


def patched_data(data: bytes, patches: Sequence[Patch]) -> bytes:
    """The same for a text in ASCII, which nothing needs to be copied of but into the new one."""
    view, at = memoryview(data), 0
    pieces: list[bytes | memoryview] = []
    for patch in patches:
        pieces += (view[at : patch.start], patch.new.encode("ascii"))
        at = patch.end
    return b"".join((*pieces, view[at:]))


class Layout:
    """The lengths of a container's parts: what is before the first item, the item, the gap, the next item, and so on,
    what is after the last item. Brackets and commas are part of what they stand in; an empty container is one part.

    So item ``i`` is part ``2 i + 1``. Each item has its key (None in a list) and, if it is a container that has been
    taken apart, its own layout in ``inner``. Never changed once it is made.
    """

    __slots__ = ("inner", "keys", "sizes")

    def __init__(self, sizes: list[int], keys: list[str | None], inner: list[Layout | None]) -> None:
        self.sizes, self.keys, self.inner = sizes, keys, inner

    @classmethod
    def of(cls, text: str, start: int, end: int) -> Layout:
        """The layout of the list or object at ``text[start:end]``, which must be valid JSON."""
        spans = item_spans(text, start, end)
        bounds = (start, *chain.from_iterable((span.start, span.end) for span in spans), end)
        sizes = [stop - begin for begin, stop in pairwise(bounds)]
        return cls(sizes, [span.key for span in spans], [None] * len(spans))


class Growing:
    """A container's new layout, made by going through the old one from left to right; ``patches`` gets what becomes of
    its text.

    Old items that are passed over are left out. A gap between two items that were neighbours is kept, any other becomes
    ``separator``.
    """

    def __init__(self, old: Layout, start: int, separator: str, patches: list[Patch]) -> None:
        self._old, self._separator, self._patches = old, separator, patches
        self._made = Layout([], [], [])
        self._part, self._at = 0, start  # the old part that is next, and where it begins in the text
        self._last = -1  # the old item that was kept last
        self._waiting: list[tuple[str | None, str]] = []  # new items that come after it

    def keep(self, run: range) -> None:
        """Old items, one after the other, stay as they stand."""
        if run:
            self._bridge(run.start)
            self._last = run.stop - 1

    def add(self, key: str | None, text: str) -> None:
        """A new item."""
        self._waiting.append((key, text))

    def reach(self, index: int) -> int:
        """Where an old item begins in the text; it must be ``resized`` then."""
        self._bridge(index)
        self._copy(2 * index + 1)
        return self._at

    def resized(self, size: int, inner: Layout | None) -> None:
        """The item that was reached is changed inside."""
        self._last = self._part // 2
        self._made.sizes.append(size)
        self._made.keys.append(self._old.keys[self._last])
        self._made.inner.append(inner)
        self._at += self._old.sizes[self._part]
        self._part += 1

    def done(self) -> Layout:
        if self._last < 0 and not self._waiting:
            self._patches.append(Patch(self._at + 1, self._at + sum(self._old.sizes) - 1, ""))
            return Layout([2], [], [])
        self._bridge(len(self._old.keys))
        self._copy(len(self._old.sizes))
        return self._made

    def _bridge(self, index: int) -> None:
        """From the old item kept last to the one that is kept next (after the last one: the end), by the new ones."""
        if index == self._last + 1 and not self._waiting:
            return
        at_start, at_end = self._last < 0, index == len(self._old.keys)
        texts = [self._separator, *chain.from_iterable((text, self._separator) for _, text in self._waiting)]
        self._copy(1 if at_start else 2 * self._last + 2)
        self._replace(2 * index + 1 - at_end, texts[at_start : len(texts) - at_end])

    def _copy(self, part: int) -> None:
        """Old parts up to this one stay."""
        kept, items = self._old.sizes[self._part : part], slice(self._part // 2, part // 2)
        self._made.sizes += kept
        self._made.keys += self._old.keys[items]
        self._made.inner += self._old.inner[items]
        self._part, self._at = part, self._at + sum(kept)

    def _replace(self, part: int, texts: list[str]) -> None:
        """Old parts up to this one give way to texts, in which the new items are."""
        end = self._at + sum(self._old.sizes[self._part : part])
        self._patches.append(Patch(self._at, end, "".join(texts)))
        self._made.sizes += map(len, texts)
        self._made.keys += [key for key, _ in self._waiting]
        self._made.inner += [None] * len(self._waiting)
        self._part, self._at, self._waiting = part, end, []
