"""Answers from a snapshot: the indexes that the rules need, each built once and only when asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterable, Mapping
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from codex.check.depsfile import DEPS, GRAPH, Graph, edited_graph, graph_facts
from codex.check.facts import Facts
from codex.check.folders import folders_after, folders_of
from codex.check.identities import IDENTITY, Files, Identity, identities, identity_of
from codex.check.mentions import Mentions
from codex.check.overlap import ReferenceRuns
from codex.corpus import catalog, notation
from codex.snapshot import OverlaySnapshot, Snapshot, blob_id
from codex.units import Unit

CATALOG, NOTATION = catalog.PATH, notation.PATH
CONTENT, SITE = "content", "site/src/content"

#: The kind of fact about a file: nothing but white space.
BLANK = "blank"

#: What snapshots of this process have in common: units that stand in many snapshots are parsed once.
_SHARED = Facts()


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
        """What the index keeps of a unit file; None when there is none, or it has no id."""
        return self._content.identities.get(path) or self._site.identities.get(path)

    def listed_ids(self) -> tuple[frozenset[object], frozenset[str]]:
        """What deps.json lists as pending, and the ends of its edges."""
        return self._graph

    @property
    def catalog_text(self) -> str:
        return self.snapshot.any_text(CATALOG)

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
        edited = edited_graph(self.snapshot)
        if edited:
            return edited
        graph: Mapping[str, list[Any]] = self.facts.of(GRAPH, self.snapshot, DEPS, graph_facts)
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
        return self.snapshot.derived("folders", folders_of, folders_after)

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
