"""Answers from a snapshot: the indexes that the rules need, each built once and only when asked for."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from functools import cached_property, partial
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from codex.check.facts import Facts
from codex.check.overlap import ReferenceRuns
from codex.errors import DataError
from codex.snapshot import Snapshot, blob_id
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
        return "shipped" in self._content.get(unit_id, ())

    def is_known(self, unit_id: str) -> bool:
        return unit_id in self._content or unit_id in self._site

    def is_shipped_anywhere(self, unit_id: str) -> bool:
        return self.is_shipped(unit_id) or "shipped" in self._site.get(unit_id, ())

    def is_pending(self, unit_id: object) -> bool:
        return isinstance(unit_id, Hashable) and unit_id in self._pending

    def is_edge_end(self, unit_id: str) -> bool:
        return unit_id in self._edge_ends

    def files_with_id(self, unit_id: str) -> tuple[str, ...]:
        return tuple(self._files.get(unit_id, ()))

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
    def _identities(self) -> dict[str, Identity]:
        return dict(identities(self.snapshot, self.snapshot.under(CONTENT, ".md"), self.facts))

    @cached_property
    def _content(self) -> dict[str, set[str]]:
        return _statuses(self._identities.values())

    @cached_property
    def _site(self) -> dict[str, set[str]]:
        return _statuses(dict(identities(self.snapshot, self.snapshot.under(SITE, ".md"), self.facts)).values())

    @cached_property
    def _files(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path, known in self._identities.items():
            found.setdefault(known.id, []).append(path)
        return found

    @cached_property
    def _catalog(self) -> Mentions:
        return Mentions(self.snapshot, CATALOG, self.facts)

    @cached_property
    def _notation(self) -> Mentions:
        return Mentions(self.snapshot, NOTATION, self.facts)

    @cached_property
    def _graph(self) -> Mapping[str, list[Any]]:
        if not self.snapshot.exists(DEPS):
            return {"pending": [], "ends": []}
        graph: Mapping[str, list[Any]] = self.facts.of(GRAPH, self.snapshot, DEPS, _graph_facts)
        return graph

    @cached_property
    def _pending(self) -> frozenset[object]:
        return frozenset(self._graph["pending"])

    @cached_property
    def _edge_ends(self) -> frozenset[str]:
        return frozenset(self._graph["ends"])

    @cached_property
    def _folders(self) -> frozenset[str]:
        """Every folder that holds a file; "" is the root."""
        found: set[str] = {""}
        for path in self.snapshot.blobs():
            folder = path.rpartition("/")[0]
            while folder not in found:
                found.add(folder)
                folder = folder.rpartition("/")[0]
        return frozenset(found)

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

    def __contains__(self, text: str) -> bool:
        if text not in self._known:
            found = text in self._headings or text in self._text  # may replace what is known
            self._known[text] = found
        return self._known[text]

    @cached_property
    def _text(self) -> str:
        """The file's text, "" when it is absent. From now on what is found out is kept."""
        if not self._snapshot.exists(self._path):
            return ""
        data = self._snapshot.read(self._path)
        blob = blob_id(data)
        self._known = dict(self._facts.known(MENTIONS, [blob]).get(blob, {}))
        self._facts.learn(MENTIONS, blob, self._known)
        return data.decode("utf-8", "replace")

    @cached_property
    def _headings(self) -> frozenset[str]:
        """What headings say: asked for first, since a concept is mostly named in one, and the catalog has megabytes."""
        return frozenset(_HEADING.findall(self._text))


def _statuses(identities: Iterable[Identity]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for known in identities:
        found.setdefault(known.id, set()).add(known.status)
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
