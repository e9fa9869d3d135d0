"""When two titles mean the same unit: their telling words compared."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

#: Words that say nothing of what a unit is about.
_EMPTY = frozenset(
    re.findall(
        r"\w+",
        "a an and as at by for from in into its of on or over the to via vs with is are "
        "pointer survey unit master tier theorem definition first statement full proof general theory "
        "sub chapter readme notation crosswalk",
    )
)
_COMMAND = re.compile(r"\\(?:mathrm|mathbf|mathcal|mathfrak|mathbb|text|operatorname)\b")
_GLUE = re.compile(r"[\^_{}$`'’\\]")
_DUAL = re.compile(r"(?<=})'")  # of a formula: S and S' are two spaces
_DASH = re.compile(r"[–—‐‑]")
_WORD = re.compile(r"[a-z0-9]+")
_ENDING = re.compile(r"(?<=[a-z]{3})(?:ies|es|s|y|e)$")

#: From here on two titles mean the same (share of common words in all words).
SAME = 0.8
#: Up to here two titles mean different things (share of common words in those of the shorter one).
DIFFERENT = 0.25
#: From here on one title holds another one of the same chapter (share in those of the shorter one).
HELD = 0.8
_FEWEST = 3
#: From here on a title found elsewhere explains a wrong number (share in those of the shorter one).
FOUND = 0.65


@lru_cache(maxsize=16_384)
def telling_words(title: str) -> frozenset[str]:
    """The words of a title without accents, formula marks, endings of the plural and words that say nothing."""
    bare = _DASH.sub(" ", _GLUE.sub("", _COMMAND.sub(" ", _DUAL.sub("prime", title))))
    plain = unicodedata.normalize("NFKD", bare).encode("ascii", "ignore").decode()
    words = (word for word in _WORD.findall(plain.lower()) if word not in _EMPTY)
    return frozenset(_ENDING.sub("", word) for word in words)


def likeness(one: str, other: str) -> float:
    """Common words by all words, 0 … 1; 0 when one of the titles has none."""
    first, second = telling_words(one), telling_words(other)
    return len(first & second) / len(first | second) if first and second else 0.0


def overlap(one: str, other: str) -> float:
    """Common words by those of the shorter title, 0 … 1; 1 when a title has none: it says nothing against."""
    first, second = telling_words(one), telling_words(other)
    return len(first & second) / min(len(first), len(second)) if first and second else 1.0


class Titles:
    """Titles by their words, to find the nearest one without comparing all."""

    def __init__(self, titles: Mapping[str, str]) -> None:
        self._words: dict[str, frozenset[str]] = {}
        self._by_word: dict[str, list[str]] = {}
        for key, title in titles.items():
            self.add(key, title)

    def add(self, key: str, title: str) -> None:
        """A title under a key (a unit's id); a key has one title: its first."""
        if key in self._words:
            return
        self._words[key] = telling_words(title)
        for word in self._words[key]:
            self._by_word.setdefault(word, []).append(key)

    def nearest(self, title: str, least: float = SAME, without: str = "") -> str | None:
        """The key whose title is most alike, at least ``least``; the first in order of keys among equals.

        A title of one telling word is alike to its equals only.
        """
        words = telling_words(title)
        alike = {
            key: common / (len(words) + len(self._words[key]) - common)
            for key, common in self._common(words).items()
            if key != without
        }
        wanted = least if len(words) > 1 else 1.0
        return min((key for key, like in alike.items() if like >= wanted), key=lambda k: (-alike[k], k), default=None)

    def holding(self, title: str, prefix: str, without: str = "") -> str | None:
        """The key beginning with ``prefix`` whose title holds this one, or is held by it, nearly whole.

        Titles of fewer than three telling words are held too easily.
        """
        words = telling_words(title)
        held = {
            key: common / min(len(words), len(self._words[key]))
            for key, common in self._common(words).items()
            if key.startswith(prefix) and key != without and min(len(words), len(self._words[key])) >= _FEWEST
        }
        return min((key for key, part in held.items() if part >= HELD), key=lambda k: (-held[k], k), default=None)

    def _common(self, words: frozenset[str]) -> Counter[str]:
        return Counter(key for word in words for key in self._by_word.get(word, ()))
