"""One view of a corpus: its units by id, the shared files, free ids, places for new units, neighbours.

Everything is read when it is first asked for and kept. Units are known by the name of their file, which begins with
the id (unit-rubric, ID001), so that finding one parses none.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import PurePosixPath

from codex.corpus import booklist, catalog, connections, deps, proposals
from codex.corpus.booklist import Book
from codex.corpus.catalog import Catalog
from codex.corpus.connections import Registry
from codex.corpus.deps import Deps
from codex.corpus.planfile import planned_units
from codex.corpus.proposals import Proposal
from codex.errors import UserError
from codex.snapshot import Layered, OverlaySnapshot, Snapshot
from codex.units.ids import is_id
from codex.units.model import Unit
from codex.units.parse import parse_unit

CONTENT = "content"

#: Id in the name of a unit's file → its path; several where the id is taken twice.
Paths = Layered[str, tuple[str, ...]]

_FILE_ID = re.compile(r"([0-9]{2}\.(?:[0-9]{2}\.(?:[0-9]{2}|E[0-9]+)|essays\.[0-9]{2}))-")
_CHAPTER = re.compile(r"[0-9]{2}\.[0-9]{2}")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_NO_SLUG = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The units next to one in the prerequisite graph: direct prerequisites, direct dependants."""

    prerequisites: tuple[str, ...]
    dependants: tuple[str, ...]


#: A writer looks at the same few units again and again.
_parsed = lru_cache(maxsize=256)(parse_unit)


class CorpusIndex:
    """The corpus of one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._units: dict[str, Unit] = {}

    @cached_property
    def unit_paths(self) -> tuple[str, ...]:
        """Every unit file, sorted by path components."""
        return tuple(self.snapshot.under(CONTENT, ".md"))

    @cached_property
    def paths_by_id(self) -> Mapping[str, tuple[str, ...]]:
        """Id in the file's name → path; several paths when the id is taken twice."""
        return self.snapshot.derived("paths by id", _paths_by_id, _paths_by_id_after)

    @cached_property
    def _ids_in_order(self) -> list[str]:
        return sorted(self.paths_by_id)

    def path_of(self, unit_id: str) -> str | None:
        """The path of a unit's file (the first, if the id is taken twice), or None."""
        return next(iter(self.paths_by_id.get(unit_id, ())), None)

    def unit(self, unit_id: str) -> Unit | None:
        """The unit with this id, parsed once; None when no file has it."""
        path = self.path_of(unit_id)
        return None if path is None else self.unit_at(path)

    def unit_at(self, path: str) -> Unit:
        """The unit at a path of the snapshot, parsed once; raises KeyError when there is none."""
        if path not in self._units:
            self._units[path] = _parsed(self.snapshot.read(path), path)
        return self._units[path]

    def units(self) -> Iterator[Unit]:
        """Every unit, in path order, files that cannot be read included (their ``error`` says why)."""
        return (self.unit_at(path) for path in self.unit_paths)

    @cached_property
    def catalog(self) -> Catalog:
        return catalog.parse(self.snapshot.text(catalog.PATH, catalog.EMPTY))

    @cached_property
    def deps(self) -> Deps:
        return deps.parse(self.snapshot.text(deps.PATH, deps.EMPTY))

    @cached_property
    def connections(self) -> Registry:
        return connections.parse(self.snapshot.text(connections.PATH, "{}"))

    @cached_property
    def proposals(self) -> tuple[Proposal, ...]:
        return proposals.parse(self.snapshot.text(proposals.PATH, ""))

    @cached_property
    def books(self) -> tuple[Book, ...]:
        return booklist.parse(self.snapshot.text(booklist.PATH, ""))

    def neighbours(self, unit_id: str) -> Neighbours:
        """The unit's neighbours in the prerequisite graph."""
        return Neighbours(tuple(self.deps.prerequisites.get(unit_id, ())), tuple(self.deps.dependants.get(unit_id, ())))

    @cached_property
    def taken_ids(self) -> frozenset[str]:
        """Ids that a new unit cannot have: of files, of the graph (announced ones too), of the production plan."""
        return frozenset(self.paths_by_id) | self.deps.ids | frozenset(planned_units(self.snapshot))

    def next_free_id(self, chapter: str, besides: Collection[str] = ()) -> str:
        """The id after the highest one taken in a chapter (``03.09``); the lowest free one when 99 is taken.

        ``besides``: ids that are not to be given either. Raises UserError when the chapter is no such prefix, or full.
        """
        if not _CHAPTER.fullmatch(chapter):
            raise UserError(f"{chapter!r} is no chapter prefix such as 03.09.")
        taken = self.taken_ids | set(besides)
        numbers = {int(i[6:]) for i in taken if i.startswith(f"{chapter}.") and i[6:].isdecimal()}
        candidates = [max(numbers, default=0) + 1, *range(1, 100)]
        free = next((n for n in candidates if n < 100 and n not in numbers), None)
        if free is None:
            raise UserError(f"Chapter {chapter} has no free id left.", remedy="Choose another chapter.")
        return f"{chapter}.{free:02d}"

    def place(self, unit_id: str, slug: str, section: str = "", chapter: str = "") -> str:
        """The path for a unit: where its id is, else beside its siblings, else in a folder of its own chapter.

        ``section`` and ``chapter`` are the names that the unit gives; they name folders only where there is no sibling
        to follow. Raises UserError when id or slug could name anything but a unit's file.
        """
        if not is_id(unit_id) or not _SLUG.fullmatch(slug):
            raise UserError(f"{unit_id}-{slug}.md is no name for a unit: an id, a hyphen, lower-case words.")
        there = self.path_of(unit_id)
        if there is not None:
            return there
        name = f"{unit_id}-{slug}.md"
        part, middle, _ = unit_id.split(".")
        beside = self._folder(f"{part}.{middle}", depth=None)
        if beside:
            return f"{beside}/{name}"
        top = self._folder(part, depth=2) or f"{CONTENT}/{part}-{_folder_name(section, 'section')}"
        own = f"{middle}-{_folder_name(chapter, 'chapter')}" if middle.isdecimal() else middle
        return f"{top}/{own}/{name}"

    def place_draft(self, draft: Unit, unit_id: str, slug: str) -> str:
        """The path for a draft that is to be the unit ``unit_id``; raises UserError as ``place`` does."""
        return self.place(unit_id, slug, draft.text_value("section"), draft.text_value("chapter"))

    def _folder(self, prefix: str, depth: int | None) -> str:
        """The folder that most units whose id begins so are in, cut to ``depth`` parts; "" when there are none."""
        ids = self._ids_in_order
        near = ids[bisect_left(ids, f"{prefix}.") : bisect_left(ids, f"{prefix}/")]  # the character after the dot
        paths = (path for unit_id in near for path in self.paths_by_id[unit_id])
        folders = Counter("/".join(PurePosixPath(path).parts[:-1][:depth]) for path in paths)
        return min(folders, key=lambda folder: (-folders[folder], folder), default="")


def _id_in_name(path: str) -> str:
    """The id that a file's name begins with, "" when it begins with none."""
    named = _FILE_ID.match(path.rpartition("/")[2])
    return named[1] if named else ""


def _paths_by_id(snapshot: Snapshot) -> Paths:
    found: dict[str, tuple[str, ...]] = {}
    for path in snapshot.under(CONTENT, ".md"):
        unit_id = _id_in_name(path)
        if unit_id:
            found[unit_id] = (*found.get(unit_id, ()), path)
    return Layered(found)


def _paths_by_id_after(before: Paths, state: OverlaySnapshot) -> Paths:
    units = [path for path in state.changes if path.startswith(f"{CONTENT}/") and path.endswith(".md")]
    found: dict[str, tuple[str, ...]] = {}
    for path in units:
        unit_id = _id_in_name(path)
        if unit_id:
            others = (each for each in found.get(unit_id, before.get(unit_id, ())) if each != path)
            paths = [*others, path] if state.exists(path) else others
            found[unit_id] = tuple(sorted(paths, key=lambda each: each.split("/")))
    return before.changed({unit_id: paths for unit_id, paths in found.items() if paths}, found) if found else before


def _folder_name(name: str, otherwise: str) -> str:
    return _NO_SLUG.sub("-", name.lower()).strip("-")[:80] or otherwise
