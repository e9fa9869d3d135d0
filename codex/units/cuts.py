"""Text with parts taken out (code, asides), which still knows where every character came from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

Span = tuple[int, int]

_FENCED = re.compile(r"```.*?```", re.DOTALL)
_MATH = re.compile(r"(?<!\\)\$\$.+?\$\$|(?<![\\$])\$[^$]+\$", re.DOTALL)
_ASIDE_EDGE = re.compile(r"<aside|</aside>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Cut:
    """``text`` is the original without ``spans`` (sorted, disjoint)."""

    text: str
    spans: tuple[Span, ...] = ()

    def origin(self, offset: int) -> int:
        """The offset in the original of a character of ``text``."""
        for start, end in self.spans:
            if start > offset:
                break
            offset += end - start
        return offset


def cut(text: str, spans: Iterable[Span]) -> Cut:
    """Take the spans (sorted, disjoint) out of the text."""
    spans = tuple(spans)
    if not spans:
        return Cut(text)
    kept, position = [], 0
    for start, end in spans:
        kept.append(text[position:start])
        position = end
    kept.append(text[position:])
    return Cut("".join(kept), spans)


def fenced_spans(text: str) -> list[Span]:
    """Every shortest span from one triple backtick to the next, wherever they stand (unit-rubric §1.6, PH001)."""
    return [match.span() for match in _FENCED.finditer(text)] if "```" in text else []


def math_spans(text: str) -> list[Span]:
    """Display formulas between double dollars, then inline ones between single dollars, dollars included."""
    return [match.span() for match in _MATH.finditer(text)]


def aside_spans(text: str) -> Iterator[Span]:
    """Every shortest span from ``<aside`` to ``</aside>``, any case; an aside never closed is not one."""
    start = -1
    for edge in _ASIDE_EDGE.finditer(text):
        if edge[0].startswith("</"):
            if start >= 0:
                yield start, edge.end()
            start = -1
        elif start < 0:
            start = edge.start()


def without_code(text: str) -> Cut:
    return cut(text, fenced_spans(text))


def without_asides(text: str) -> str:
    return cut(text, aside_spans(text)).text


def masked(text: str, spans: Iterable[Span]) -> str:
    """The text with the spans blanked out: every offset and every line stays where it was."""
    parts, position = [], 0
    for start, end in spans:
        parts += [text[position:start], "\n".join(" " * len(line) for line in text[start:end].split("\n"))]
        position = end
    return "".join([*parts, text[position:]])
