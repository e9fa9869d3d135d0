"""deps.json, changed: edges, shipping, announcements, notes. What is known of the text is brought along."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from codex.corpus.deps.document import (
    PATH,
    Deps,
    Edge,
    Pair,
    edited_last,
    ids_in,
    known_last,
    listed,
    notes_in,
    parse,
)
from codex.corpus.jsonfile import insert_in_order, rewrite, shared_object
from codex.corpus.markdown import one_line
from codex.errors import UserError
from codex.units.ids import is_id


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
        return len(self.there.edges) == len(listed(self.document, "edges"))

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
            self.changes["edges"] = [*listed(self.document, "edges"), *new]

    def ship(self, unit_id: str, shipped: Collection[str]) -> None:
        if not is_id(unit_id):
            raise UserError(f"{unit_id!r} is no unit id.")
        self.changes["shipped"] = insert_in_order(listed(self.document, "shipped"), unit_id)
        if unit_id in listed(self.document, "pending"):
            self.changes["pending"] = [entry for entry in self.document["pending"] if entry != unit_id]
        edges = self.changes.get("edges", listed(self.document, "edges"))
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
            made = known_last.put(new, _followed(self.there, self.changes, self.added, self.closed))
            if len(made.pending) == len(value.get("pending", ())):
                edited_last.put(new, made)
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
    there = pending = listed(edit.document, "pending")
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
        ids_in(changes, "pending") if "pending" in changes else there.pending,
        ids_in(changes, "shipped") if "shipped" in changes else there.shipped,
        notes_in(changes) if "_notes" in changes else there.notes,
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
