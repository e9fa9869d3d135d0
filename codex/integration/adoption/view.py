"""A corpus as the detectors read it: every file once, every line number when it is asked for.

Nothing here raises on account of a file: one that cannot be read counts as empty, and the kind ``unreadable-files``
names it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

from codex.campaign.adopt import adopted_drafts
from codex.campaign.ledger import CAMPAIGN
from codex.corpus import booklist, catalog, connections, deps
from codex.corpus.booklist import Book
from codex.corpus.catalog import Catalog
from codex.corpus.connections import Registry
from codex.corpus.deps import Deps
from codex.corpus.index import CorpusIndex
from codex.corpus.jsonfile import loads_object
from codex.corpus.jsonscan import Span, item_spans, skip_blank
from codex.corpus.planfile import PATH as PRODUCTION_PLAN
from codex.errors import CodexError, NotText
from codex.snapshot import Snapshot
from codex.units import Unit, is_id

#: The documents that all units share, and what reads them.
_SHARED: Mapping[str, Callable[[str], object]] = {
    deps.PATH: deps.parse,
    connections.PATH: connections.parse,
    catalog.PATH: str,
    booklist.PATH: str,
    PRODUCTION_PLAN: lambda text: loads_object(text, PRODUCTION_PLAN),
    CAMPAIGN: lambda text: adopted_drafts(text.encode("utf-8"), CAMPAIGN),
}


def _damaged(snapshot: Snapshot) -> dict[str, str]:
    """Shared documents that cannot be read, with the reason."""
    found = {}
    for path, read in _SHARED.items():
        try:
            read(snapshot.text(path, "{}"))
        except NotText as exc:
            found[path] = f"it is not UTF-8 text: {exc.reason}"
        except CodexError as exc:
            found[path] = exc.what
    return found


class View:
    """One state of a corpus. ``damaged``: shared documents that count as absent, with the reason.

    What is damaged is never repaired: nothing would be left of it.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.damaged = _damaged(snapshot)
        self.index = CorpusIndex(snapshot.with_changes(dict.fromkeys(self.damaged)) if self.damaged else snapshot)
        self._lines: dict[str, list[int]] = {}

    def text(self, path: str) -> str:
        """The file as text; "" when it is absent or no UTF-8."""
        try:
            return self.snapshot.text(path, "")
        except NotText:
            return ""

    def document(self, path: str) -> dict[str, Any]:
        """The JSON object of a file; empty when there is none that can be read."""
        if path in self.damaged:
            return {}
        try:
            return loads_object(self.text(path) or "{}", path)
        except CodexError:
            return {}

    def line(self, path: str, offset: int) -> int:
        """The line, from 1, that holds an offset of the file's text."""
        if path not in self._lines:
            self._lines[path] = [0, *(end.end() for end in re.finditer("\n", self.text(path)))]
        return bisect_right(self._lines[path], offset)

    def members(self, path: str, *keys: str) -> list[Span]:
        """Where the items of an object or list of a JSON file stand; ``keys`` lead to it. Empty where there is none."""
        text = self.text(path)
        if not self.document(path):
            return []
        start, end = skip_blank(text, 0), len(text.rstrip())
        for key in keys:
            member = next((m for m in reversed(item_spans(text, start, end)) if m.key == key), None)
            if member is None or text[member.value_at] not in "{[":
                return []
            start, end = member.value_at, member.end
        return item_spans(text, start, end)

    @cached_property
    def units(self) -> tuple[Unit, ...]:
        return tuple(self.index.units())

    @cached_property
    def shipped(self) -> Mapping[str, Unit]:
        """Units that stand in the corpus with status ``shipped``, by the id that they give themselves."""
        return {unit.id: unit for unit in self.units if not unit.error and unit.status == "shipped" and is_id(unit.id)}

    @property
    def deps(self) -> Deps:
        return self.index.deps

    @cached_property
    def edge_lines(self) -> list[int]:
        """The line of each edge of deps.json, in their order."""
        return [self.line(deps.PATH, item.start) for item in self.members(deps.PATH, "edges")]

    @cached_property
    def raw_edges(self) -> list[Any]:
        listed = self.document(deps.PATH).get("edges", [])
        return listed if isinstance(listed, list) else []

    def edges(self) -> Iterator[tuple[int, str, str, str]]:
        """Line, from, to and state of each edge whose ends are texts."""
        for line, edge in zip(self.edge_lines, self.raw_edges, strict=False):
            if isinstance(edge, dict) and isinstance(edge.get("from"), str) and isinstance(edge.get("to"), str):
                yield line, edge["from"], edge["to"], str(edge.get("state", ""))

    @cached_property
    def catalog(self) -> Catalog:
        return catalog.parse(self.text(catalog.PATH))

    @property
    def registry(self) -> Registry:
        return self.index.connections

    @cached_property
    def connection_lines(self) -> dict[str, int]:
        """The line on which each connection's entry begins, by its id."""
        listed = self.document(connections.PATH).get("connections", [])
        spans = self.members(connections.PATH, "connections")
        pairs = zip(listed if isinstance(listed, list) else [], spans, strict=False)
        return {
            str(entry["id"]): self.line(connections.PATH, span.start)
            for entry, span in pairs
            if isinstance(entry, dict) and "id" in entry
        }

    @cached_property
    def plan(self) -> Mapping[str, dict[str, Any]]:
        """The units of plan.json by their keys, as they stand."""
        units = self.document(PRODUCTION_PLAN).get("units")
        return {k: v for k, v in units.items() if isinstance(v, dict)} if isinstance(units, dict) else {}

    @cached_property
    def plan_lines(self) -> dict[str, int]:
        """The line on which each unit of plan.json begins."""
        spans = self.members(PRODUCTION_PLAN, "units")
        return {str(span.key): self.line(PRODUCTION_PLAN, span.start) for span in spans}

    @property
    def books(self) -> tuple[Book, ...]:
        return self.index.books
