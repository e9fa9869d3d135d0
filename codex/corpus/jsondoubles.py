"""Keys that stand twice in one object of a JSON file. A reader keeps the last value and drops the other, silently."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from codex.corpus.jsonscan import item_spans, skip_blank


@dataclass(frozen=True, slots=True)
class Doubled:
    """A key that stands more than once: ``path`` is dotted (``books.x.passes.P1``), ``lines`` count from 1."""

    path: str
    lines: tuple[int, ...]
    values: tuple[Any, ...]


def doubled_keys(text: str) -> tuple[Doubled, ...]:
    """Every doubled key of a document, in the order of the file; nothing for a text that is no JSON."""
    if not _has_any(text):
        return ()
    starts = [0, *(end.end() for end in re.finditer("\n", text))]
    begin = skip_blank(text, 0)
    return tuple(_doubled(text, (begin, len(text.rstrip())), "", starts))


def _has_any(text: str) -> bool:
    """Quick: most files have none, and finding the places takes longer."""
    found: list[bool] = []

    def look(pairs: list[tuple[str, Any]]) -> None:
        if len({key for key, _ in pairs}) < len(pairs):
            found.append(True)

    try:
        json.loads(text, object_pairs_hook=look)
    except (ValueError, RecursionError):
        return False
    return bool(found)


def _doubled(text: str, span: tuple[int, int], path: str, starts: list[int]) -> Iterator[Doubled]:
    start, end = span
    if text[start] not in "{[":
        return
    items = item_spans(text, start, end)
    places: dict[str, list[Any]] = {}
    for number, item in enumerate(items):
        places.setdefault(str(number) if item.key is None else item.key, []).append(item)
    for key, spans in places.items():
        here = f"{path}.{key}".lstrip(".")
        if len(spans) > 1:
            values = tuple(json.loads(text[each.value_at : each.end]) for each in spans)
            yield Doubled(here, tuple(bisect_right(starts, each.start) for each in spans), values)
        for each in spans:
            yield from _doubled(text, (each.value_at, each.end), here, starts)
