"""The document of deps.json, read: edges, ids, paths through the graph."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from codex.corpus.jsonfile import shared_object
from codex.corpus.memory import Memory
from codex.errors import DataError
from codex.snapshot.layered import Layered
from codex.units.ids import is_id

if TYPE_CHECKING:
    import networkx as nx

PATH = "manifests/deps.json"
#: The document of a corpus without units.
EMPTY = '{\n  "version": 1,\n  "edges": [],\n  "pending": [],\n  "shipped": [],\n  "_notes": {}\n}\n'

Pair = tuple[str, str]
#: For each unit those next to it on one side.
Adjacent = Layered[str, list[str]]


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
    def dependants(self) -> Adjacent:
        """For each unit what depends on it directly, in the order of the file."""
        return self._adjacent(forward=True)

    @cached_property
    def prerequisites(self) -> Adjacent:
        """For each unit its direct prerequisites, in the order of the file."""
        return self._adjacent(forward=False)

    def _adjacent(self, *, forward: bool) -> Adjacent:
        found: dict[str, dict[str, None]] = {}
        for edge in self.edges:
            if not edge.broken:
                one, other = (edge.before, edge.after) if forward else (edge.after, edge.before)
                found.setdefault(one, {})[other] = None
        return Layered({unit: list(others) for unit, others in found.items()})

    @cached_property
    def open_edges(self) -> tuple[int, ...]:
        """Which of the edges are pending, as places in ``edges``."""
        return tuple(at for at, edge in enumerate(self.edges) if edge.state == "pending")

    @cached_property
    def pending_ids(self) -> frozenset[str]:
        """Ids announced as in flight: the ``pending`` list and both ends of every pending edge (unit-rubric §1.5)."""
        waiting = [self.edges[at] for at in self.open_edges]
        return frozenset(self.pending) | {end for edge in waiting for end in (edge.before, edge.after)}

    @cached_property
    def ends(self) -> frozenset[str]:
        """Everything that is an end of an edge, broken ones included."""
        return frozenset(end for edge in self.edges for end in (edge.before, edge.after))

    @cached_property
    def shipped_ids(self) -> frozenset[str]:
        return frozenset(self.shipped)

    @cached_property
    def in_order(self) -> bool:
        """True when the shipped units are listed in the order of their ids."""
        return list(self.shipped) == sorted(self.shipped)

    @cached_property
    def ids(self) -> frozenset[str]:
        """Every id that the document knows."""
        return self.shipped_ids.union(self.pending, self.dependants, self.prerequisites)

    def has_path(self, before: str, after: str) -> bool:
        """True when ``after`` needs ``before``, directly or through others; a unit needs itself."""
        return _path(self.dependants, before, after) is not None

    def cycle_through(self, pairs: Iterable[Pair]) -> list[str] | None:
        """A cycle that these new edges (before, after) would close, as ids from start to start again; None if none.

        Cycles that are in the graph already are not reported: they are no fault of the new edges.
        """
        new = list(pairs)
        more: dict[str, list[str]] = {}
        for before, after in new:
            more.setdefault(before, []).append(after)
        for before, after in new:
            back = _path(self.dependants, after, before, more)
            if back is not None:
                return [before, *back]
        return None

    def graph(self) -> nx.DiGraph[str]:
        """The graph without broken edges; nodes are all known ids, edges carry ``state``."""
        import networkx as nx

        made: nx.DiGraph[str] = nx.DiGraph()
        made.add_nodes_from(sorted(self.ids))
        made.add_edges_from((e.before, e.after, {"state": e.state}) for e in self.edges if not e.broken)
        return made


def _path(
    adjacent: Mapping[str, list[str]], start: str, goal: str, more: Mapping[str, list[str]] = MappingProxyType({})
) -> list[str] | None:
    """A shortest path; ``more`` are further edges.

    Written out, since importing networkx costs as much as a whole integration may take.
    """
    came_from = {start: start}
    waiting = deque([start])
    while waiting and goal not in came_from:
        here = waiting.popleft()
        for following in (*adjacent.get(here, ()), *more.get(here, ())):
            if following not in came_from:
                came_from[following] = here
                waiting.append(following)
    if goal not in came_from:
        return None
    path = [goal]
    while path[-1] != start:
        path.append(came_from[path[-1]])
    return path[::-1]


known_last: Memory[Deps] = Memory(4)
edited_last: Memory[Deps] = Memory(4)


def parse(text: str) -> Deps:
    """The document; entries of another shape are left out. Raises DataError when it is no JSON object with lists."""
    return known_last.get(text) or known_last.put(text, parsed(shared_object(text, PATH)))


def known(text: str) -> Deps | None:
    """What is known of a document that was edited in this process and has no entry of another shape; else None."""
    return edited_last.get(text)


def parsed(document: Mapping[str, Any]) -> Deps:
    return Deps(
        edges=tuple(_edge(entry) for entry in _edges(document)),
        pending=ids_in(document, "pending"),
        shipped=ids_in(document, "shipped"),
        notes=notes_in(document),
    )


def notes_in(document: Mapping[str, Any]) -> dict[str, str]:
    notes = document.get("_notes")
    return {k: v for k, v in notes.items() if isinstance(v, str)} if isinstance(notes, dict) else {}


def listed(document: Mapping[str, Any], key: str) -> list[Any]:
    value = document.get(key, [])
    if not isinstance(value, list):
        raise DataError(f"{PATH}: `{key}` must be a list.", remedy="Mend the file.")
    return value


def ids_in(document: Mapping[str, Any], key: str) -> tuple[str, ...]:
    return tuple(entry for entry in listed(document, key) if isinstance(entry, str))


def _edges(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        entry
        for entry in listed(document, "edges")
        if isinstance(entry, dict) and isinstance(entry.get("from"), str) and isinstance(entry.get("to"), str)
    ]


def _edge(entry: Mapping[str, Any]) -> Edge:
    return Edge(entry["from"], entry["to"], str(entry.get("state", "")))
