"""deps.json: the prerequisite graph (unit-rubric §4.3). An edge goes from the prerequisite to what depends on it."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from codex.corpus.jsonfile import insert_in_order, loads_object, rewrite
from codex.corpus.markdown import one_line
from codex.errors import DataError, UserError
from codex.units.ids import is_id

if TYPE_CHECKING:
    import networkx as nx

PATH = "manifests/deps.json"
#: The document of a corpus without units.
EMPTY = '{\n  "version": 1,\n  "edges": [],\n  "pending": [],\n  "shipped": [],\n  "_notes": {}\n}\n'

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Edge:
    """``before`` is read before ``after`` (``from`` and ``to`` in the file); ``state`` is shipped or pending."""

    before: str
    after: str
    state: str

    @property
    def broken(self) -> bool:
        """True when an end is no id: a list of ids was once written letter by letter, and thousands of these remain."""
        return not (is_id(self.before) and is_id(self.after))


@dataclass(frozen=True)
class Deps:
    """The document. ``edges`` has all of them, broken ones included; the graph leaves those out."""

    edges: tuple[Edge, ...]
    pending: tuple[str, ...]
    shipped: tuple[str, ...]
    notes: Mapping[str, str]

    @property
    def broken(self) -> tuple[Edge, ...]:
        return tuple(edge for edge in self.edges if edge.broken)

    @cached_property
    def dependants(self) -> dict[str, list[str]]:
        """For each unit what depends on it directly, in the order of the file."""
        return self._adjacent(forward=True)

    @cached_property
    def prerequisites(self) -> dict[str, list[str]]:
        """For each unit its direct prerequisites, in the order of the file."""
        return self._adjacent(forward=False)

    def _adjacent(self, *, forward: bool) -> dict[str, list[str]]:
        found: dict[str, dict[str, None]] = {}
        for edge in self.edges:
            if not edge.broken:
                one, other = (edge.before, edge.after) if forward else (edge.after, edge.before)
                found.setdefault(one, {})[other] = None
        return {unit: list(others) for unit, others in found.items()}

    @cached_property
    def pending_ids(self) -> frozenset[str]:
        """Ids announced as in flight: the ``pending`` list and both ends of every pending edge (unit-rubric §1.5)."""
        ends = {end for edge in self.edges if edge.state == "pending" for end in (edge.before, edge.after)}
        return frozenset(self.pending) | ends

    @cached_property
    def ids(self) -> frozenset[str]:
        """Every id that the document knows."""
        ends = {end for edge in self.edges if not edge.broken for end in (edge.before, edge.after)}
        return frozenset(self.pending) | frozenset(self.shipped) | ends

    def has_path(self, before: str, after: str) -> bool:
        """True when ``after`` needs ``before``, directly or through others; a unit needs itself."""
        return _path(self.dependants, before, after) is not None

    def cycle_through(self, pairs: Iterable[Pair]) -> list[str] | None:
        """A cycle that these new edges (before, after) would close, as ids from start to start again; None if none.

        Cycles that are in the graph already are not reported: they are no fault of the new edges.
        """
        new = list(pairs)
        adjacent = {unit: list(others) for unit, others in self.dependants.items()}
        for before, after in new:
            adjacent.setdefault(before, []).append(after)
        for before, after in new:
            back = _path(adjacent, after, before)
            if back is not None:
                return [before, *back]
        return None

    def graph(self) -> nx.DiGraph[str]:
        """The graph without broken edges; nodes are all known ids, edges carry ``state``."""
        import networkx

        made: nx.DiGraph[str] = networkx.DiGraph()
        made.add_nodes_from(sorted(self.ids))
        made.add_edges_from((e.before, e.after, {"state": e.state}) for e in self.edges if not e.broken)
        return made


def _path(adjacent: Mapping[str, list[str]], start: str, goal: str) -> list[str] | None:
    """A shortest path. Written out, since importing networkx costs as much as a whole integration may take."""
    came_from = {start: start}
    waiting = deque([start])
    while waiting and goal not in came_from:
        here = waiting.popleft()
        for following in adjacent.get(here, ()):
            if following not in came_from:
                came_from[following] = here
                waiting.append(following)
    if goal not in came_from:
        return None
    path = [goal]
    while path[-1] != start:
        path.append(came_from[path[-1]])
    return path[::-1]


def parse(text: str) -> Deps:
    """The document; entries of another shape are left out. Raises DataError when it is no JSON object with lists."""
    document = loads_object(text, PATH)
    notes = document.get("_notes")
    return Deps(
        edges=tuple(_edge(entry) for entry in _edges(document)),
        pending=_ids(document, "pending"),
        shipped=_ids(document, "shipped"),
        notes={k: v for k, v in notes.items() if isinstance(v, str)} if isinstance(notes, dict) else {},
    )


def _list(document: Mapping[str, Any], key: str) -> list[Any]:
    value = document.get(key, [])
    if not isinstance(value, list):
        raise DataError(f"{PATH}: `{key}` must be a list.", remedy="Mend the file.")
    return value


def _ids(document: Mapping[str, Any], key: str) -> tuple[str, ...]:
    return tuple(entry for entry in _list(document, key) if isinstance(entry, str))


def _edges(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        entry
        for entry in _list(document, "edges")
        if isinstance(entry, dict) and isinstance(entry.get("from"), str) and isinstance(entry.get("to"), str)
    ]


def _edge(entry: Mapping[str, Any]) -> Edge:
    return Edge(entry["from"], entry["to"], str(entry.get("state", "")))


def add_edges(text: str, pairs: Iterable[Pair], shipped: Collection[str] = ()) -> str:
    """The document with the edges (before, after); one that is there keeps its place.

    An edge is shipped when both ends are: in the file's list or in ``shipped``, which is for a list that lags behind.
    Raises UserError for an end that is no id: what is broken is never copied.
    """
    document = loads_object(text, PATH)
    done = frozenset(_ids(document, "shipped")) | frozenset(shipped)
    known = {(entry["from"], entry["to"]) for entry in _edges(document)}
    new = []
    for before, after in dict.fromkeys(pairs):
        if not (is_id(before) and is_id(after)):
            raise UserError(f"{before!r} → {after!r} is no prerequisite edge: both ends must be ids such as 03.09.02.")
        if (before, after) not in known:
            new.append({"from": before, "to": after, "state": "shipped" if {before, after} <= done else "pending"})
    return _edited(text, document, {"edges": [*_list(document, "edges"), *new]} if new else {})


def ship_unit(text: str, unit_id: str, shipped: Collection[str] = ()) -> str:
    """The document with the unit shipped: listed so, no longer pending, its edges shipped where the other end is.

    ``shipped`` as in ``add_edges``. Raises UserError for what is no id.
    """
    if not is_id(unit_id):
        raise UserError(f"{unit_id!r} is no unit id.")
    document = loads_object(text, PATH)
    changes: dict[str, Any] = {"shipped": insert_in_order(_list(document, "shipped"), unit_id)}
    if unit_id in _list(document, "pending"):
        changes["pending"] = [entry for entry in document["pending"] if entry != unit_id]
    done = {entry for entry in changes["shipped"] if isinstance(entry, str)} | set(shipped)
    ready = [_is_ready(entry, unit_id, done) for entry in _list(document, "edges")]
    if any(ready):
        changes["edges"] = [
            entry | {"state": "shipped"} if now else entry for entry, now in zip(document["edges"], ready, strict=True)
        ]
    return _edited(text, document, changes)


def _is_ready(entry: Any, unit_id: str, done: Collection[str]) -> bool:
    """True for a pending edge of the unit whose ends are both shipped."""
    if not isinstance(entry, dict) or entry.get("state") != "pending":
        return False
    ends = (entry.get("from"), entry.get("to"))
    return unit_id in ends and all(isinstance(end, str) and end in done for end in ends)


def add_pending(text: str, unit_ids: Iterable[str]) -> str:
    """The document with the units announced as in flight, those left out that are shipped."""
    document = loads_object(text, PATH)
    there, shipped = _list(document, "pending"), set(_ids(document, "shipped"))
    pending = there
    for unit_id in unit_ids:
        if unit_id not in shipped:
            pending = insert_in_order(pending, unit_id)
    return _edited(text, document, {} if pending is there else {"pending": pending})


def set_note(text: str, unit_id: str, note: str) -> str:
    """The document with the unit's note (one line)."""
    document = loads_object(text, PATH)
    notes = document.get("_notes")
    return _edited(text, document, {"_notes": (notes if isinstance(notes, dict) else {}) | {unit_id: one_line(note)}})


def _edited(text: str, document: dict[str, Any], changes: Mapping[str, Any]) -> str:
    return rewrite(text, {**document, **changes}, PATH, old=document)
