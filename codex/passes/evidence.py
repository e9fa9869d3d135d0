"""Looking claims up: does the unit exist, does the heading stand in it, does the quote occur under that heading.

White space is folded on both sides and nothing else: a paraphrase is not a quote.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from codex.units import Section, Unit
from codex.units.titles import bare_title, headings_titled

#: A shorter quote proves nothing (it would occur by chance).
MIN_QUOTE_WORDS = 6

#: Where one statement of a text ends and the next begins: a blank line, or the next item of a list.
_PIECES = re.compile(r"\n[^\S\n]*\n|\n(?=[^\S\n]*[-*] )")


def fold(text: str) -> str:
    """The text with every run of white space made one blank, and none at the ends."""
    return " ".join(text.split())


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
    def titles(self) -> tuple[str, ...]:
        """The heading's title and that of the H2 around it, without letter case."""
        holder = self.unit.block_at(self.section.heading.start)
        around = [holder.heading.title] if holder and holder.heading is not self.section.heading else []
        return tuple(title.casefold() for title in (self.title, *around))

    @property
    def tiers(self) -> frozenset[str]:
        """The heading's own tiers, or those of the H2 around it when it carries no marker."""
        own = self.section.heading.tiers
        if own or self.section.heading.level == 2:
            return frozenset(own)
        holder = self.unit.block_at(self.section.heading.start)
        return frozenset(holder.heading.tiers) if holder else frozenset()

    def named(self, *words: str) -> bool:
        """True when the heading, or the H2 around it, has one of the words in its title."""
        return any(word in title for title in self.titles for word in words)


def find_places(unit: Unit, heading: str) -> list[Place]:
    """All headings of the unit with this title (marker and hashes ignored, white space folded)."""
    return [Place(unit, unit.sections[i], _with_subsections(unit, i)) for i in headings_titled(unit, heading)]


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
        return None, f"there is no shipped unit {unit_id!r}"
    places = find_places(unit, heading)
    if not places:
        return None, f"unit {unit_id} has no heading {bare_title(heading)!r}"
    folded = fold(quote)
    if len(folded.split()) < MIN_QUOTE_WORDS:
        return None, f"the quote is shorter than {MIN_QUOTE_WORDS} words"
    for place in places:
        if folded in fold(place.text):
            return place, ""
    return None, f"the quote does not occur under {bare_title(heading)!r} of {unit_id}"


@dataclass(frozen=True)
class BookName:
    """The title by which units cite a book, and the surnames of its authors."""

    title: str
    surnames: tuple[str, ...] = ()

    @classmethod
    def of(cls, title: str, authors: str = "") -> BookName:
        """``authors`` as a booklist has them: full names, separated by commas, semicolons, ``and`` or ``&``."""
        names = re.split(r"[,;&]|\band\b", authors)
        return cls(title, tuple(name.split()[-1] for name in names if name.split()))

    def __str__(self) -> str:
        return f"{' & '.join(self.surnames)}, {self.title}" if self.surnames else self.title


def cites(unit: Unit, book: BookName) -> bool:
    """Whether a reference, a paragraph or a list item of the unit names the book: its title with one of its authors.

    The title alone will not do: "linear algebra" is in many texts that cite no book of that name.
    """
    title, surnames = fold(book.title).casefold(), [name.casefold() for name in book.surnames]
    for piece in _pieces(unit):
        said = fold(piece).casefold()
        if title in said and (not surnames or any(name in said for name in surnames)):
            return True
    return False


def _pieces(unit: Unit) -> Iterator[str]:
    references = unit.frontmatter.get("references")
    for entry in references if isinstance(references, list) else ():
        if isinstance(entry, dict):
            yield str(entry.get("path", ""))
    yield from _PIECES.split(unit.body)
