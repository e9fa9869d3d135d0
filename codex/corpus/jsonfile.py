"""Edit a JSON file as text: only what changed is rewritten, everything else keeps its bytes.

``rewrite(text, value)`` compares the document in ``text`` with ``value`` and replaces the smallest parts that differ.
Untouched are key order, indentation, inline or broken lists, escapes, the final newline and even a key that stands
twice. So an edit is a plain change to loaded data, and a diff of the file shows just that.
"""

from __future__ import annotations

import bisect
import json
from dataclasses import dataclass
from typing import Any

from codex.corpus.jsonedit import Rewriting
from codex.corpus.jsonlayout import Layout, patched, patched_data
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
    rewriting = Rewriting(text)
    try:
        layout = rewriting.document(old, value, known.layout if known else None)
    except RecursionError as exc:
        raise DataError(f"{where} is nested too deeply to be edited.", remedy="Mend the file.") from exc
    new, data = _patched(rewriting, known.data if known else None)
    if keep:
        _known.put(new, _Known(value, layout, data))
    return new


def _patched(rewriting: Rewriting, data: bytes | None) -> tuple[str, bytes | None]:
    """The new text, and its bytes where they are made on the way; ``data``: the old ones, if they are at hand."""
    if not rewriting.patches or not rewriting.is_ascii:
        return patched(rewriting.text, rewriting.patches), None
    new = patched_data(data or rewriting.text.encode("ascii"), rewriting.patches)
    return new.decode("ascii"), new


def encoded(text: str) -> bytes:
    """The text in UTF-8; a large one that was just rewritten has its bytes already."""
    known = _known.get(text)
    return known.data if known and known.data else text.encode("utf-8")


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a text: its value, and if it was rewritten its layout and perhaps its bytes."""

    value: Any
    layout: Layout | None = None
    data: bytes | None = None


#: Large documents, with their layouts.
_known: Memory[_Known] = Memory(8)


def insert_in_order(items: list[Any], item: Any) -> list[Any]:
    """The list with the item: at its place if the list is sorted, else at the end; unchanged if it is there."""
    if item in items:
        return items
    sortable = all(isinstance(x, str) for x in items) and items == sorted(items)
    at = bisect.bisect(items, item) if sortable else len(items)
    return [*items[:at], item, *items[at:]]
