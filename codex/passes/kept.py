"""What an edit or a deepening must not take away from a unit that is there already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from codex.check.defects import Defect
from codex.units import Section, Unit

#: The least part of a section's words that has to remain: a correction is fine, a gutted section is not.
LEAST_KEPT = 0.5

#: Keys of front matter that a unit keeps: its file, its concept and its place in the graph hang on them.
_IDENTITY = ("id", "slug", "concept_catalog_id")


def losses(before: Unit, after: Unit) -> Iterator[Defect]:
    """A defect for each section or exercise that is gone, and for what the front matter no longer says."""
    yield from _sections(before, after)
    if len(after.exercises) < len(before.exercises):
        yield Defect("exercises", f"{len(before.exercises)} exercises before, {len(after.exercises)} now")
    for key in _IDENTITY:
        if after.text_value(key) != before.text_value(key):
            yield Defect("front matter", f"{key} was {before.text_value(key)!r}, it is {after.text_value(key)!r} now")
    for key in ("prerequisites", "tiers_present"):
        gone = _listed(before, key) - _listed(after, key)
        if gone:
            yield Defect("front matter", f"{key} no longer has {', '.join(sorted(gone))}")


def _sections(before: Unit, after: Unit) -> Iterator[Defect]:
    left = Counter(block.heading.title for block in after.blocks)
    words: Counter[str] = Counter()
    for block in after.blocks:
        words[block.heading.title] += _words(after, block)
    for title, count in Counter(block.heading.title for block in before.blocks).items():
        had = sum(_words(before, block) for block in before.blocks if block.heading.title == title)
        if left[title] < count:
            yield Defect(title, "this section of the shipped unit is gone; what is there stays")
        elif words[title] < LEAST_KEPT * had:
            yield Defect(title, f"this section had {had} words and has {words[title]} now; what is there stays")


def _words(unit: Unit, block: Section) -> int:
    return len(unit.section_text(block).split())


def _listed(unit: Unit, key: str) -> set[str]:
    value = unit.frontmatter.get(key)
    return {str(each).strip() for each in value} if isinstance(value, list) else set()
