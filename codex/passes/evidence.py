"""Looking claims up: does the unit exist, does the heading stand in it, does the quote occur under that heading?

White space is folded on both sides and nothing else: a paraphrase is not a quote.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from codex.units import Section, Unit

#: A shorter quote proves nothing (it would occur by chance).
MIN_QUOTE_WORDS = 6

_MARKER = re.compile(r"\s*\[[\w+ -]+\]\s*$")


def fold(text: str) -> str:
    """The text with every run of white space made one blank, and none at the ends."""
    return " ".join(text.split())


def heading_title(text: str) -> str:
    """A heading as an agent may write it (with hashes, with its tier marker) reduced to the bare title."""
    return fold(_MARKER.sub("", text.strip().lstrip("#")))


@dataclass(frozen=True)
class Place:
    """A heading in a unit with everything under it, sub-headings included."""

    unit: Unit
    section: Section
    text: str

    @property
    def title(self) -> str:
        return self.section.heading.title

    @property
    def tiers(self) -> frozenset[str]:
        """The heading's own tiers, or those of the H2 around it when it carries no marker."""
        own = self.section.heading.tiers
        if own or self.section.heading.level == 2:
            return frozenset(own)
        holder = self.unit.block_at(self.section.heading.start)
        return frozenset(holder.heading.tiers) if holder else frozenset()


def find_places(unit: Unit, heading: str) -> list[Place]:
    """All headings of the unit with this title (marker and hashes ignored, white space folded)."""
    wanted = heading_title(heading)
    found = []
    for index, section in enumerate(unit.sections):
        if heading_title(section.heading.title) == wanted:
            found.append(Place(unit, section, _with_subsections(unit, index)))
    return found


def _with_subsections(unit: Unit, index: int) -> str:
    own = unit.sections[index]
    end = own.end
    for later in unit.sections[index + 1 :]:
        if later.heading.level <= own.heading.level:
            break
        end = later.end
    return unit.body[own.start : end]


def locate(unit: Unit | None, unit_id: str, heading: str, quote: str) -> tuple[Place | None, str]:
    """Find the place that a claim names. Returns (place, "") or (None, what is wrong with the claim)."""
    if unit is None:
        return None, f"unit {unit_id!r} does not exist"
    places = find_places(unit, heading)
    if not places:
        return None, f"unit {unit_id} has no heading {heading_title(heading)!r}"
    folded = fold(quote)
    if len(folded.split()) < MIN_QUOTE_WORDS:
        return None, f"the quote is shorter than {MIN_QUOTE_WORDS} words"
    for place in places:
        if folded in fold(place.text):
            return place, ""
    return None, f"the quote does not occur under {heading_title(heading)!r} of {unit_id}"
