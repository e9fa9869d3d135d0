"""Ranked full-text search (BM25), computed from the texts at the time of the query: nothing to build or to keep."""

from __future__ import annotations

import math
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

#: The usual constants of BM25: saturation of repeated words, and how far length counts.
_K1 = 1.2
_B = 0.75

#: How much a word in a text's name weighs: known units were found first most often at this figure.
HEAD_WEIGHT = 20

_PASSAGE_CHARACTERS = 220


@dataclass(frozen=True, slots=True)
class Hit:
    """A text that has some of the words; ``passage`` is its line with the most of them."""

    name: str
    score: float
    passage: str


def query_words(query: str) -> list[str]:
    """The words to look for; those of one or two letters are passed over unless there are no others."""
    words = sorted(set(re.findall(r"\w+", query.lower())))
    return [word for word in words if len(word) > 2] or words


def occurrences(text: str, word: str) -> int:
    """How often a word of the (lower-case) text begins with ``word``. Ten times faster than a regular expression."""
    found, at = 0, text.find(word)
    while at >= 0:
        found += at == 0 or not text[at - 1].isalnum()
        at = text.find(word, at + len(word))
    return found


def rank(
    query: str,
    names: Iterable[str],
    lowered: Callable[[str], str],
    limit: int,
    read: Callable[[str], str] | None = None,
    head: Callable[[str], str] = lambda _: "",
) -> list[Hit]:
    """The texts that match best, best first, ties by name.

    ``lowered`` gives a text in lower case by its name, ``read`` as it is (for the passages that are shown). A word in
    the text's ``head`` counts as often as ``HEAD_WEIGHT`` times in the text.
    """
    words = query_words(query)
    rows = []
    for name in names:
        text, title = lowered(name), head(name)
        counts = [occurrences(text, word) + HEAD_WEIGHT * occurrences(title, word) for word in words]
        rows.append((name, len(text), counts))
    scores = _bm25([(length, counts) for _, length, counts in rows])
    best = sorted((-score, name) for (name, _, _), score in zip(rows, scores, strict=True) if score)[:limit]
    return [Hit(name, -score, passage((read or lowered)(name), words)) for score, name in best]


class LoweredTexts:
    """Texts in lower case by the id of their content, so that those that did not change are not decoded again.

    At most ``most`` characters are kept, those that were asked for last. Safe to use from several threads.
    """

    def __init__(self, most: int = 120_000_000) -> None:
        self._most, self._size = most, 0
        self._texts: OrderedDict[str, str] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, blob: str, read: Callable[[], str]) -> str:
        with self._lock:
            kept = self._texts.get(blob)
            if kept is not None:
                self._texts.move_to_end(blob)
                return kept
        text = read().lower()
        with self._lock:
            self._size += len(text) if blob not in self._texts else 0
            self._texts[blob] = text
            while self._size > self._most:
                self._size -= len(self._texts.popitem(last=False)[1])
        return text


def _bm25(texts: Sequence[tuple[int, Sequence[int]]]) -> list[float]:
    """A score for each text, given its length and how often it has each word."""
    mean = sum(length for length, _ in texts) / max(len(texts), 1) or 1.0
    having = [sum(map(bool, column)) for column in zip(*(counts for _, counts in texts), strict=True)]
    weights = [math.log(1 + (len(texts) - n + 0.5) / (n + 0.5)) for n in having]
    scores = []
    for length, counts in texts:
        damping = _K1 * (1 - _B + _B * length / mean)
        scores.append(sum(w * n * (_K1 + 1) / (n + damping) for w, n in zip(weights, counts, strict=True)))
    return scores


def passage(text: str, words: Sequence[str]) -> str:
    """The line with the most different words, the first of equals; shortened."""
    lines = text.splitlines() or [""]
    best = max(lines, key=lambda line: sum(map(bool, (occurrences(line.lower(), word) for word in words))))
    best = " ".join(best.split())
    return best if len(best) <= _PASSAGE_CHARACTERS else best[: _PASSAGE_CHARACTERS - 1] + "…"
