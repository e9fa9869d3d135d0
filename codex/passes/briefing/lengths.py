"""How long the unit should be: what the units around it have, tier by tier, in the words that a reader sees.

Counted as ``word_count_corrected``: the reference's count is lower by the prose between display formulas, so numbers
that are reached on these words are reached on its words too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from codex.continuity.words import corrected_word_count
from codex.passes.briefing.case import Case
from codex.units import Unit

#: Units that are looked at, and the fewest that a median is taken of.
_PEERS, _LEAST = 16, 4
#: Where a corpus has hardly a unit: the size that the curriculum's plans count on (words of the three tiers).
_DEFAULT = {"beginner": 700, "intermediate": 1600, "master": 2200}
_ASKED = re.compile(r"~\s?([1-9][0-9]{2,4})(?:\s?[-–]\s?[0-9]{3,5})?\s+words", re.IGNORECASE)


@dataclass(frozen=True)
class Length:
    """Words by tier to aim at; ``peers`` are the units that they are medians of, ``low`` and ``high`` totals."""

    tiers: dict[str, int]
    total: int
    low: int
    high: int
    peers: tuple[str, ...]
    asked: int | None
    kilobytes: int


def length_of(case: Case) -> Length:
    """The medians of the chapter's units (of the nearest ones where the chapter has too few), in tens of words."""
    near = [u for u in case.near if u in case.siblings] if len(case.siblings) >= _LEAST else list(case.near)
    peers = [u for u in near[:_PEERS] if case.units[u].status == "shipped"]
    counted = [tier_words(case.units[u]) for u in peers]
    totals = [sum(each.values()) for each in counted]
    tiers = {t: _tens([each[t] for each in counted]) or _DEFAULT[t] for t in _DEFAULT}
    total = sum(tiers.values())
    ordered = sorted(totals)
    low, high = (ordered[len(ordered) // 4], ordered[-1 - len(ordered) // 4]) if ordered else (total, total)
    kilobytes = round(median(len(case.units[u].data) for u in peers) / 1000) if peers else 0
    return Length(
        tiers, total, min(low, total), max(high, total), tuple(peers), asked_words(case.wanted.spec), kilobytes
    )


def tier_words(unit: Unit) -> dict[str, int]:
    """Words by tier, each H2 section counted at the lowest tier of its marker."""
    found = {"beginner": 0, "intermediate": 0, "master": 0}
    for block in unit.blocks:
        tier = next((t for t in found if t in block.heading.tiers), None)
        if tier:
            found[tier] += corrected_word_count(unit.body[block.start : block.end])
    return found


def _tens(words: Sequence[int]) -> int:
    present = [count for count in words if count]
    return round(median(present) / 10) * 10 if present else 0


def asked_words(spec: str) -> int | None:
    """The length that an audit asks for ("~1600 words"), the largest of several."""
    return max((int(found) for found in _ASKED.findall(spec)), default=None)
