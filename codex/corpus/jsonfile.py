"""Edit a JSON file as text: only what changed is rewritten, everything else keeps its bytes.

``rewrite(text, value)`` compares the document in ``text`` with ``value`` and replaces the smallest parts that differ.
Untouched are key order, indentation, inline or broken lists, escapes, the final newline and even a key that stands
twice. So an edit is a plain change to loaded data, and a diff of the file shows just that.
"""

from __future__ import annotations

import bisect
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from codex.corpus.jsonlayout import Layout, Piece
from codex.corpus.jsonmatch import alike, matching_runs
from codex.corpus.jsonscan import skip_blank
from codex.corpus.jsonstyle import Style, comma, detect_style, dump, render
from codex.corpus.memory import Memory
from codex.errors import DataError


def loads(text: str, where: str) -> Any:
    """The document; raises DataError naming ``where``, line and column. A key that stands twice: the last one wins."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as exc:
        raise DataError(
            f"{where} is not valid JSON: {exc.msg}, line {exc.lineno}, column {exc.colno}.",
            remedy="Mend the file, or take it back from an earlier commit.",
        ) from exc
    except (ValueError, RecursionError) as exc:  # a number of thousands of digits; thousands of brackets
        raise DataError(f"{where} is JSON that cannot be read: {exc}.", remedy="Mend the file.") from exc


def loads_object(text: str, where: str) -> dict[str, Any]:
    """The document, which must be an object; raises DataError otherwise."""
    document = loads(text, where)
    if not isinstance(document, dict):
        raise DataError(f"{where} must hold a JSON object.", remedy="Mend the file.")
    return document


def shared_object(text: str, where: str) -> dict[str, Any]:
    """As ``loads_object``, but a large document that was read before is not read again: it must not be changed."""
    known = _known.get(text)
    if known is None or not isinstance(known.value, dict):
        document = loads_object(text, where)
        _known.put(text, _Known(document))
        return document
    return known.value


def rewrite(text: str, value: Any, where: str = "The file", *, old: Any = None, keep: bool = False) -> str:
    """The text changed so that it holds ``value``; unchanged where it already says the same.

    A new key comes after the key that it follows in ``value``. ``old`` is what ``loads(text)`` gave, if it is at hand
    and has not been changed since: parts that ``value`` shares with it are then known to be the same without looking.
    With ``keep`` the new text can be read (``shared_object``) and changed again at the cost of the change: ``value``
    must then be as JSON would give it (keys in their order in the text), and must not be changed any more. Raises
    DataError when ``text`` is not JSON.
    """
    known = _known.get(text)
    old = (known.value if known else loads(text, where)) if old is None else old
    start, end = skip_blank(text, 0), len(text.rstrip(" \t\r\n"))
    place = _Place(text[start:end], known.layout if known else None, text[:start].rpartition("\n")[2])
    try:
        made = _rewritten(place, old, value, detect_style(text), "")
    except RecursionError as exc:
        raise DataError(f"{where} is nested too deeply to be edited.", remedy="Mend the file.") from exc
    new = text[:start] + made.text + text[end:]
    if keep:
        _known.put(new, _Known(value, made.layout))
    return new


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a text: its value, and if it was rewritten its parts."""

    value: Any
    layout: Layout | None = None


#: Large documents, with their parts.
_known: Memory[_Known] = Memory(8)


def insert_in_order(items: list[Any], item: Any) -> list[Any]:
    """The list with the item: at its place if the list is sorted, else at the end; unchanged if it is there."""
    if item in items:
        return items
    sortable = all(isinstance(x, str) for x in items) and items == sorted(items)
    at = bisect.bisect(items, item) if sortable else len(items)
    return [*items[:at], item, *items[at:]]


class _Place(NamedTuple):
    """A value in its file: its text, its parts if they are known, the indentation of the line that it begins on."""

    text: str
    layout: Layout | None
    outer: str

    def parts(self) -> Layout:
        return self.layout or Layout.of(self.text)


class _Made(NamedTuple):
    """A value's new text, and its parts where they are known."""

    text: str
    layout: Layout | None = None


def _rewritten(place: _Place, old: Any, new: Any, style: Style, indent: str | None) -> _Made:
    """The value at a place made to say ``new``; ``indent`` is that of its line, None inside a one-line container."""
    if alike(old, new):
        return _Made(place.text, place.layout)
    if isinstance(old, dict) and isinstance(new, dict):
        return _object(_Edit(place.parts(), style, place.outer), old, new)
    if isinstance(old, list) and isinstance(new, list):
        edit = _Edit(place.parts(), style, place.outer)
        return edit.joined(list(_list_pieces(edit, old, new)))
    return _Made(render(new, style, indent))


@dataclass(frozen=True, slots=True)
class _Edit:
    """A container that is being changed."""

    parts: Layout
    style: Style
    outer: str

    @property
    def indent(self) -> str | None:
        """The indentation of the items; None where they stand on one line."""
        if self.parts.items:
            lead = self.parts.lead
            return lead.rpartition("\n")[2] if "\n" in lead else None
        return None if self.style.indent is None else self.outer + self.style.indent

    def changed(self, index: int, old: Any, new: Any) -> _Made:
        """An item's value made to say ``new``."""
        parts = self.parts
        is_container = isinstance(old, dict | list) and isinstance(new, dict | list)
        layout = parts.layout_of(index) if is_container and type(old) is type(new) and not alike(old, new) else None
        outer = parts.line_start(index, self.outer) if layout else ""
        text = parts.items[index][parts.value_at[index] :]
        return _rewritten(_Place(text, layout, outer), old, new, self.style, self.indent)

    def joined(self, pieces: list[Piece | range]) -> _Made:
        """The container with new items: gaps between two kept neighbours are kept, others follow suit."""
        parts = self.parts
        if not any(isinstance(piece, Piece) or piece for piece in pieces):
            return _Made(parts.opening + parts.closing)
        if not parts.items:
            return _Made(self._filled([piece.text for piece in pieces if isinstance(piece, Piece)]))
        made = parts.with_pieces(pieces, self._separator())
        return _Made(made.text(), made)

    def _separator(self) -> str:
        lead, gaps = self.parts.lead, self.parts.gaps
        return gaps[-1] if gaps else "," + lead if "\n" in lead else comma(self.style)

    def _filled(self, items: list[str]) -> str:
        """An empty container with its first items: on lines of their own unless the whole file is one line."""
        opening, closing = self.parts.opening, self.parts.closing
        if self.indent is None:
            return opening + comma(self.style).join(items) + closing
        newline = self.style.newline
        inner = newline + self.indent
        return opening + inner + ("," + inner).join(items) + newline + self.outer + closing


def _object(edit: _Edit, old: dict[str, Any], new: dict[str, Any]) -> _Made:
    if old.keys() != new.keys():
        return edit.joined(list(_object_pieces(edit, old, new)))
    parts = edit.parts
    others = [key for key, value in new.items() if old[key] is not value]
    changed = {parts.index_of[key]: edit.changed(parts.index_of[key], old[key], new[key]) for key in others}
    made = parts.with_values({index: (each.text, each.layout) for index, each in changed.items()})
    return _Made(made.text(), made)


def _object_pieces(edit: _Edit, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Piece | range]:
    """Old members in their order (changed, kept or left out), each followed by the new keys that belong after it."""
    parts, style, inner = edit.parts, edit.style, edit.indent
    followers = _new_keys_by_predecessor(old, new)

    def added(after: str | None) -> Iterator[Piece]:
        for key in followers.get(after, ()):
            head = dump(key, style) + style.key_separator
            yield Piece(head + render(new[key], style, inner), None, key, len(head))

    yield from added(None)
    at = 0
    for index in _stops(parts, old, new, followers):
        key = parts.keys[index]
        yield range(at, index)
        at = index + 1
        if key is None or key not in new:
            continue
        if old[key] is new[key]:
            yield range(index, at)
        else:
            head, made = parts.items[index][: parts.value_at[index]], edit.changed(index, old[key], new[key])
            yield Piece(head + made.text, index, key, len(head), made.layout)
        yield from added(key)
    yield range(at, len(parts.items))


def _stops(parts: Layout, old: dict[str, Any], new: dict[str, Any], followed: Collection[str | None]) -> list[int]:
    """Indices of members that are changed, left out or followed by a new one; of those with one name the last counts,
    but all of them go.
    """
    gone = old.keys() - new.keys()
    changed = [key for key, value in new.items() if old.get(key, value) is not value]
    stops = {parts.index_of[key] for key in (*changed, *followed) if key is not None}
    return sorted(stops | {index for index, key in enumerate(parts.keys) if key in gone} if gone else stops)


def _new_keys_by_predecessor(old: dict[str, Any], new: dict[str, Any]) -> dict[str | None, list[str]]:
    """For each old key (None: the beginning) the new keys that follow it in ``new``."""
    keys = list(new)
    if old and keys[: len(old)] == list(old):  # all of them come last, as they mostly do
        return {keys[len(old) - 1]: keys[len(old) :]}
    found: dict[str | None, list[str]] = {}
    previous: str | None = None
    for key in new:
        if key in old:
            previous = key
        else:
            found.setdefault(previous, []).append(key)
    return found


def _list_pieces(edit: _Edit, old: list[Any], new: list[Any]) -> Iterator[Piece | range]:
    """Runs of kept items as they stand; between them items changed in place, left out or added."""
    at = to = 0
    for run in matching_runs(old, new):
        for step in range(run.to - to):
            position, index = to + step, at + step
            if index < run.at:
                made = edit.changed(index, old[index], new[position])
                yield Piece(made.text, index, inner=made.layout)
            else:
                yield Piece(render(new[position], edit.style, edit.indent))
        at, to = run.at + run.length, run.to + run.length
        yield range(run.at, at)
