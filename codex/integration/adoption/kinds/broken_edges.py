"""Edges of deps.json with an end that is no id."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from codex.corpus import deps
from codex.integration.adoption.graph import as_edge, sound, wanted_edges, with_edges
from codex.integration.adoption.kind import Found, Kind, Repair
from codex.integration.adoption.view import View
from codex.units import is_id


def _find(view: View) -> Iterator[Found]:
    for line, before, after, state in view.edges():
        if not (is_id(before) and is_id(after)):
            yield Found(deps.PATH, line, f"{before!r} → {after!r} ({state or 'no state'})")


def _repair(view: View, now: datetime) -> Repair:
    edges = view.raw_edges
    kept = [edge for edge in edges if sound(edge)]
    if len(kept) == len(edges):
        return Repair()
    ends = {e[k] for e in edges if isinstance(e, dict) and not sound(e) for k in ("from", "to") if _is_id(e.get(k))}
    restored = [pair for pair in wanted_edges(view).ready if ends.intersection(pair)]
    absent = sorted(end for end in ends if end not in view.shipped)
    notes = [
        f"edges with an end that is no id, removed: {len(edges) - len(kept)}",
        f"edges made from the front matter of the units at their other end: {len(restored)}",
    ]
    if absent:
        shown = ", ".join(absent[:12]) + (" …" if len(absent) > 12 else "")
        notes.append(
            f"units at the other end that have no file here, so that nothing was made for them: {len(absent)} ({shown})"
        )
    return Repair({deps.PATH: with_edges(view, [*kept, *map(as_edge, restored)])}, tuple(notes))


def _is_id(end: object) -> bool:
    return isinstance(end, str) and is_id(end)


KIND = Kind(
    name="broken-edges",
    group="graph",
    title="edges with an end that is no id",
    means="A list written on one line (`successors: []`, `prerequisites: [03.01.01]`) was taken for a text and walked "
    "through letter by letter: each bracket, digit and quotation mark became an end of an edge. What the list meant "
    "is lost in deps.json, but not in the unit's own front matter; `_notes` hold titles, no prerequisites.",
    mends="Removes these edges and makes the edges of the units at their other end anew, from the front matter of "
    "those that have a file here.",
    find=_find,
    repair=_repair,
)
