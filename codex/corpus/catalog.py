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
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import NamedTuple

from codex.corpus.markdown import code, line_end_of, one_line
from codex.corpus.memory import Memory
from codex.errors import UserError
from codex.units.ids import is_id
from codex.units.model import Unit

PATH = "docs/catalogs/CONCEPT_CATALOG.md"
#: The document of a corpus without concepts.
EMPTY = "# Concept catalog\n\nEvery unit teaches one concept of this list (`concept_catalog_id`).\n\n## Concepts\n"

#: A heading or a fence. With the line end in front the search jumps from line to line: this file has megabytes.
_MARK = re.compile(r"\n(```|#{1,6}[ \t])[^\r\n]*")
_SLUG = re.compile(r"### [ \t]*[`\"]?([A-Za-z0-9][A-Za-z0-9-]*(?:\.[A-Za-z0-9-]*)+|[a-z0-9][a-z0-9-]*)[`\"]?[ \t]*")
_NEW_SLUG = re.compile(r"[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*")
_KEY = re.compile(r"^- \*\*([A-Za-z_ ]+)\*\*:[ \t]*(.*?)[ \t]*\r?$", re.MULTILINE)
_RULER_AT_END = re.compile(r"\n-{3,}\Z")
_IN_BACKTICKS = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True, slots=True)
class Entry:
    """A new entry. ``prerequisites`` are catalog ids, ``anchors`` tier → source; empty fields are left out."""

    slug: str
    title: str
    unit: str = ""
    prerequisites: tuple[str, ...] = ()
    anchors: Mapping[str, str] = field(default_factory=dict)
    notes: str = ""


class Placed(NamedTuple):
    """An entry as it stands from ``start`` to ``limit``, where the next heading is.

    ``group`` is the H2 it stands under (0: before the first).
    """

    slug: str
    start: int
    limit: int
    group: int

    def moved(self, by: int) -> Placed:
        """The entry so many characters further on."""
        return Placed(self.slug, self.start + by, self.limit + by, self.group)


@dataclass(frozen=True)
class Catalog:
    """The document and its entries in order. A slug that stands twice is found at its first place."""

    text: str
    entries: tuple[Placed, ...]

    @cached_property
    def _first(self) -> dict[str, Placed]:
        return {entry.slug: entry for entry in reversed(self.entries)}

    def __contains__(self, slug: object) -> bool:
        return slug in self._first

    def get(self, slug: str) -> Placed | None:
        return self._first.get(slug)

    def place(self, entry: Placed) -> int:
        """Which of the entries it is."""
        return bisect_left(self.entries, entry.start, key=lambda each: each.start)

    def keys(self, slug: str) -> dict[str, str]:
        """The keys of an entry (``title``, ``unit``, ``prerequisites``, ``notes`` …), values as they stand."""
        entry = self.get(slug)
        return {} if entry is None else {key[1]: key[2] for key in _KEY.finditer(self.text, entry.start, entry.limit)}

    def end_of(self, entry: Placed) -> int:
        """Where the entry ends, blank lines and rulers after it not included."""
        content = self.text[entry.start : entry.limit].rstrip()
        while _RULER_AT_END.search(content):
            content = content[: content.rindex("\n")].rstrip()
        return entry.start + len(content)

    def unit_of(self, slug: str) -> str:
        """The id of the unit that teaches the concept, "" when the entry names none."""
        return next(iter(_IN_BACKTICKS.findall(self.keys(slug).get("unit", ""))), "")

    def taught_by(self, unit_id: str) -> tuple[str, ...]:
        """The concepts whose entries name the unit, in the order of the file."""
        return tuple(slug for slug in self._first if self.unit_of(slug) == unit_id)

    def prerequisites_of(self, slug: str) -> tuple[str, ...]:
        """The catalog ids that the entry names as prerequisites."""
        return tuple(_IN_BACKTICKS.findall(self.keys(slug).get("prerequisites", "")))

    def runs(self, first: str) -> Iterator[tuple[Placed, ...]]:
        """Entries that follow one another under one H2 and have this first dotted part."""
        dotted = f"{first}."
        mine = [at for at, (slug, *_) in enumerate(self.entries) if slug.startswith(dotted) or slug == first]
        for _, run in groupby(enumerate(mine), key=lambda each: (each[1] - each[0], self.entries[each[1]].group)):
            yield tuple(self.entries[at] for _, at in run)


_known: Memory[Catalog] = Memory(4)


def parse(text: str) -> Catalog:
    """The entries. Headings inside fenced code, group headings and remarks are none."""
    return _known.get(text) or _known.put(text, _parsed(text))


def _parsed(text: str) -> Catalog:
    entries: list[Placed] = []
    pending: tuple[str, int] | None = None
    group = 0
    for start, line in _headings(text):
        if pending:
            entries.append(Placed(*pending, start, group))
        group += line.startswith("## ")
        slug = _SLUG.fullmatch(line)
        pending = (slug[1], start) if slug else None
    if pending:
        entries.append(Placed(*pending, len(text), group))
    return Catalog(text, tuple(entries))


def _headings(text: str) -> Iterator[tuple[int, str]]:
    """Offset and line of each heading outside fenced code."""
    fenced = False
    first = _MARK.match("\n" + text[: text.find("\n")])
    if first:
        fenced = first[1] == "```"
        if not fenced:
            yield 0, first[0][1:]
    for mark in _MARK.finditer(text):
        if mark[1] == "```":
            fenced = not fenced
        elif not fenced:
            yield mark.start() + 1, mark[0][1:]


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
    neighbour, after = _neighbour(catalog, entry.slug)
    if neighbour is None:
        return _appended(text, block, line_end)
    if after:
        return _inserted(catalog, neighbour, catalog.end_of(neighbour), line_end * 2 + block, entry.slug)
    return _inserted(catalog, neighbour, neighbour.start, block + line_end * 2, entry.slug)


def _inserted(catalog: Catalog, neighbour: Placed, at: int, added: str, slug: str) -> str:
    """The text with ``added``, which holds the entry of that slug, at an offset: where a neighbour begins, or after it.

    What is known of the old text is brought along to the new one.
    """
    text = catalog.text[:at] + added + catalog.text[at:]
    if "```" in catalog.text[neighbour.start : neighbour.limit]:  # fenced code that may go on beyond the entry
        return text
    place, size = catalog.place(neighbour), len(added)
    if at == neighbour.start:
        around = [Placed(slug, at, at + size, neighbour.group), neighbour.moved(size)]
    else:
        start = at + added.index("###")
        around = [neighbour._replace(limit=start), Placed(slug, start, neighbour.limit + size, neighbour.group)]
    _follow(catalog, text, place, around, size)
    return text


def _follow(catalog: Catalog, text: str, place: int, around: list[Placed], size: int) -> None:
    """Remember a new text in which the entry at a place became ``around``, and what follows moved by ``size``."""
    rest = (entry.moved(size) for entry in catalog.entries[place + 1 :])
    _known.put(text, Catalog(text, (*catalog.entries[:place], *around, *rest)))


def _appended(text: str, block: str, line_end: str) -> str:
    body = text.rstrip()
    return body + line_end * 2 + block + text[len(body) :] if body else block + line_end


def _neighbour(catalog: Catalog, slug: str) -> tuple[Placed | None, bool]:
    """The entry that the new one stands next to, and whether after it."""
    best: tuple[Placed, ...] = ()
    best_rank = (0, 0)
    first = slug.partition(".")[0]
    for run in catalog.runs(first):
        rank = (max(_shared_parts(slug, entry.slug) for entry in run), len(run))
        if rank >= best_rank:
            best, best_rank = run, rank
    if not best:
        return None, True
    before = [entry for entry in best if entry.slug < slug]
    return (before[-1], True) if before else (best[0], False)


def _shared_parts(one: str, other: str) -> int:
    shared = 0
    for a, b in zip(one.split("."), other.split("."), strict=False):
        if a != b:
            break
        shared += 1
    return shared


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
    entry = catalog.get(slug)
    if entry is None:
        raise UserError(f"{PATH} has no entry {slug}.", remedy="Insert the entry first.")
    line_end = line_end_of(text)
    value = f"- **unit**: `{unit_id}`"
    keys = {key[1]: key for key in _KEY.finditer(text, entry.start, entry.limit)}
    there = keys.get("unit")
    if there is not None:
        named = unit_id in _IN_BACKTICKS.findall(there[2])
        return text if named else _replaced(catalog, entry, there.start(), _line_stop(there), value)
    if "title" in keys:
        stop = _line_stop(keys["title"])
        return _replaced(catalog, entry, stop, stop, line_end + value)
    stop = entry.start + len(text[entry.start : entry.limit].splitlines()[0])
    return _replaced(catalog, entry, stop, stop, line_end * 2 + value)


def _replaced(catalog: Catalog, entry: Placed, start: int, stop: int, new: str) -> str:
    """The text with a part of an entry replaced."""
    text, size = catalog.text[:start] + new + catalog.text[stop:], len(new) - (stop - start)
    _follow(catalog, text, catalog.place(entry), [entry._replace(limit=entry.limit + size)], size)
    return text


def _line_stop(key: re.Match[str]) -> int:
    """Where the key's line ends, its line end not included."""
    return key.start() + len(key[0].rstrip("\r"))
