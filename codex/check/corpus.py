"""Answers from a snapshot: the indexes that the rules need, each built once and only when asked for."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from codex.check.facts import Facts
from codex.check.overlap import ReferenceRuns
from codex.corpus import deps
from codex.errors import DataError
from codex.snapshot import CommitSnapshot, OverlaySnapshot, Snapshot, blob_id
from codex.units import Unit, parse_unit

CATALOG = "docs/catalogs/CONCEPT_CATALOG.md"
DEPS = "manifests/deps.json"
NOTATION = "_meta/NOTATION.md"
CONTENT, SITE = "content", "site/src/content"

#: Kinds of facts about a file: id and status; nothing but white space; texts it contains or not; pending and edges.
IDENTITY, BLANK, MENTIONS, GRAPH = "identity", "blank", "mentions", "graph"

#: What snapshots of this process have in common: units that stand in many snapshots are parsed once.
_SHARED = Facts()


_HEADING = re.compile(r"\n#+ +([^\s`]+)")


class Identity(NamedTuple):
    """What the index keeps of a file: id and status as text, stripped."""

    id: str
    status: str


def identity_of(unit: Unit) -> Identity | None:
    """Id and status of a unit; None when it cannot be parsed or has no id (unit-rubric §1.5)."""
    if "id" not in unit.frontmatter:
        return None
    return Identity(str(unit.frontmatter["id"]).strip(), str(unit.frontmatter.get("status", "")).strip())


def _identity_in(path: str, data: bytes) -> Identity | None:
    return identity_of(parse_unit(data, path))


def identities(snapshot: Snapshot, paths: Iterable[str], facts: Facts) -> Iterator[tuple[str, Identity]]:
    """The identities of unit files, those without one left out."""
    blobs = snapshot.blobs()
    wanted = {path: blobs[path] for path in paths}
    known = facts.known(IDENTITY, set(wanted.values()))
    for path, blob in wanted.items():
        found = known[blob] if blob in known else facts.of(IDENTITY, snapshot, path, partial(_identity_in, path))
        if found:
            yield path, Identity(*found)


class SnapshotAnswers:
    """Answers (codex/check/answers.py) about one snapshot; ``facts`` are those known of its files."""

    def __init__(self, snapshot: Snapshot, facts: Facts | None = None) -> None:
        self.snapshot = snapshot
        self.facts = _SHARED if facts is None else facts

    def remember(self, units: Iterable[Unit]) -> dict[tuple[str, str], Identity | None]:
        """Spare the index from parsing files that have just been parsed; returns what is now known of them."""
        new = {(IDENTITY, blob_id(unit.data)): identity_of(unit) for unit in units}
        self.facts.absorb(new)
        return new

    def is_shipped(self, unit_id: str) -> bool:
        return "shipped" in self._content.statuses(unit_id)

    def is_known(self, unit_id: str) -> bool:
        return unit_id in self._content.by_id or unit_id in self._site.by_id

    def is_shipped_anywhere(self, unit_id: str) -> bool:
        return self.is_shipped(unit_id) or "shipped" in self._site.statuses(unit_id)

    def is_pending(self, unit_id: object) -> bool:
        return isinstance(unit_id, Hashable) and unit_id in self._pending

    def is_edge_end(self, unit_id: str) -> bool:
        return unit_id in self._edge_ends

    def files_with_id(self, unit_id: str) -> tuple[str, ...]:
        return self._content.by_id.get(unit_id, ())

    def catalog_contains(self, text: str) -> bool:
        return text in self._catalog

    def path_exists(self, path: str) -> bool:
        place = self._resolve(path)
        return place is not None and (place in self._folders or self.snapshot.exists(place))

    def file_is_empty(self, path: str) -> bool:
        place = self._resolve(path)
        if place is None or not self.snapshot.exists(place):
            return True
        blank: bool = self.facts.of(BLANK, self.snapshot, place, lambda data: not data.strip())
        return blank

    def notation_contains(self, macro: str) -> bool:
        return macro in self._notation

    def reference_digest(self) -> str:
        return self._reference_digest

    def shared_run(self, words: tuple[str, ...], length: int) -> tuple[int, str] | None:
        return self._reference_runs.first_shared(words, length)

    # Indexes

    @cached_property
    def _content(self) -> Files:
        return self._files_below(CONTENT)

    @cached_property
    def _site(self) -> Files:
        return self._files_below(SITE)

    def _files_below(self, folder: str) -> Files:
        def make(snapshot: Snapshot) -> Files:
            return Files().with_identities(dict(identities(snapshot, snapshot.under(folder, ".md"), self.facts)))

        def follow(before: Files, state: OverlaySnapshot) -> Files:
            changed = [path for path in state.changes if path.startswith(f"{folder}/") and path.endswith(".md")]
            new = dict(identities(state, filter(state.exists, changed), self.facts))
            return before.with_identities({path: new.get(path) for path in changed})

        return self.snapshot.derived(f"files below {folder}", make, follow)

    # For finding out what a change may affect (affected.py)

    def identity_at(self, path: str) -> Identity | None:
        """Id and status of a unit file; None when there is none, or it has no id."""
        return self._content.identities.get(path) or self._site.identities.get(path)

    def listed_ids(self) -> tuple[frozenset[object], frozenset[str]]:
        """What deps.json lists as pending, and the ends of its edges."""
        return self._graph

    @property
    def catalog_text(self) -> str:
        return text_of(self.snapshot, CATALOG)

    @cached_property
    def _catalog(self) -> Mentions:
        return Mentions(self.snapshot, CATALOG, self.facts)

    @cached_property
    def _notation(self) -> Mentions:
        return Mentions(self.snapshot, NOTATION, self.facts)

    @cached_property
    def _graph(self) -> Graph:
        if not self.snapshot.exists(DEPS):
            return Graph(frozenset(), frozenset())
        edited = _edited_graph(self.snapshot)
        if edited:
            return edited
        graph: Mapping[str, list[Any]] = self.facts.of(GRAPH, self.snapshot, DEPS, _graph_facts)
        return Graph(frozenset(graph["pending"]), frozenset(graph["ends"]))

    @property
    def _pending(self) -> frozenset[object]:
        return self._graph.pending

    @property
    def _edge_ends(self) -> frozenset[str]:
        return self._graph.ends

    @cached_property
    def _folders(self) -> Mapping[str, int]:
        """Every folder that holds a file, with how many files and folders it holds; "" is the root."""
        return self.snapshot.derived("folders", _folders_of, _folders_after)

    @cached_property
    def _reference_digest(self) -> str:
        blobs = self.snapshot.blobs()
        digest = hashlib.sha256()
        paths = list(self.snapshot.under("reference"))
        for path in paths:
            digest.update(f"{blobs[path]} {path}\n".encode("utf-8", "surrogateescape"))
        return digest.hexdigest() if paths else ""

    @cached_property
    def _reference_runs(self) -> ReferenceRuns:
        return ReferenceRuns(self.snapshot)

    def _resolve(self, path: str) -> str | None:
        """The path without ``.`` and ``..``, walked as the system would; None when it leaves the workspace."""
        if path.startswith("/"):
            return None
        place: list[str] = []
        for part in PurePosixPath(path).parts:
            if part != "..":
                place.append(part)
            elif not place or "/".join(place) not in self._folders:
                return None
            else:
                place.pop()
        return "/".join(place)


class Mentions:
    """Which texts a file contains: every answer is a fact about the file, so that it need not be read again."""

    def __init__(self, snapshot: Snapshot, path: str, facts: Facts) -> None:
        self._snapshot, self._path, self._facts = snapshot, path, facts
        blob = snapshot.blobs()[path] if snapshot.exists(path) else ""
        self._known: dict[str, bool] = facts.known(MENTIONS, [blob]).get(blob, {}) if blob else {}
        self._searched = 0

    def __contains__(self, text: str) -> bool:
        if text not in self._known:
            self._searched += 1
            text_there = self._text  # may replace what is known
            found = (self._searched > _SEARCHES and text in self._headings) or text in text_there
            self._known[text] = found
        return self._known[text]

    @cached_property
    def _text(self) -> str:
        """The file's text, "" when it is absent. From now on what is found out is kept."""
        if not self._snapshot.exists(self._path):
            return ""
        blob, text = _blob_and_text(self._snapshot, self._path)
        self._known = dict(self._facts.known(MENTIONS, [blob]).get(blob, {}))
        self._facts.learn(MENTIONS, blob, self._known)
        return text

    @cached_property
    def _headings(self) -> frozenset[str]:
        """What headings say: asked for first where much is asked, since a concept is mostly named in one, and the
        catalog has megabytes."""
        return frozenset(_HEADING.findall(self._text))


#: Searches in a whole text that cost less than going through all of its headings.
_SEARCHES = 20


def _blob_and_text(snapshot: Snapshot, path: str) -> tuple[str, str]:
    if isinstance(snapshot, CommitSnapshot | OverlaySnapshot):
        return snapshot.blobs()[path], text_of(snapshot, path)
    data = snapshot.read(path)  # the file may have changed since it was listed
    return blob_id(data), data.decode("utf-8", "replace")


def text_of(snapshot: Snapshot, path: str) -> str:
    """The text of a file whatever its bytes, "" when it is absent."""
    try:
        return snapshot.text(path, "")
    except UnicodeDecodeError:
        return snapshot.read(path).decode("utf-8", "replace")


class Graph(NamedTuple):
    """What deps.json lists as pending (ends of pending edges too), and all ends of edges."""

    pending: frozenset[object]
    ends: frozenset[str]


@dataclass(frozen=True)
class Files:
    """Unit files of a folder: path → identity, and id → paths in their order. Never changed once it is made."""

    identities: Mapping[str, Identity] = field(default_factory=dict)
    by_id: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def statuses(self, unit_id: str) -> set[str]:
        return {self.identities[path].status for path in self.by_id.get(unit_id, ())}

    def with_identities(self, new: Mapping[str, Identity | None]) -> Files:
        """With files added or changed; None for one that is gone or has no identity."""
        identities, by_id = dict(self.identities), dict(self.by_id)
        for path, identity in new.items():
            before = identities.pop(path, None)
            if before:
                by_id[before.id] = tuple(each for each in by_id[before.id] if each != path)
                if not by_id[before.id]:
                    del by_id[before.id]
            if identity:
                identities[path] = identity
                paths = (*by_id.get(identity.id, ()), path)
                by_id[identity.id] = tuple(sorted(paths, key=lambda each: each.split("/"))) if paths[1:] else paths
        return Files(identities, by_id)


def _folders_of(snapshot: Snapshot) -> dict[str, int]:
    return _counted({"": 1}, snapshot.blobs(), 1)


def _folders_after(before: dict[str, int], state: OverlaySnapshot) -> dict[str, int]:
    moved = [path for path in state.changes if state.base.exists(path) != state.exists(path)]
    found = _counted(before, (path for path in moved if state.exists(path)), 1)
    return _counted(found, (path for path in moved if not state.exists(path)), -1)


def _counted(folders: Mapping[str, int], paths: Iterable[str], by: int) -> dict[str, int]:
    """The count of files and folders in each folder when these files come (1) or go (-1)."""
    found = dict(folders)
    for path in paths:
        folder = path.rpartition("/")[0]
        while True:
            before = found.get(folder, 0)
            found[folder] = before + by
            if not folder or (before > 0 and found[folder] > 0):
                break
            if found[folder] <= 0:
                del found[folder]
            folder = folder.rpartition("/")[0]
    return found


def _graph_facts(data: bytes) -> dict[str, list[Any]]:
    """What the prerequisite graph's document lists as pending (ends of pending edges too), and all ends of edges."""
    document = _loaded(data)
    edges = [edge for edge in _list(document, "edges") if isinstance(edge, Mapping)]
    ends = (end for edge in edges if edge.get("state") == "pending" for end in _ends(edge))
    pending = (entry for entry in (*_list(document, "pending"), *ends) if isinstance(entry, Hashable))
    return {
        "pending": list(dict.fromkeys(pending)),
        "ends": list(dict.fromkeys(str(end) for edge in edges for end in _ends(edge))),
    }


def _edited_graph(snapshot: Snapshot) -> Graph | None:
    """The graph where this process has edited it itself and knows it without reading; None where it does not."""
    if not isinstance(snapshot, CommitSnapshot | OverlaySnapshot):
        return None
    try:
        known = deps.known(snapshot.text(DEPS))
    except UnicodeDecodeError:
        return None
    return Graph(known.pending_ids, known.ends) if known else None


def _list(document: Mapping[str, Any], key: str) -> list[Any]:
    value = document.get(key)
    return value if isinstance(value, list) else []


def _ends(edge: Mapping[str, Any]) -> list[Hashable]:
    return [edge[key] for key in ("from", "to") if key in edge and isinstance(edge[key], Hashable)]


def _loaded(data: bytes) -> Mapping[str, Any]:
    """The document of deps.json. Raises DataError when it is no JSON object."""
    try:
        loaded = json.loads(data)
    except (ValueError, RecursionError) as exc:
        raise DataError(f"{DEPS} is not valid JSON: {exc}.", remedy="Restore it from git or correct it.") from exc
    if not isinstance(loaded, dict):
        raise DataError(f"{DEPS} holds no JSON object.", remedy="Restore it from git or correct it.")
    return loaded
