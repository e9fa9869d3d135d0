"""Lines of a body, and which of them must not be touched: code and preformatted text."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from codex.units.cuts import Span, fenced_spans

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_INDENTED = re.compile(r" {4}|\t")
_RAW = re.compile(r"<(pre|script|style|textarea)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)


def lines_with_offsets(text: str) -> Iterator[tuple[int, str]]:
    """Every line without its line end, with its offset."""
    position = 0
    for line in text.split("\n"):
        yield position, line
        position += len(line) + 1


def code_spans(body: str) -> list[Span]:
    """What may be code, by anybody's reading: fences of the rubric and of Markdown, indented lines, raw HTML blocks.

    Sorted, not always disjoint. Too much is no harm here: what is taken for code is only left alone.
    """
    raw = [match.span() for match in _RAW.finditer(body)]
    return sorted([*fenced_spans(body), *_markdown_code(body), *raw])


def _markdown_code(body: str) -> Iterator[Span]:
    fence = ""
    for start, line in lines_with_offsets(body):
        mark = _FENCE.match(line)
        if fence or mark or _INDENTED.match(line):
            yield start, start + len(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence) and not line[mark.end() :].strip():
            fence = ""


class Untouchable:
    """Tells whether a stretch of the body meets code."""

    def __init__(self, body: str) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in code_spans(body):
            if self._ends and start <= self._ends[-1]:
                self._ends[-1] = max(end, self._ends[-1])
            else:
                self._starts.append(start)
                self._ends.append(end)

    def __call__(self, start: int, end: int) -> bool:
        """True when ``body[start:end]`` (a place between characters, when it is empty) touches code."""
        before = bisect_right(self._starts, max(start, end - 1))
        return before > 0 and self._ends[before - 1] > start
