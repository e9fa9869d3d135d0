"""Edges that deps.json lists more than once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from codex.corpus import deps
from codex.integration.adoption.graph import Pair, sound, with_edges
from codex.integration.adoption.kind import Found, Kind, Repair
from codex.integration.adoption.view import View


def _find(view: View) -> Iterator[Found]:
    first: dict[Pair, tuple[int, str]] = {}
    for line, before, after, state in view.edges():
        at, said = first.setdefault((before, after), (line, state))
        if at != line and sound({"from": before, "to": after}):
            yield Found(deps.PATH, line, f"{before} → {after} ({state}) stands in line {at} already ({said})")


def _repair(view: View, now: datetime) -> Repair:
    joined: dict[Pair, dict[str, Any]] = {}
    kept: list[Any] = []
    for edge in view.raw_edges:
        if not sound(edge):
            kept.append(edge)
            continue
        pair = (edge["from"], edge["to"])
        if pair not in joined:
            joined[pair] = dict(edge)
            kept.append(pair)
        elif edge.get("state") != joined[pair].get("state"):
            done = pair[0] in view.shipped and pair[1] in view.shipped
            joined[pair]["state"] = "shipped" if done else "pending"
    if len(kept) == len(view.raw_edges):
        return Repair()
    edges = [joined[each] if isinstance(each, tuple) else each for each in kept]
    note = f"edges that stood more than once and were joined: {len(view.raw_edges) - len(kept)}"
    return Repair({deps.PATH: with_edges(view, edges)}, (note,))


KIND = Kind(
    name="doubled-edges",
    group="graph",
    title="edges that are listed more than once",
    means="An edge was added again when its unit shipped, instead of being changed: often once as pending and once as "
    "shipped, so that its ends count as pending for ever.",
    mends="Joins them at the first place; shipped where both units stand in the corpus, else pending.",
    find=_find,
    repair=_repair,
)
