"""The production plan of a workspace: the document of plan.json (unit-rubric §4.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from codex.corpus import booklist, deps
from codex.planning.audits import read_audits
from codex.planning.bullets import DEEPENING, ENRICH, Audit, Mode
from codex.planning.merge import QUEUED, SHIPPED, Unit, is_in_queue, link, mark_shipped, merge_audits, topological_order
from codex.planning.shipped import read_shipped
from codex.snapshot import Snapshot

VERSION = 1
_SHORT_WORD = 3


def build_plan(snapshot: Snapshot, mode: Mode = "extended") -> dict[str, Any]:
    """The plan, without ``generated_at``: it depends on the snapshot and nothing else.

    In extended mode a unit of the audits has ``found_at`` too, the ``path:line`` of each of its bullets, and an audit
    the column ``p0``. Raises DataError when deps.json is no JSON object or its edges are no list.
    """
    audits = read_audits(snapshot, mode)
    units = merge_audits(audits)
    if mode == "extended":
        _add_places(units, audits)
    mark_shipped(units, read_shipped(snapshot, mode))
    link(units, _edges(snapshot, mode))
    books = booklist.parse(_text(snapshot, booklist.PATH))
    unaudited = list(_unaudited(books, [audit.slug for audit in audits]))
    return {
        "version": VERSION,
        "counts": _counts(units.values())
        | {
            "audits_done": len(audits),
            "books_total": len(books),
            "books_unaudited": len(unaudited),
        },
        "units": units,
        "queue_topo_order": [unit_id for unit_id in topological_order(units) if is_in_queue(units[unit_id])],
        "audits_done": {audit.slug: _audit_row(audit, mode) for audit in audits},
        "books_unaudited": unaudited,
    }


def _text(snapshot: Snapshot, path: str, absent: str = "") -> str:
    return snapshot.read(path).decode("utf-8", "replace") if snapshot.exists(path) else absent


def _edges(snapshot: Snapshot, mode: Mode) -> list[tuple[str, str]]:
    """The edges in order. Compat mode keeps those with an end that is no id, as the reference does."""
    text = _text(snapshot, deps.PATH, deps.EMPTY)
    return [(edge.before, edge.after) for edge in deps.parse(text).edges if mode == "compat" or not edge.broken]


def _add_places(units: Mapping[str, Unit], audits: Iterable[Audit]) -> None:
    for audit in audits:
        for bullet in audit.bullets:
            units[bullet.id].setdefault("found_at", []).append(f"{bullet.path}:{bullet.line}")


def _counts(units: Iterable[Unit]) -> dict[str, int]:
    listed = list(units)
    queued = [unit["kind"] for unit in listed if unit["status"] == QUEUED]
    return {
        "shipped": sum(unit["status"] == SHIPPED for unit in listed),
        "queued": sum(is_in_queue(unit) for unit in listed),
        "deepenings_queued": queued.count(DEEPENING),
        "enrichments_pending": queued.count(ENRICH),
    }


def _audit_row(audit: Audit, mode: Mode) -> dict[str, Any]:
    """Path, number of bullets before merging, and how many of each priority (P0 is known to extended only)."""
    priorities = [bullet.priority for bullet in audit.bullets]
    columns: Mapping[str, int] = {f"p{n}": priorities.count(f"P{n}") for n in range(mode == "compat", 5)}
    return {"path": audit.path, "punch_list_count": len(priorities), **columns}


def _unaudited(books: Iterable[booklist.Book], slugs: list[str]) -> Iterator[dict[str, str]]:
    """The books of which no longer word of title or author is part of an audit's slug: a very permissive test."""
    for book in books:
        words = [word for text in (book.title, book.author) for word in slugify(text).split("-")]
        if not any(word in slug for word in words if len(word) > _SHORT_WORD for slug in slugs):
            yield {"ft_entry": book.entry, "title": book.title, "author": book.author}


def slugify(text: str) -> str:
    """Lower case, hyphens for white space and underscores, no punctuation (unit-rubric §4.2)."""
    kept = re.sub(r"[^\w\s-]", "", text.lower())
    return re.sub(r"[\s_]+", "-", kept).strip("-")
