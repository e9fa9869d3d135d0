"""CONCEPT_CATALOG.md: the concepts that units teach, as Markdown entries (unit-rubric §4.3).

An entry is an H3 line with a dotted slug, followed by ``- **key**: value`` lines. Where a new entry goes:

* the file is a sequence of *runs*: entries that follow one another under one H2 and share their first dotted part;
* the new entry joins the run in which an entry shares the most dotted parts with it; among equals the longest run,
  then the last one;
* in the run it comes after the last entry that sorts before it; if none does, before the run's first entry;
* with no run of its first part, it goes to the end of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate

from codex.corpus.catalogparts import Part, Placed, end_of, parts_of
from codex.corpus.markdown import code, line_end_of, one_line
from codex.corpus.memory import Memory
from codex.errors import UserError
from codex.units.ids import is_id
from codex.units.model import Unit

PATH = "docs/catalogs/CONCEPT_CATALOG.md"
#: The document of a corpus without concepts.
EMPTY = "# Concept catalog\n\nEvery unit teaches one concept of this list (`concept_catalog_id`).\n\n## Concepts\n"

_NEW_SLUG = re.compile(r"[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*")
_KEY = re.compile(r"^- \*\*([A-Za-z_ ]+)\*\*:[ \t]*(.*?)[ \t]*\r?$", re.MULTILINE)
_IN_BACKTICKS = re.compile(r"`([^`\n]+)`")

#: Entries that follow one another, each with the number of its part.
Run = list[tuple[int, Placed]]


@dataclass(frozen=True, slots=True)
class Entry:
    """A new entry. ``prerequisites`` are catalog ids, ``anchors`` tier → source; empty fields are left out."""

    slug: str
    title: str
    unit: str = ""
    prerequisites: tuple[str, ...] = ()
    anchors: Mapping[str, str] = field(default_factory=dict)
    notes: str = ""


@dataclass(frozen=True, eq=False)
class Catalog:
    """The document in parts. A slug that stands twice is found at its first place."""

    text: str
    parts: tuple[Part, ...]

    @cached_property
    def _starts(self) -> tuple[int, ...]:
        return tuple(accumulate((len(part.text) for part in self.parts), initial=0))

    @cached_property
    def entries(self) -> tuple[Placed, ...]:
        """All entries in order, with offsets in the text."""
        placed = zip(self._starts, self.parts, strict=False)
        return tuple(entry.moved(start) for start, part in placed for entry in part.entries)

    def find(self, slug: str) -> tuple[int, Placed] | None:
        """The number of the part that has the slug's entry, and the entry there."""
        return next(((at, part.first[slug]) for at, part in enumerate(self.parts) if slug in part.first), None)

    def __contains__(self, slug: object) -> bool:
        return any(slug in part.first for part in self.parts)

    def get(self, slug: str) -> Placed | None:
        """The entry, with offsets in the text."""
        found = self.find(slug)
        return found and found[1].moved(self._starts[found[0]])

    def keys(self, slug: str) -> dict[str, str]:
        """The keys of an entry (``title``, ``unit``, ``prerequisites``, ``notes`` …), values as they stand."""
        found = self.find(slug)
        return _keys(self.parts[found[0]].block(found[1])) if found else {}

    def end_of(self, entry: Placed) -> int:
        """Where an entry of ``entries`` ends, blank lines and rulers after it not included."""
        return end_of(self.text, entry)

    def unit_of(self, slug: str) -> str:
        """The id of the unit that teaches the concept, "" when the entry names none."""
        return _unit_in(self.keys(slug))

    def taught_by(self, unit_id: str) -> tuple[str, ...]:
        """The concepts whose entries name the unit, in the order of the file."""
        named = f"`{unit_id}`"
        near = [part for part in self.parts if named in part.text]
        slugs = dict.fromkeys(entry.slug for part in near for entry in part.entries if named in part.block(entry))
        return tuple(slug for slug in slugs if self.unit_of(slug) == unit_id)

    def prerequisites_of(self, slug: str) -> tuple[str, ...]:
        """The catalog ids that the entry names as prerequisites."""
        return tuple(_IN_BACKTICKS.findall(self.keys(slug).get("prerequisites", "")))

    def runs(self, first: str) -> Iterator[Run]:
        """Entries that follow one another under one H2 and have this first dotted part."""
        run: Run = []
        dotted = f"{first}."
        for at, part in enumerate(self.parts):
            for entry in part.entries if first in part.beginnings else part.entries[:1]:
                mine = f"{entry.slug}.".startswith(dotted)
                if run and (entry.opens or not mine):
                    yield run
                    run = []
                if mine:
                    run.append((at, entry))
        if run:
            yield run


def _keys(block: str) -> dict[str, str]:
    return {key[1]: key[2] for key in _KEY.finditer(block)}


def _unit_in(keys: Mapping[str, str]) -> str:
    return next(iter(_IN_BACKTICKS.findall(keys.get("unit", ""))), "")


_known: Memory[Catalog] = Memory(4)


def parse(text: str) -> Catalog:
    """The entries. Headings inside fenced code, group headings and remarks are none."""
    return _known.get(text) or _known.put(text, _parsed(text))


def known(text: str) -> Catalog | None:
    """The entries of a text that was read or written lately; None when they would have to be looked for."""
    return _known.get(text)


def encoded(text: str) -> bytes:
    """The text in UTF-8, at the cost of what was changed in it."""
    return b"".join(part.data for part in parse(text).parts)


def _parsed(text: str) -> Catalog:
    return Catalog(text, tuple(parts_of(text)))


def insert_entry(text: str, entry: Entry) -> str:
    """The catalog with the entry at its place (rule: see the module); unchanged when the slug has one already.

    Raises UserError when the slug is no dotted lower-case name.
    """
    if not _NEW_SLUG.fullmatch(entry.slug):
        raise UserError(f"{entry.slug!r} is no concept id: lower-case words, joined by hyphens and dots, are.")
    catalog = parse(text)
    if entry.slug in catalog:
        return text
    line_end = line_end_of(text)
    block = _rendered(entry).replace("\n", line_end)
    number, neighbour = _neighbour(catalog, entry.slug)
    part = catalog.parts[number].text
    if neighbour is None:
        return _changed(catalog, number, _appended(part, block, line_end))
    if neighbour.slug < entry.slug:
        return _changed(catalog, number, _inserted(part, end_of(part, neighbour), line_end * 2 + block))
    return _changed(catalog, number, _inserted(part, neighbour.start, block + line_end * 2))


def _changed(catalog: Catalog, number: int, new: str) -> str:
    """The catalog's text with one of its parts replaced. What is known of the others is brought along to it."""
    parts = (*catalog.parts[:number], *parts_of(new), *catalog.parts[number + 1 :])
    text = "".join(part.text for part in parts)
    return _known.put(text, Catalog(text, parts)).text


def _inserted(text: str, at: int, added: str) -> str:
    return text[:at] + added + text[at:]


def _appended(text: str, block: str, line_end: str) -> str:
    body = text.rstrip()
    return _inserted(text, len(body), line_end * 2 + block) if body else block + line_end


def _neighbour(catalog: Catalog, slug: str) -> tuple[int, Placed | None]:
    """The entry that the new one stands next to, after it if it sorts before; and the number of its part.

    Without an entry of its first dotted part: the last part.
    """
    best: Run = []
    best_rank = (0, 0)
    for run in catalog.runs(slug.partition(".")[0]):
        rank = (_shared_parts(slug, run), len(run))
        if rank >= best_rank:
            best, best_rank = run, rank
    before = (each for each in reversed(best) if each[1].slug < slug)
    return next(before, best[0]) if best else (len(catalog.parts) - 1, None)


def _shared_parts(slug: str, run: Run) -> int:
    """The most dotted parts that an entry of the run shares with the slug."""
    beginnings = accumulate(f"{part}." for part in slug.split("."))
    return sum(any(f"{entry.slug}.".startswith(beginning) for _, entry in run) for beginning in beginnings)


def _rendered(entry: Entry) -> str:
    lines = [f"### {entry.slug}", "", f"- **title**: {one_line(entry.title)}".rstrip()]
    if entry.unit:
        lines.append(f"- **unit**: {code(entry.unit)}")
    if entry.prerequisites:
        lines.append("- **prerequisites**: " + ", ".join(code(p) for p in entry.prerequisites))
    if entry.anchors:
        lines.append("- **tier_anchors**:")
        lines += [f"  - {one_line(tier)}: {one_line(source)}" for tier, source in entry.anchors.items()]
    if entry.notes:
        lines.append(f"- **notes**: {one_line(entry.notes)}")
    return "\n".join(lines)


def stub_entry(unit: Unit, concepts: Mapping[str, str] | None = None) -> Entry:
    """The entry that a unit's front matter gives; ``concepts`` maps ids of its prerequisites to catalog ids."""
    anchors = unit.frontmatter.get("tier_anchors")
    known = concepts or {}
    return Entry(
        slug=unit.text_value("concept_catalog_id"),
        title=unit.title,
        unit=unit.id,
        prerequisites=tuple(known[p] for p in unit.prerequisites if p in known),
        anchors={k: v for k, v in anchors.items() if isinstance(k, str) and isinstance(v, str)}
        if isinstance(anchors, dict)
        else {},
        notes=f"stub — see unit `{unit.id}`.",
    )


def set_unit(text: str, slug: str, unit_id: str) -> str:
    """The catalog with ``unit`` of an entry set; unchanged when it says so. Raises UserError when there is no entry."""
    if not is_id(unit_id):
        raise UserError(f"{unit_id!r} is no unit id.")
    catalog = parse(text)
    found = catalog.find(slug)
    if found is None:
        raise UserError(f"{PATH} has no entry {slug}.", remedy="Insert the entry first.")
    number, entry = found
    block = catalog.parts[number].block(entry)
    keys = {key[1]: key for key in _KEY.finditer(block)}
    there = keys.get("unit")
    if there and unit_id in _IN_BACKTICKS.findall(there[2]):
        return text
    new = _with_unit(block, keys, unit_id, line_end_of(text))
    part = catalog.parts[number].text
    return _changed(catalog, number, part[: entry.start] + new + part[entry.limit :])


def _with_unit(block: str, keys: Mapping[str, re.Match[str]], unit_id: str, line_end: str) -> str:
    """An entry with another unit, or with one where it has none: after the title, else after the heading."""
    value = f"- **unit**: `{unit_id}`"
    if "unit" in keys:
        return block[: keys["unit"].start()] + value + block[_line_stop(keys["unit"]) :]
    if "title" in keys:
        return _inserted(block, _line_stop(keys["title"]), line_end + value)
    return _inserted(block, len(block.splitlines()[0]), line_end * 2 + value)


def _line_stop(key: re.Match[str]) -> int:
    """Where the key's line ends, its line end not included."""
    return key.start() + len(key[0].rstrip("\r"))
