"""Anchor phrases: the registered wording of a connection, looked for in a body (unit-rubric, part 3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ahocorasick_rs import AhoCorasick


@dataclass(frozen=True, slots=True)
class AnchorUse:
    """``found``: phrases in the text in any letter case; ``altered``: those of them never in the exact case."""

    found: tuple[str, ...] = ()
    altered: tuple[str, ...] = ()

    @property
    def invoked(self) -> int:
        return len(self.found)

    @property
    def verbatim(self) -> int:
        return len(self.found) - len(self.altered)


class AnchorPhrases:
    """A set of phrases to look for, prepared once. A phrase registered twice counts twice.

    All phrases are looked for in one pass over a text, with an automaton: what a text costs does not depend on how many
    phrases there are.
    """

    def __init__(self, phrases: Iterable[str] = ()) -> None:
        self.phrases = tuple(phrase for phrase in phrases if phrase)
        self._lowered = [phrase.lower() for phrase in self.phrases]
        self._distinct = [each for each in dict.fromkeys(self._lowered) if _can_occur(each)]

    def __len__(self) -> int:
        return len(self.phrases)

    def __reduce__(self) -> tuple[type[AnchorPhrases], tuple[tuple[str, ...]]]:
        return AnchorPhrases, (self.phrases,)

    @cached_property
    def _automaton(self) -> AhoCorasick:
        from ahocorasick_rs import AhoCorasick

        return AhoCorasick(self._distinct, store_patterns=False)

    def search(self, body: str, lowered: str | None = None) -> AnchorUse:
        """Which phrases the body invokes; nothing is folded. ``lowered`` is ``body.lower()``, if known."""
        if not self._distinct:
            return AnchorUse()
        text = body.lower() if lowered is None else lowered
        matches = self._automaton.find_matches_as_indexes(text, overlapping=True)
        there = {self._distinct[index] for index in {match[0] for match in matches}}
        if not there:
            return AnchorUse()
        found = tuple(p for p, lowered in zip(self.phrases, self._lowered, strict=True) if lowered in there)
        return AnchorUse(found, tuple(phrase for phrase in found if phrase not in body))


def _can_occur(phrase: str) -> bool:
    """False for half of a surrogate pair, which JSON can write and no text holds."""
    return not any("\ud800" <= character <= "\udfff" for character in phrase)
