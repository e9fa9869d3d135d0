"""The concept catalog against the units: which unit teaches a concept, and what the entry says of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime

from codex.corpus import catalog
from codex.corpus.catalogparts import Placed
from codex.errors import UserError
from codex.integration.adoption.kind import Found, Kind, Repair
from codex.integration.adoption.view import View

_PLANNED_UNIT = re.compile(r"^(- \*\*unit\*\*:[ \t]*`[^`\n]+`)[ \t]*\(planned\)", re.MULTILINE)
_PLANNED_NOTE = re.compile(r"^(- \*\*notes\*\*:[ \t]*)planned; no unit yet\b", re.MULTILINE)


def taught(view: View) -> dict[str, list[str]]:
    """Concept → ids of the shipped units that name it, in path order."""
    found: dict[str, list[str]] = {}
    for unit_id, unit in view.shipped.items():
        slug = unit.text_value("concept_catalog_id")
        if slug:
            found.setdefault(slug, []).append(unit_id)
    return found


def _entries(view: View) -> Iterator[tuple[Placed, str, list[str]]]:
    """Each first entry of a concept that shipped units teach: the entry, the unit that it names, those units."""
    units = taught(view)
    for entry in view.catalog.entries:
        if entry.slug in units and view.catalog.get(entry.slug) == entry:
            yield entry, view.catalog.unit_of(entry.slug), units[entry.slug]


def _at(view: View, entry: Placed, text: str) -> Found:
    return Found(catalog.PATH, view.line(catalog.PATH, entry.start), text)


def _edited(view: View, change: Callable[[str, Placed], str], said: str) -> Repair:
    """The catalog with entries changed one by one, each as a text of its own: the whole has megabytes."""
    text, parts, at, count = view.catalog.text, [], 0, 0
    for entry in view.catalog.entries:
        block = text[entry.start : entry.limit]
        new = change(block, entry)
        count += new != block
        parts += [text[at : entry.start], new]
        at = entry.limit
    if not count:
        return Repair()
    return Repair({catalog.PATH: "".join([*parts, text[at:]]).encode("utf-8")}, (said.format(count),))


def _find_unnamed(view: View) -> Iterator[Found]:
    for entry, named, units in _entries(view):
        if not named:
            yield _at(view, entry, f"{entry.slug} names no unit; {', '.join(units)} teaches it")


def _repair_unnamed(view: View, now: datetime) -> Repair:
    units = {entry: own[0] for entry, named, own in _entries(view) if not named}

    def change(block: str, entry: Placed) -> str:
        try:
            return catalog.set_unit(block, entry.slug, units[entry]) if entry in units else block
        except UserError:
            return block  # a heading that only the whole document makes one

    return _edited(view, change, "entries that name their unit now: {}")


def _find_planned(view: View) -> Iterator[Found]:
    for entry, _, units in _entries(view):
        block = view.catalog.text[entry.start : entry.limit]
        for mark in (_PLANNED_UNIT.search(block), _PLANNED_NOTE.search(block)):
            if mark:
                line = view.line(catalog.PATH, entry.start + mark.start())
                yield Found(catalog.PATH, line, f"{entry.slug} is called planned; {', '.join(units)} has shipped")


def _repair_planned(view: View, now: datetime) -> Repair:
    units = {entry: own[0] for entry, _, own in _entries(view)}

    def change(block: str, entry: Placed) -> str:
        if entry not in units:
            return block
        return _PLANNED_NOTE.sub(rf"\1see unit `{units[entry]}`", _PLANNED_UNIT.sub(r"\1", block))

    return _edited(view, change, "entries that are no longer called planned: {}")


def _find_missing(view: View) -> Iterator[Found]:
    for slug, units in taught(view).items():
        if slug not in view.catalog:
            unit = view.shipped[units[0]]
            yield Found(unit.path, unit.line_of_key("concept_catalog_id"), f"the catalog has no entry {slug}")


def _repair_missing(view: View, now: datetime) -> Repair:
    text, units, made = view.text(catalog.PATH) or catalog.EMPTY, taught(view), []
    concepts = {unit_id: unit.text_value("concept_catalog_id") for unit_id, unit in view.shipped.items()}
    for slug in units:
        if slug in view.catalog:
            continue
        try:
            text = catalog.insert_entry(text, catalog.stub_entry(view.shipped[units[slug][0]], concepts))
        except UserError:
            continue  # no name for a concept: the check CC001 says so of the unit
        made.append(slug)
    note = f"entries made from the front matter of units: {len(made)}"
    well = made and catalog.PATH not in view.damaged
    return Repair({catalog.PATH: text.encode("utf-8")}, (note,)) if well else Repair()


def _find_differing(view: View) -> Iterator[Found]:
    for entry, named, units in _entries(view):
        if named and named not in units:
            yield _at(view, entry, f"{entry.slug} names {named}; {', '.join(units)} says it teaches it")


def _find_shared(view: View) -> Iterator[Found]:
    for entry, _, units in _entries(view):
        if len(units) > 1:
            yield _at(view, entry, f"{entry.slug} is taught by {', '.join(units)}")


def _find_repeated(view: View) -> Iterator[Found]:
    counts = Counter(entry.slug for entry in view.catalog.entries)
    for entry in view.catalog.entries:
        if counts[entry.slug] > 1 and view.catalog.get(entry.slug) != entry:
            yield _at(view, entry, f"{entry.slug} has an entry above already; the first one counts")


def _find_fileless(view: View) -> Iterator[Found]:
    for entry in view.catalog.entries:
        named = view.catalog.unit_of(entry.slug) if view.catalog.get(entry.slug) == entry else ""
        if named and named not in view.shipped:
            yield _at(view, entry, f"{entry.slug} names {named}, which has no shipped unit here")


UNNAMED = Kind(
    name="concepts-without-unit",
    group="catalog",
    title="concepts whose unit has shipped and whose entry names none",
    means="The entry was written before the unit, and nobody came back to it.",
    mends="Names the unit in the entry (the first in path order where several teach it).",
    find=_find_unnamed,
    repair=_repair_unnamed,
)

PLANNED = Kind(
    name="planned-notes",
    group="catalog",
    title="concepts that are called planned and have shipped",
    means="The entry still says `planned; no unit yet`, or `(planned)` behind its unit.",
    mends="Says `see unit …` instead, and takes `(planned)` away.",
    find=_find_planned,
    repair=_repair_planned,
)

MISSING = Kind(
    name="concepts-without-entry",
    group="catalog",
    title="concepts that units teach and the catalog lacks",
    means="The unit was written without registering its concept; the check CC001 fails.",
    mends="Inserts a stub at its namespace and alphabetic place, made from the unit's front matter.",
    find=_find_missing,
    repair=_repair_missing,
)

DIFFERING = Kind(
    name="concepts-of-another-unit",
    group="catalog",
    title="concepts whose entry names another unit than the one that teaches them",
    means="The unit was renumbered, or two units claim one concept. Catalog and files disagree; either may be right.",
    mends="Correct the entry, or the `concept_catalog_id` of the unit.",
    find=_find_differing,
)

SHARED = Kind(
    name="concepts-of-several-units",
    group="catalog",
    title="concepts that several units teach",
    means="Every unit maps to exactly one entry; two units with one concept are a duplicate or need two concepts.",
    mends="Give one of the units a concept of its own, or merge them.",
    find=_find_shared,
)

REPEATED = Kind(
    name="repeated-concepts",
    group="catalog",
    title="entries of a concept that has one already",
    means="Two producers added the same concept; only the first entry is ever read.",
    mends="Merge what the later entry says into the first one.",
    find=_find_repeated,
)

FILELESS = Kind(
    name="concepts-without-file",
    group="catalog",
    title="concepts whose entry names a unit that has no file",
    means="The unit is planned, was withdrawn, or belongs to a part of the corpus that is not here.",
    mends="In a part of a corpus leave them; otherwise produce the unit or correct the entry.",
    find=_find_fileless,
)
