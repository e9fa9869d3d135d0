"""Places in books as texts name them: ``Ahlfors Ch. 3 §3``, ``Shilov Ch. 10 §10.2``."""

from __future__ import annotations

import re

_NAMED = re.compile(
    r"(?P<author>[A-Z][A-Za-z'’]{2,}(?:-[A-Z][A-Za-z'’]+)*)[^\n;.§]{0,60}?\s"
    r"(?:(?:Ch|Chs|Chapter)\.?\s*(?P<chapter>\d+|[IVX]+)\s*,?\s*)?§+\s*(?P<place>[A-Z]?\.?\d+(?:\.\d+)*)"
)
_ROMAN = {"I": 1, "V": 5, "X": 10}


def locators(text: str) -> dict[str, frozenset[str]]:
    """Author → the places named of them, as ``chapter.section`` where the chapter is known."""
    found: dict[str, set[str]] = {}
    for match in _NAMED.finditer(" ".join(text.split())):
        place, chapter = match["place"], _number(match["chapter"] or "")
        if chapter and not place.startswith(f"{chapter}.") and "." not in place:
            place = f"{chapter}.{place}"
        found.setdefault(match["author"], set()).add(place)
    return {author: frozenset(places) for author, places in found.items()}


def _number(chapter: str) -> str:
    if chapter.isdecimal() or not chapter:
        return chapter
    values = [_ROMAN[letter] for letter in chapter]
    following = [*values[1:], 0]
    return str(sum(-v if v < after else v for v, after in zip(values, following, strict=True)))
