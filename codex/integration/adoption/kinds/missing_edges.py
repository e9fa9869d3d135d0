"""Prerequisites and successors of shipped units that deps.json lacks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from codex.corpus import deps
from codex.integration.adoption.graph import Pair, as_edge, wanted_edges, with_edges
from codex.integration.adoption.kind import Found, Kind, Repair
from codex.integration.adoption.view import View


def _found(view: View, pairs: Iterable[Pair], why: str) -> Iterator[Found]:
    for before, after in pairs:
        unit = view.shipped.get(after)
        owner, key = (unit, "prerequisites") if unit and before in unit.prerequisites else (None, "")
        if owner is None:
            owner, key = view.shipped[before], "successors"
        yield Found(owner.path, owner.line_of_key(key), f"{before} → {after}{why}")


def _find(view: View) -> Iterable[Found]:
    return _found(view, wanted_edges(view).ready, "")


def _repair(view: View, now: datetime) -> Repair:
    missing = wanted_edges(view).ready
    if not missing or deps.PATH in view.damaged:
        return Repair()
    edges = [*view.raw_edges, *map(as_edge, missing)]
    return Repair({deps.PATH: with_edges(view, edges)}, (f"edges added: {len(missing)}",))


def _find_closing(view: View) -> Iterator[Found]:
    closing = wanted_edges(view).closing
    for found, cycle in zip(_found(view, closing, ""), closing.values(), strict=True):
        yield Found(found.path, found.line, f"{found.text} would close {' → '.join(cycle)}")


def _find_unknown(view: View) -> Iterable[Found]:
    return _found(view, wanted_edges(view).unknown, ", an end of which is not shipped")


KIND = Kind(
    name="missing-edges",
    group="graph",
    title="edges that units name and the graph lacks",
    means="A unit's front matter names the prerequisite or the successor, both are shipped, and deps.json has no such "
    "edge: the order of production and what rests on what are wrong without it.",
    mends="Adds the edges, but none that would close a cycle.",
    find=_find,
    repair=_repair,
)

CLOSING = Kind(
    name="contradicting-edges",
    group="graph",
    title="edges that units name and that would close a cycle",
    means="Two units name each other, directly or through others, as what must be read first.",
    mends="Decide which unit comes first, and take the other's prerequisite out of its front matter.",
    find=_find_closing,
)

UNKNOWN = Kind(
    name="unknown-prerequisites",
    group="graph",
    title="edges that units name to what is not shipped",
    means="The other end has no file here and no list says that it is shipped. While it is announced as pending that "
    "is in order; otherwise the check PR001 says so of the unit.",
    mends="Produce the unit, announce it as pending, or correct the front matter.",
    find=_find_unknown,
)
