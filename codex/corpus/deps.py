"""deps.json: the prerequisite graph (unit-rubric §4.3). An edge goes from the prerequisite to what depends on it."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from codex.corpus.jsonfile import insert_in_order, rewrite, shared_object
from codex.corpus.markdown import one_line
from codex.corpus.memory import Memory
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

    @property
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
        import networkx

        made: nx.DiGraph[str] = networkx.DiGraph()
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


_known: Memory[Deps] = Memory(4)
_edited_last: Memory[Deps] = Memory(4)


def parse(text: str) -> Deps:
    """The document; entries of another shape are left out. Raises DataError when it is no JSON object with lists."""
    return _known.get(text) or _known.put(text, _parsed(shared_object(text, PATH)))


def known(text: str) -> Deps | None:
    """What is known of a document that was edited in this process and has no entry of another shape; else None."""
    return _edited_last.get(text)


def _parsed(document: Mapping[str, Any]) -> Deps:
    return Deps(
        edges=tuple(_edge(entry) for entry in _edges(document)),
        pending=_ids(document, "pending"),
        shipped=_ids(document, "shipped"),
        notes=_notes(document),
    )


def _notes(document: Mapping[str, Any]) -> dict[str, str]:
    notes = document.get("_notes")
    return {k: v for k, v in notes.items() if isinstance(v, str)} if isinstance(notes, dict) else {}


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


@dataclass
class _Edit:
    """A document while it is changed. ``added`` and ``closed`` (places) say what becomes of its edges."""

    text: str
    document: dict[str, Any]
    there: Deps
    changes: dict[str, Any] = field(default_factory=dict)
    added: list[Edge] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, text: str) -> _Edit:
        return cls(text, shared_object(text, PATH), parse(text))

    @property
    def is_regular(self) -> bool:
        """True when every entry of ``edges`` is an edge, so that places agree."""
        return len(self.there.edges) == len(_list(self.document, "edges"))

    def add(self, pairs: Iterable[Pair], shipped: Collection[str]) -> None:
        done = self.there.shipped_ids.union(shipped)
        for before, after in dict.fromkeys(pairs):
            if not (is_id(before) and is_id(after)):
                said = f"{before!r} → {after!r} is no prerequisite edge"
                raise UserError(f"{said}: both ends must be ids such as 03.09.02.")
            if after not in self.there.dependants.get(before, ()):
                self.added.append(Edge(before, after, "shipped" if {before, after} <= done else "pending"))
        if self.added:
            new = [{"from": edge.before, "to": edge.after, "state": edge.state} for edge in self.added]
            self.changes["edges"] = [*_list(self.document, "edges"), *new]

    def ship(self, unit_id: str, shipped: Collection[str]) -> None:
        if not is_id(unit_id):
            raise UserError(f"{unit_id!r} is no unit id.")
        self.changes["shipped"] = insert_in_order(_list(self.document, "shipped"), unit_id)
        if unit_id in _list(self.document, "pending"):
            self.changes["pending"] = [entry for entry in self.document["pending"] if entry != unit_id]
        edges = self.changes.get("edges", _list(self.document, "edges"))
        done = self.there.shipped_ids.union(shipped, (unit_id,))
        self.closed = [at for at in self._open(len(edges)) if _is_ready(edges[at], unit_id, done)]
        if self.closed:
            edges = self.changes["edges"] = list(edges)
            for at in self.closed:
                edges[at] = edges[at] | {"state": "shipped"}

    def _open(self, edges: int) -> Iterable[int]:
        if not self.is_regular:
            return range(edges)
        return (*self.there.open_edges, *range(len(self.there.edges), edges))

    def note(self, unit_id: str, note: str) -> None:
        notes = self.document.get("_notes")
        self.changes["_notes"] = (notes if isinstance(notes, dict) else {}) | {unit_id: one_line(note)}

    def done(self) -> str:
        """The text with the changes. What is known of the old text is brought along to the new one."""
        value = {**self.document, **self.changes}
        new = rewrite(self.text, value, PATH, old=self.document, keep=True)
        if self.is_regular:
            made = _known.put(new, _followed(self.there, self.changes, self.added, self.closed))
            if len(made.pending) == len(value.get("pending", ())):
                _edited_last.put(new, made)
        return new


def _is_ready(entry: Any, unit_id: str, done: Collection[str]) -> bool:
    """True for a pending edge of the unit whose ends are both shipped."""
    if not isinstance(entry, dict) or entry.get("state") != "pending":
        return False
    ends = (entry.get("from"), entry.get("to"))
    return unit_id in ends and all(isinstance(end, str) and end in done for end in ends)


def enter_unit(text: str, pairs: Iterable[Pair], unit_id: str, shipped: Collection[str] = (), note: str = "") -> str:
    """The document with a unit's edges, the unit shipped, and its note if one is given: all in one go."""
    edit = _Edit.of(text)
    edit.add(pairs, shipped)
    edit.ship(unit_id, shipped)
    if note:
        edit.note(unit_id, note)
    return edit.done()


def add_edges(text: str, pairs: Iterable[Pair], shipped: Collection[str] = ()) -> str:
    """The document with the edges (before, after); one that is there keeps its place.

    An edge is shipped when both ends are: in the file's list or in ``shipped``, which is for a list that lags behind.
    Raises UserError for an end that is no id: what is broken is never copied.
    """
    edit = _Edit.of(text)
    edit.add(pairs, shipped)
    return edit.done()


def ship_unit(text: str, unit_id: str, shipped: Collection[str] = ()) -> str:
    """The document with the unit shipped: listed so, no longer pending, its edges shipped where the other end is.

    ``shipped`` as in ``add_edges``. Raises UserError for what is no id.
    """
    edit = _Edit.of(text)
    edit.ship(unit_id, shipped)
    return edit.done()


def add_pending(text: str, unit_ids: Iterable[str]) -> str:
    """The document with the units announced as in flight, those left out that are shipped."""
    edit = _Edit.of(text)
    there = pending = _list(edit.document, "pending")
    for unit_id in unit_ids:
        if unit_id not in edit.there.shipped_ids:
            pending = insert_in_order(pending, unit_id)
    if pending is not there:
        edit.changes["pending"] = pending
    return edit.done()


def set_note(text: str, unit_id: str, note: str) -> str:
    """The document with the unit's note (one line)."""
    edit = _Edit.of(text)
    edit.note(unit_id, note)
    return edit.done()


def _followed(there: Deps, changes: Mapping[str, Any], added: Sequence[Edge], closed: Sequence[int]) -> Deps:
    edges = [*there.edges, *added]
    for at in closed:
        edges[at] = Edge(edges[at].before, edges[at].after, "shipped")
    made = Deps(
        tuple(edges),
        _ids(changes, "pending") if "pending" in changes else there.pending,
        _ids(changes, "shipped") if "shipped" in changes else there.shipped,
        _notes(changes) if "_notes" in changes else there.notes,
    )
    waiting = (at for at in range(len(there.edges), len(edges)) if edges[at].state == "pending")
    known: dict[str, Any] = {
        "dependants": _joined(there.dependants, ((e.before, e.after) for e in added)),
        "prerequisites": _joined(there.prerequisites, ((e.after, e.before) for e in added)),
        "open_edges": (*(at for at in there.open_edges if at not in closed), *waiting),
        "ends": there.ends.union(end for edge in added for end in (edge.before, edge.after)),
    }
    vars(made).update(known)  # what the cached properties would work out
    return made


def _joined(adjacent: Mapping[str, list[str]], pairs: Iterable[Pair]) -> dict[str, list[str]]:
    found = dict(adjacent)
    for one, other in pairs:
        found[one] = [*found.get(one, ()), other]
    return found
