"""deps.json as it stands, whatever the shape of its entries: what the checks judge, and what they answer from it.

``codex/corpus/deps.py`` reads it for all others and leaves out what is of another shape. It is read here as well
because a rule judges just that, and because facts from the cache must come from code of this folder (facts.py).
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple

from codex.corpus import deps
from codex.errors import DataError, NotText
from codex.snapshot import CommitSnapshot, OverlaySnapshot, Snapshot

DEPS = deps.PATH
#: The kind of fact about it: pending and edges.
GRAPH = "graph"


class Graph(NamedTuple):
    """What deps.json lists as pending (ends of pending edges too), and all ends of edges."""

    pending: frozenset[object]
    ends: frozenset[str]


class Unreadable(DataError):
    """The file is no JSON object: ``why``, and the line from which it cannot be read."""

    def __init__(self, why: str, line: int) -> None:
        super().__init__(f"{DEPS} is {why}.", remedy="Restore it from git or correct it.")
        self.why, self.line = why, line


def load(data: bytes) -> Mapping[str, Any]:
    """The document; raises Unreadable."""
    try:
        loaded = json.loads(data)
    except (ValueError, RecursionError) as exc:
        raise Unreadable(f"not valid JSON: {exc}", getattr(exc, "lineno", 1)) from exc
    if not isinstance(loaded, dict):
        raise Unreadable("not a JSON object", 1)
    return loaded


def listed(document: Mapping[str, Any], key: str) -> list[Any]:
    """A list of the document; empty when it has none of that name."""
    value = document.get(key)
    return value if isinstance(value, list) else []


def edges(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The edges that are objects."""
    return [edge for edge in listed(document, "edges") if isinstance(edge, Mapping)]


def graph_facts(data: bytes) -> dict[str, list[Any]]:
    """What the prerequisite graph's document lists as pending (ends of pending edges too), and all ends of edges."""
    document = load(data)
    known = edges(document)
    ends = (end for edge in known if edge.get("state") == "pending" for end in _ends(edge))
    pending = (entry for entry in (*listed(document, "pending"), *ends) if isinstance(entry, Hashable))
    return {
        "pending": list(dict.fromkeys(pending)),
        "ends": list(dict.fromkeys(str(end) for edge in known for end in _ends(edge))),
    }


def edited_graph(snapshot: Snapshot) -> Graph | None:
    """The graph where this process has edited it itself and knows it without reading; None where it does not."""
    if not isinstance(snapshot, CommitSnapshot | OverlaySnapshot):
        return None
    try:
        known = deps.known(snapshot.text(DEPS))
    except NotText:
        return None
    return Graph(known.pending_ids, known.ends) if known else None


def _ends(edge: Mapping[str, Any]) -> list[Hashable]:
    return [edge[key] for key in ("from", "to") if key in edge and isinstance(edge[key], Hashable)]
