"""Are two titles about the same thing? Compared by the stems of their words, formulas and function words left out."""

from __future__ import annotations

import re
import unicodedata

_FORMULA = re.compile(r"\$[^$]*\$")
_WORD = re.compile(r"[a-z]{3,}")
_STEM = 6
_EMPTY = frozenset({"the", "and", "for", "its", "with", "via", "from", "unit", "survey", "pointer", "theorem"})
#: Share of common stems from which titles are akin, and from which they are the same.
_AKIN, _SAME = 0.34, 0.99


def stems(text: str) -> frozenset[str]:
    """The first six letters of each longer word, without accents and without the s of a plural."""
    plain = unicodedata.normalize("NFKD", _FORMULA.sub(" ", text)).encode("ascii", "ignore").decode().lower()
    words = _WORD.findall(plain.replace("'", ""))
    return frozenset(word.removesuffix("s")[:_STEM] for word in words if word not in _EMPTY)


def _share(one: str, other: str, *, of_the_shorter: bool) -> float:
    left, right = stems(one), stems(other)
    if not left or not right:
        return 0.0
    whole = min(len(left), len(right)) if of_the_shorter else len(left | right)
    return len(left & right) / whole


def akin(one: str, other: str) -> bool:
    """True when a third of the shorter title's words are in the other."""
    return not stems(one) or not stems(other) or _share(one, other, of_the_shorter=True) >= _AKIN


def same(one: str, other: str) -> bool:
    """True when both titles have the same words."""
    return _share(one, other, of_the_shorter=False) >= _SAME
