"""deps.json, changed: edges, shipping, announcements, notes. What is known of the text is brought along."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from codex.corpus.deps.document import (
    PATH,
    Adjacent,
    Deps,
    Edge,
    Pair,
    edited_last,
    known_last,
    listed,
    parse,
)
from codex.corpus.jsonfile import insert_in_order, rewrite, shared_object
from codex.corpus.markdown import one_line
from codex.errors import UserError
from codex.units.ids import is_id


@dataclass
class _Edit:
    """A document while it is changed. ``added`` and ``closed`` (places) say what becomes of its edges, ``arrived`` are
    the units that were not shipped before, ``noted`` the new notes.
    """

    text: str
    document: dict[str, Any]
    there: Deps
    changes: dict[str, Any] = field(default_factory=dict)
    added: list[Edge] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)
    arrived: list[str] = field(default_factory=list)
    noted: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str) -> _Edit:
        return cls(text, shared_object(text, PATH), parse(text))

    @property
    def is_regular(self) -> bool:
        """True when every entry of the three lists is one that is read, so that places agree."""
        there = {"edges": self.there.edges, "pending": self.there.pending, "shipped": self.there.shipped}
        return all(len(listed(self.document, key)) == len(read) for key, read in there.items())

    def add(self, pairs: Iterable[Pair], shipped: Collection[str]) -> None:
        for before, after in dict.fromkeys(pairs):
            if not (is_id(before) and is_id(after)):
                said = f"{before!r} → {after!r} is no prerequisite edge"
                raise UserError(f"{said}: both ends must be ids such as 03.09.02.")
            if after not in self.there.dependants.get(before, ()):
                state = "shipped" if self._are_shipped((before, after), shipped) else "pending"
                self.added.append(Edge(before, after, state))
        if self.added:
            new = [{"from": edge.before, "to": edge.after, "state": edge.state} for edge in self.added]
            self.changes["edges"] = [*listed(self.document, "edges"), *new]

    def ship(self, unit_id: str, shipped: Collection[str]) -> None:
        if not is_id(unit_id):
            raise UserError(f"{unit_id!r} is no unit id.")
        if unit_id not in self.there.shipped_ids:
            self.arrived.append(unit_id)
            self.changes["shipped"] = self._shipped_with(unit_id)
        if unit_id in listed(self.document, "pending"):
            self.changes["pending"] = [entry for entry in self.document["pending"] if entry != unit_id]
        edges = self.changes.get("edges", listed(self.document, "edges"))
        done = {*shipped, unit_id}
        self.closed = [at for at in self._open(len(edges)) if self._is_ready(edges[at], unit_id, done)]
        if self.closed:
            edges = self.changes["edges"] = list(edges)
            for at in self.closed:
                edges[at] = edges[at] | {"state": "shipped"}

    def _shipped_with(self, unit_id: str) -> list[Any]:
        """As ``insert_in_order`` has it; whether the list is sorted is known."""
        items = listed(self.document, "shipped")
        is_sorted = self.there.in_order and len(items) == len(self.there.shipped)
        at = bisect(items, unit_id) if is_sorted else len(items)
        return [*items[:at], unit_id, *items[at:]]

    def _are_shipped(self, ends: Iterable[str], more: Collection[str]) -> bool:
        return all(end in self.there.shipped_ids or end in more for end in ends)

    def _is_ready(self, entry: Any, unit_id: str, more: Collection[str]) -> bool:
        """True for a pending edge of the unit whose ends are both shipped."""
        if not isinstance(entry, dict) or entry.get("state") != "pending":
            return False
        ends = [end for end in (entry.get("from"), entry.get("to")) if isinstance(end, str)]
        return len(ends) == 2 and unit_id in ends and self._are_shipped(ends, more)

    def _open(self, edges: int) -> Iterable[int]:
        if not self.is_regular:
            return range(edges)
        return (*self.there.open_edges, *range(len(self.there.edges), edges))

    def note(self, unit_id: str, note: str) -> None:
        notes = self.document.get("_notes")
        self.noted = {unit_id: one_line(note)}
        self.changes["_notes"] = (notes if isinstance(notes, dict) else {}) | self.noted

    def done(self) -> str:
        """The text with the changes. What is known of the old text is brought along to the new one."""
        value = {**self.document, **self.changes}
        new = rewrite(self.text, value, PATH, old=self.document, keep=True)
        if self.is_regular:
            edited_last.put(new, known_last.put(new, _followed(self)))
        return new


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


def _followed(edit: _Edit) -> Deps:
    """What reading the changed document would give: what was read of the old one, and what the edit did to it."""
    there, added = edit.there, edit.added
    edges = there.edges + tuple(added)
    made = Deps(
        _closed(edges, edit.closed) if edit.closed else edges,
        tuple(edit.changes.get("pending", there.pending)),
        tuple(edit.changes.get("shipped", there.shipped)),
        {**there.notes, **edit.noted} if edit.noted else there.notes,
    )
    waiting = (at for at in range(len(there.edges), len(edges)) if made.edges[at].state == "pending")
    known: dict[str, Any] = {
        "dependants": _joined(there.dependants, ((e.before, e.after) for e in added)),
        "prerequisites": _joined(there.prerequisites, ((e.after, e.before) for e in added)),
        "open_edges": (*(at for at in there.open_edges if at not in edit.closed), *waiting),
        "ends": _grown(there.ends, [end for edge in added for end in (edge.before, edge.after)]),
        "shipped_ids": _grown(there.shipped_ids, edit.arrived),
        "in_order": there.in_order,  # an id comes to its place, or to the end of a list that had no order before
    }
    vars(made).update(known)  # what the cached properties would work out
    return made


def _closed(edges: tuple[Edge, ...], closed: Iterable[int]) -> tuple[Edge, ...]:
    found = list(edges)
    for at in closed:
        found[at] = Edge(found[at].before, found[at].after, "shipped")
    return tuple(found)


def _grown(known: frozenset[str], more: Iterable[str]) -> frozenset[str]:
    new = [each for each in more if each not in known]
    return known.union(new) if new else known


def _joined(adjacent: Adjacent, pairs: Iterable[Pair]) -> Adjacent:
    found: dict[str, list[str]] = {}
    for one, other in pairs:
        found[one] = [*found.get(one, adjacent.get(one, ())), other]
    return adjacent.changed(found)
