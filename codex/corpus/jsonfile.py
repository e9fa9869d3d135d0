"""Edit a JSON file as text: only what changed is rewritten, everything else keeps its bytes.

``rewrite(text, value)`` compares the document in ``text`` with ``value`` and replaces the smallest parts that differ.
Untouched are key order, indentation, inline or broken lists, escapes, the final newline and even a key that stands
twice. So an edit is a plain change to loaded data, and a diff of the file shows just that.
"""

from __future__ import annotations

import bisect
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from codex.corpus.jsonstyle import Style, comma, detect_style, dump, render
from codex.errors import DataError

_BLANK = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class _Item:
    """A list item or an object member: ``text[start:end]``; its value starts at ``value_at``."""

    key: str | None
    start: int
    value_at: int
    end: int
    value: Any


@dataclass(frozen=True, slots=True)
class _Container:
    """A list or object at ``text[start:end]`` with its items in order."""

    start: int
    end: int
    items: list[_Item]


@dataclass(frozen=True, slots=True)
class _Piece:
    """One item of the new container: its text, and its index among the old items if it was there."""

    text: str
    index: int | None


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


def rewrite(text: str, value: Any, where: str = "The file") -> str:
    """The text changed so that it holds ``value``; unchanged where it already says the same.

    A new key comes after the key that it follows in ``value``. Raises DataError when ``text`` is not JSON.
    """
    old = loads(text, where)
    start = _skip(text, 0)
    end = len(text.rstrip(" \t\r\n"))
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


def _skip(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at


def _same(old: Any, new: Any) -> bool:
    """Equal also in type: in JSON 1, 1.0 and true are three things."""
    return bool(old == new) and repr(old) == repr(new)


def _rewritten(text: str, span: tuple[int, int], old: Any, new: Any, style: Style, indent: str | None) -> str:
    """The value at ``span`` made to say ``new``; ``indent`` is that of its line, None inside a one-line container."""
    start, end = span
    if _same(old, new):
        return text[start:end]
    if isinstance(old, dict) and isinstance(new, dict):
        container = _scan(text, start, end)
        return _joined(text, container, list(_object_pieces(text, container, old, new, style)), style)
    if isinstance(old, list) and isinstance(new, list):
        container = _scan(text, start, end)
        return _joined(text, container, list(_list_pieces(text, container, new, style)), style)
    return render(new, style, indent)


def _scan(text: str, start: int, end: int) -> _Container:
    """The items of the list or object at ``text[start:end]``, which is known to be valid."""
    items: list[_Item] = []
    at = _skip(text, start + 1)
    keyed = text[start] == "{"
    while text[at] not in "]}":
        begin, key = at, None
        if keyed:
            key, at = _DECODER.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)
        value, stop = _DECODER.raw_decode(text, at)
        items.append(_Item(key, begin, at, stop, value))
        at = _skip(text, stop)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return _Container(start, end, items)


def _object_pieces(
    text: str, container: _Container, old: dict[str, Any], new: dict[str, Any], style: Style
) -> Iterator[_Piece]:
    """Old members in their order (changed, kept or left out), each followed by the new keys that belong after it."""
    effective = {item.key: index for index, item in enumerate(container.items)}
    followers = _new_keys_by_predecessor(old, new)
    inner = _item_indent(text, container, style)

    def added(after: str | None) -> Iterator[_Piece]:
        for key in followers.get(after, ()):
            yield _Piece(dump(key, style) + style.key_separator + render(new[key], style, inner), None)

    yield from added(None)
    for index, item in enumerate(container.items):
        if item.key not in new:
            continue
        last = effective[item.key] == index
        value = item.value if not last else new[item.key]
        changed = _rewritten(text, (item.value_at, item.end), item.value, value, style, inner)
        yield _Piece(text[item.start : item.value_at] + changed, index)
        if last:
            yield from added(item.key)


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


def _list_pieces(text: str, container: _Container, new: list[Any], style: Style) -> Iterator[_Piece]:
    inner = _item_indent(text, container, style)
    for index, position in _pairs([item.value for item in container.items], new):
        if position is None:
            continue
        if index is None:
            yield _Piece(render(new[position], style, inner), None)
        else:
            item = container.items[index]
            changed = _rewritten(text, (item.start, item.end), item.value, new[position], style, inner)
            yield _Piece(changed, index)


def _pairs(old: list[Any], new: list[Any]) -> Iterator[tuple[int | None, int | None]]:
    """Which old item becomes which new one: (i, j) kept or changed, (i, None) removed, (None, j) added."""
    before, after = [repr(x) for x in old], [repr(x) for x in new]
    head = _common_head(before, after)
    tail = _common_head(before[head:][::-1], after[head:][::-1])
    stop_before, stop_after = len(old) - tail, len(new) - tail
    yield from ((i, i) for i in range(head))
    yield from _middle_pairs(before[head:stop_before], after[head:stop_after], head)
    yield from ((stop_before + i, stop_after + i) for i in range(tail))


def _common_head(one: list[str], other: list[str]) -> int:
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _middle_pairs(before: list[str], after: list[str], offset: int) -> Iterator[tuple[int | None, int | None]]:
    """Walk both lists, seeing single changes, insertions and removals; by longest common runs from where that fails."""
    i = j = 0
    while i < len(before) and j < len(after):
        if before[i] == after[j] or before[i + 1 : i + 2] == after[j + 1 : j + 2]:
            yield offset + i, offset + j
            i, j = i + 1, j + 1
        elif [before[i]] == after[j + 1 : j + 2]:
            yield None, offset + j
            j += 1
        elif before[i + 1 : i + 2] == [after[j]]:
            yield offset + i, None
            i += 1
        else:
            break
    yield from _run_pairs(before[i:], after[j:], offset + i, offset + j)


def _run_pairs(
    before: list[str], after: list[str], from_before: int, from_after: int
) -> Iterator[tuple[int | None, int | None]]:
    for _, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        for step in range(max(i2 - i1, j2 - j1)):
            yield (
                from_before + i1 + step if i1 + step < i2 else None,
                from_after + j1 + step if j1 + step < j2 else None,
            )


def _joined(text: str, container: _Container, pieces: list[_Piece], style: Style) -> str:
    """The container with new items: separators that stood between two kept neighbours are kept, others follow suit."""
    opening, closing = text[container.start], text[container.end - 1]
    if not pieces:
        return opening + closing
    if not container.items:
        return _filled(text, container, pieces, style)
    lead, separator, trail = _gaps(text, container, style)
    out = [opening, lead]
    previous: int | None = None
    for number, piece in enumerate(pieces):
        if number:
            adjacent = piece.index is not None and previous is not None and piece.index == previous + 1
            out.append(_between(text, container.items, previous) if adjacent and previous is not None else separator)
        out.append(piece.text)
        previous = piece.index
    return "".join([*out, trail, closing])


def _between(text: str, items: list[_Item], index: int) -> str:
    return text[items[index].end : items[index + 1].start]


def _gaps(text: str, container: _Container, style: Style) -> tuple[str, str, str]:
    """White space after the opening bracket, separator between items, white space before the closing bracket."""
    items = container.items
    lead = text[container.start + 1 : items[0].start]
    trail = text[items[-1].end : container.end - 1]
    if len(items) > 1:
        return lead, _between(text, items, len(items) - 2), trail
    return lead, "," + lead if "\n" in lead else comma(style), trail


def _filled(text: str, container: _Container, pieces: list[_Piece], style: Style) -> str:
    """An empty container with its first items: on lines of their own unless the whole file is one line."""
    opening, closing = text[container.start], text[container.end - 1]
    parts = [piece.text for piece in pieces]
    if style.indent is None:
        return opening + comma(style).join(parts) + closing
    outer = _line_indent(text, container.start)
    inner = style.newline + outer + style.indent
    return opening + inner + ("," + inner).join(parts) + style.newline + outer + closing


def _item_indent(text: str, container: _Container, style: Style) -> str | None:
    """The indentation of the container's items; None where they stand on one line."""
    if container.items:
        lead = text[container.start + 1 : container.items[0].start]
        return lead.rpartition("\n")[2] if "\n" in lead else None
    return None if style.indent is None else _line_indent(text, container.start) + style.indent


def _line_indent(text: str, at: int) -> str:
    line = text.rfind("\n", 0, at) + 1
    return text[line : min(at, len(text) - len(text[line:].lstrip(" \t")))]
