"""Answers from a snapshot: the indexes that the rules need, each built once and only when asked for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Iterable, Mapping
from functools import cached_property, lru_cache
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from codex.check.overlap import ReferenceRuns
from codex.errors import DataError
from codex.snapshot import Snapshot
from codex.units import Unit, parse_unit

CATALOG = "docs/catalogs/CONCEPT_CATALOG.md"
DEPS = "manifests/deps.json"
NOTATION = "_meta/NOTATION.md"
CONTENT, SITE = "content", "site/src/content"


class Identity(NamedTuple):
    """What the index keeps of a file: id and status as text, stripped."""

    id: str
    status: str


@lru_cache(maxsize=100_000)
def _remembered(blob: str) -> list[Identity | None]:
    """One slot for each blob, so that a file is parsed once however many snapshots hold it."""
    return []


def identity(snapshot: Snapshot, path: str) -> Identity | None:
    """Id and status of a unit file; None when it cannot be parsed or has no id (unit-rubric §1.5)."""
    slot = _remembered(snapshot.blobs()[path])
    if not slot:
        slot.append(_identity(parse_unit(snapshot.read(path), path)))
    return slot[0]


def remember(snapshot: Snapshot, unit: Unit) -> None:
    """Spare the index from parsing a file of the snapshot that has just been parsed."""
    slot = _remembered(snapshot.blobs()[unit.path])
    if not slot:
        slot.append(_identity(unit))


def _identity(unit: Unit) -> Identity | None:
    if "id" not in unit.frontmatter:
        return None
    return Identity(str(unit.frontmatter["id"]).strip(), str(unit.frontmatter.get("status", "")).strip())


class SnapshotAnswers:
    """Answers (codex/check/answers.py) about one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

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
        return place is None or not self.snapshot.exists(place) or not self.snapshot.read(place).strip()

    def notation_contains(self, macro: str) -> bool:
        return macro in self._notation

    def reference_digest(self) -> str:
        return self._reference_digest

    def shared_run(self, words: tuple[str, ...], length: int) -> tuple[int, str] | None:
        return self._reference_runs.first_shared(words, length)

    # Indexes

    @cached_property
    def _identities(self) -> dict[str, Identity]:
        found = ((path, identity(self.snapshot, path)) for path in self.snapshot.under(CONTENT, ".md"))
        return {path: known for path, known in found if known}

    @cached_property
    def _content(self) -> dict[str, set[str]]:
        return _statuses(self._identities.values())

    @cached_property
    def _site(self) -> dict[str, set[str]]:
        found = (identity(self.snapshot, path) for path in self.snapshot.under(SITE, ".md"))
        return _statuses(known for known in found if known)

    @cached_property
    def _files(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path, known in self._identities.items():
            found.setdefault(known.id, []).append(path)
        return found

    @cached_property
    def _catalog(self) -> str:
        return self._text(CATALOG)

    @cached_property
    def _notation(self) -> str:
        return self._text(NOTATION)

    @cached_property
    def _deps(self) -> Mapping[str, Any]:
        return read_deps(self.snapshot)

    @cached_property
    def _pending(self) -> frozenset[object]:
        ends = (end for edge in self._edges if edge.get("state") == "pending" for end in _ends(edge))
        return frozenset(entry for entry in (*_list(self._deps, "pending"), *ends) if isinstance(entry, Hashable))

    @cached_property
    def _edge_ends(self) -> frozenset[str]:
        return frozenset(str(end) for edge in self._edges for end in _ends(edge))

    @property
    def _edges(self) -> list[Mapping[str, Any]]:
        return [edge for edge in _list(self._deps, "edges") if isinstance(edge, Mapping)]

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

    def _text(self, path: str) -> str:
        return self.snapshot.read(path).decode("utf-8", "replace") if self.snapshot.exists(path) else ""

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


def _statuses(identities: Iterable[Identity]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for known in identities:
        found.setdefault(known.id, set()).add(known.status)
    return found


def _list(document: Mapping[str, Any], key: str) -> list[Any]:
    value = document.get(key)
    return value if isinstance(value, list) else []


def _ends(edge: Mapping[str, Any]) -> list[Hashable]:
    return [edge[key] for key in ("from", "to") if key in edge and isinstance(edge[key], Hashable)]


def read_deps(snapshot: Snapshot) -> Mapping[str, Any]:
    """The prerequisite graph's document, empty when there is none. Raises DataError when it is no JSON object."""
    if not snapshot.exists(DEPS):
        return {}
    try:
        loaded = json.loads(snapshot.read(DEPS))
    except (ValueError, RecursionError) as exc:
        raise DataError(f"{DEPS} is not valid JSON: {exc}.", remedy="Restore it from git or correct it.") from exc
    if not isinstance(loaded, dict):
        raise DataError(f"{DEPS} holds no JSON object.", remedy="Restore it from git or correct it.")
    return loaded
