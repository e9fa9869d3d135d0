"""Edit a JSON file as text: only what changed is rewritten, everything else keeps its bytes.

``rewrite(text, value)`` compares the document in ``text`` with ``value`` and replaces the smallest parts that differ.
Untouched are key order, indentation, inline or broken lists, escapes, the final newline and even a key that stands
twice. So an edit is a plain change to loaded data, and a diff of the file shows just that.
"""

from __future__ import annotations

import bisect
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from codex.corpus.jsonmatch import alike, matching_runs
from codex.corpus.jsonscan import Span, item_spans, skip_blank
from codex.corpus.jsonstyle import Style, comma, detect_style, dump, render
from codex.errors import DataError


@dataclass(frozen=True, slots=True)
class _Container:
    """A list or object at ``text[start:end]`` with its items in order."""

    text: str
    start: int
    end: int
    items: list[Span]
    style: Style

    @property
    def indent(self) -> str | None:
        """The indentation of the items; None where they stand on one line."""
        if self.items:
            lead = self.text[self.start + 1 : self.items[0].start]
            return lead.rpartition("\n")[2] if "\n" in lead else None
        return None if self.style.indent is None else self.outer_indent + self.style.indent

    @property
    def outer_indent(self) -> str:
        """The indentation of the line that the container begins on."""
        line = self.text[self.text.rfind("\n", 0, self.start) + 1 : self.start]
        return line[: len(line) - len(line.lstrip(" \t"))]


@dataclass(frozen=True, slots=True)
class _Piece:
    """Text for the new container; ``first`` and ``last`` are indices of the old items it stands for, None if new."""

    text: str
    first: int | None = None
    last: int | None = None


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


def rewrite(text: str, value: Any, where: str = "The file", *, old: Any = None) -> str:
    """The text changed so that it holds ``value``; unchanged where it already says the same.

    A new key comes after the key that it follows in ``value``. ``old`` is what ``loads(text)`` gave, if it is at hand
    and has not been changed since: parts that ``value`` shares with it are then known to be the same without looking.
    Raises DataError when ``text`` is not JSON.
    """
    old = loads(text, where) if old is None else old
    start, end = skip_blank(text, 0), len(text.rstrip(" \t\r\n"))
    try:
        return text[:start] + _rewritten(text, (start, end), old, value, detect_style(text), "") + text[end:]
    except RecursionError as exc:
        raise DataError(f"{where} is nested too deeply to be edited.", remedy="Mend the file.") from exc


def insert_in_order(items: list[Any], item: Any) -> list[Any]:
    """The list with the item: at its place if the list is sorted, else at the end; unchanged if it is there."""
    if item in items:
        return items
    sortable = all(isinstance(x, str) for x in items) and items == sorted(items)
    at = bisect.bisect(items, item) if sortable else len(items)
    return [*items[:at], item, *items[at:]]


def _rewritten(text: str, span: tuple[int, int], old: Any, new: Any, style: Style, indent: str | None) -> str:
    """The value at ``span`` made to say ``new``; ``indent`` is that of its line, None inside a one-line container."""
    start, end = span
    if alike(old, new):
        return text[start:end]
    if isinstance(old, dict) and isinstance(new, dict):
        container = _Container(text, start, end, item_spans(text, start, end), style)
        return _joined(container, list(_object_pieces(container, old, new)))
    if isinstance(old, list) and isinstance(new, list):
        container = _Container(text, start, end, item_spans(text, start, end), style)
        return _joined(container, list(_list_pieces(container, old, new)))
    return render(new, style, indent)


def _object_pieces(container: _Container, old: dict[str, Any], new: dict[str, Any]) -> Iterator[_Piece]:
    """Old members in their order (changed, kept or left out), each followed by the new keys that belong after it."""
    text, style, inner = container.text, container.style, container.indent
    effective = {item.key: index for index, item in enumerate(container.items)}
    followers = _new_keys_by_predecessor(old, new)

    def added(after: str | None) -> Iterator[_Piece]:
        for key in followers.get(after, ()):
            yield _Piece(dump(key, style) + style.key_separator + render(new[key], style, inner))

    yield from added(None)
    for index, item in enumerate(container.items):
        key = item.key
        if key is None or key not in new:
            continue
        if effective[key] != index:  # another member of this name follows, which is the one that counts
            yield _Piece(text[item.start : item.end], index, index)
            continue
        changed = _rewritten(text, (item.value_at, item.end), old[key], new[key], style, inner)
        yield _Piece(text[item.start : item.value_at] + changed, index, index)
        yield from added(key)


def _new_keys_by_predecessor(old: dict[str, Any], new: dict[str, Any]) -> dict[str | None, list[str]]:
    """For each old key (None: the beginning) the new keys that follow it in ``new``."""
    found: dict[str | None, list[str]] = {}
    previous: str | None = None
    for key in new:
        if key in old:
            previous = key
        else:
            found.setdefault(previous, []).append(key)
    return found


def _list_pieces(container: _Container, old: list[Any], new: list[Any]) -> Iterator[_Piece]:
    """Runs of kept items as they stand; between them items changed in place, left out or added."""
    text, items, style, inner = container.text, container.items, container.style, container.indent
    at = to = 0
    for run in matching_runs(old, new):
        for step in range(run.to - to):
            position, index = to + step, at + step
            if index < run.at:
                span = (items[index].start, items[index].end)
                changed = _rewritten(text, span, old[index], new[position], style, inner)
                yield _Piece(changed, index, index)
            else:
                yield _Piece(render(new[position], style, inner))
        at, to = run.at + run.length, run.to + run.length
        if run.length:
            yield _Piece(text[items[run.at].start : items[at - 1].end], run.at, at - 1)


def _joined(container: _Container, pieces: list[_Piece]) -> str:
    """The container with new items: separators that stood between two kept neighbours are kept, others follow suit."""
    text, items = container.text, container.items
    opening, closing = text[container.start], text[container.end - 1]
    if not pieces:
        return opening + closing
    if not items:
        return _filled(container, pieces)
    lead, separator, trail = _gaps(container)
    out = [opening, lead, pieces[0].text]
    for previous, piece in pairwise(pieces):
        if piece.first is not None and previous.last is not None and piece.first == previous.last + 1:
            out.append(text[items[previous.last].end : items[piece.first].start])
        else:
            out.append(separator)
        out.append(piece.text)
    return "".join([*out, trail, closing])


def _gaps(container: _Container) -> tuple[str, str, str]:
    """White space after the opening bracket, separator between items, white space before the closing bracket."""
    text, items = container.text, container.items
    lead = text[container.start + 1 : items[0].start]
    trail = text[items[-1].end : container.end - 1]
    if len(items) > 1:
        return lead, text[items[-2].end : items[-1].start], trail
    return lead, "," + lead if "\n" in lead else comma(container.style), trail


def _filled(container: _Container, pieces: list[_Piece]) -> str:
    """An empty container with its first items: on lines of their own unless the whole file is one line."""
    opening, closing = container.text[container.start], container.text[container.end - 1]
    parts = [piece.text for piece in pieces]
    if container.indent is None:
        return opening + comma(container.style).join(parts) + closing
    newline, outer = container.style.newline, container.outer_indent
    inner = newline + container.indent
    return opening + inner + ("," + inner).join(parts) + newline + outer + closing
