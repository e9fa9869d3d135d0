"""Take a unit out of the files that all units share: the inverse of what entering it did, and nothing more."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from codex.corpus import catalog, connections, deps, proposals
from codex.corpus.jsonfile import insert_in_order, loads_object, rewrite
from codex.corpus.markdown import line_end_of


def without_entry(text: str, slug: str) -> str:
    """The catalog without the entry of a concept; unchanged when it has none."""
    known = catalog.parse(text)
    entry = known.get(slug)
    if entry is None:
        return text
    gap = line_end_of(text) * 2
    before = text[: entry.start]
    return (before.removesuffix(gap) if before.endswith(gap) else before) + text[known.end_of(entry) :]


def without_unit(text: str, slug: str, unit_id: str) -> str:
    """The catalog with an entry's ``unit`` line taken out, if it names this unit."""
    known = catalog.parse(text)
    entry = known.get(slug)
    if entry is None or known.unit_of(slug) != unit_id:
        return text
    start = text.index("\n- **unit**:", entry.start, entry.limit)
    stop = text.find("\n", start + 1)
    return text[:start] + (text[stop:] if stop >= 0 else "")


def unshipped(
    text: str, unit_id: str, *, drop: Collection[deps.Pair] = (), drop_note: bool = False, announce: bool = False
) -> str:
    """deps.json with a shipped unit no longer shipped: its edges are pending, those of ``drop`` (before, after) gone.

    ``announce`` lists it as in flight. Edges whose ends are no ids are left as they are.
    """
    document = loads_object(text, deps.PATH)
    changes: dict[str, Any] = {}
    edges = [_edge(entry, unit_id) for entry in document.get("edges", []) if not _is_one_of(entry, drop)]
    changes["edges"] = edges
    changes["shipped"] = [entry for entry in document.get("shipped", []) if entry != unit_id]
    notes = document.get("_notes")
    if drop_note and isinstance(notes, dict) and unit_id in notes:
        changes["_notes"] = {key: note for key, note in notes.items() if key != unit_id}
    if announce:
        changes["pending"] = insert_in_order(list(document.get("pending", [])), unit_id)
    return rewrite(text, document | changes, deps.PATH, old=document)


def _is_one_of(entry: Any, pairs: Collection[deps.Pair]) -> bool:
    return isinstance(entry, dict) and (entry.get("from"), entry.get("to")) in pairs


def _edge(entry: Any, unit_id: str) -> Any:
    ends = (entry.get("from"), entry.get("to")) if isinstance(entry, dict) else ()
    return entry | {"state": "pending"} if unit_id in ends and entry.get("state") == "shipped" else entry


def without_appearances(text: str, unit_id: str) -> str:
    """The registry of connections with the unit in no ``appears_in_units``; the connections themselves stay."""
    document = loads_object(text, connections.PATH)
    listed = document.get("connections")
    if not isinstance(listed, list):
        return text
    changed = [_unnamed(entry, unit_id) for entry in listed]
    return rewrite(text, document | {"connections": changed}, connections.PATH, old=document)


def _unnamed(entry: Any, unit_id: str) -> Any:
    units = entry.get("appears_in_units") if isinstance(entry, Mapping) else None
    if not isinstance(units, list) or unit_id not in units:
        return entry
    return {**entry, "appears_in_units": [each for each in units if each != unit_id]}


def without_proposer(text: str, unit_id: str) -> str:
    """connection_proposals.md with the unit in no proposal that waits; one that it alone asked for goes."""
    for waiting in proposals.parse(text):
        if waiting.status == "pending" and unit_id in waiting.units:
            text = proposals.without_unit(text, waiting.id, unit_id)
    return text
