"""Ranked full-text search (BM25), computed from the texts at the time of the query: nothing to build or to keep."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

#: The usual constants of BM25: saturation of repeated words, and how far length counts.
_K1 = 1.2
_B = 0.75

_PASSAGE_CHARACTERS = 220


@dataclass(frozen=True, slots=True)
class Hit:
    """A text that has some of the words; ``passage`` is its line with the most of them."""

    name: str
    score: float
    passage: str


def rank(query: str, texts: Iterable[tuple[str, str]], limit: int) -> list[Hit]:
    """The texts (name, text) that match best, best first, ties by name. A word also finds longer words that begin
    with it; words of one or two letters are passed over unless there are no others."""
    words = sorted(set(re.findall(r"\w+", query.lower())))
    words = [word for word in words if len(word) > 2] or words
    if not words:
        return []
    pattern = re.compile(r"\b(?:" + "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)) + ")")
    counted: list[tuple[str, Counter[str], int, str]] = []
    for name, text in texts:
        counts = Counter(pattern.findall(text.lower()))
        counted.append((name, counts, len(text), _passage(text, pattern) if counts else ""))
    scores = _bm25([(counts, length) for _, counts, length, _ in counted], words)
    hits = [Hit(name, score, passage) for (name, _, _, passage), score in zip(counted, scores, strict=True) if score]
    return sorted(hits, key=lambda hit: (-hit.score, hit.name))[:limit]


def _bm25(texts: list[tuple[Counter[str], int]], words: list[str]) -> list[float]:
    mean = sum(length for _, length in texts) / max(len(texts), 1) or 1.0
    having = {word: sum(word in counts for counts, _ in texts) for word in words}
    weight = {word: math.log(1 + (len(texts) - n + 0.5) / (n + 0.5)) for word, n in having.items()}
    scores = []
    for counts, length in texts:
        damping = _K1 * (1 - _B + _B * length / mean)
        scores.append(sum(weight[w] * n * (_K1 + 1) / (n + damping) for w, n in counts.items()))
    return scores


def _passage(text: str, pattern: re.Pattern[str]) -> str:
    """The line with the most different words of the query; the first of equals."""
    best, most = "", 0
    for line in text.splitlines():
        different = len(set(pattern.findall(line.lower())))
        if different > most:
            best, most = line, different
    best = " ".join(best.split())
    return best if len(best) <= _PASSAGE_CHARACTERS else best[: _PASSAGE_CHARACTERS - 1] + "…"
