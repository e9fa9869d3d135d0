"""The prerequisite edges of the plan with the sources that name each: its support (extended mode)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from codex.corpus import deps
from codex.corpus.deps import Pair
from codex.planning.bullets import Audit
from codex.planning.resolve import Resolution
from codex.planning.shipped import Shipped
from codex.planning.statements import needs_of, read_statements
from codex.units.ids import is_id

#: (prerequisite, dependent) → the places that say so: deps.json, a unit's file, ``path:line`` of an audit.
Edges = dict[Pair, list[str]]


def gather(
    document: deps.Deps, shipped: Mapping[str, Shipped], audits: Iterable[Audit], resolution: Resolution
) -> Edges:
    """Every edge between ids, in the order deps.json, units, audits; broken ones and loops left out.

    ``audits`` as they are written: ``resolution`` tells which unit each of their ids means. What a shipped unit needs,
    it says itself: what an audit says of that is not taken.
    """
    found: Edges = {}
    for edge in document.edges:
        if not edge.broken:
            _add(found, edge.before, edge.after, deps.PATH)
    for unit in shipped.values():
        for before in unit.prerequisites:
            _add(found, before, unit.id, unit.path)
    for before, after, place in _stated(audits, resolution):
        if after not in shipped:
            _add(found, before, after, place)
    return found


def _add(edges: Edges, before: str, after: str, source: str) -> None:
    if before != after and is_id(before) and is_id(after):
        sources = edges.setdefault((before, after), [])
        if source not in sources:
            sources.append(source)


def _stated(audits: Iterable[Audit], resolution: Resolution) -> Iterable[tuple[str, str, str]]:
    meant = {bullet.place: bullet.id for audit in resolution.audits for bullet in audit.bullets}
    for audit in audits:
        for each in read_statements(audit):
            before = resolution.moved.get((audit.slug, each.before), each.before)
            yield before, resolution.moved.get((audit.slug, each.after), each.after), each.place
        for bullet in audit.bullets:
            for need in needs_of(bullet):
                yield resolution.moved.get((audit.slug, need), need), meant[bullet.place], bullet.place
