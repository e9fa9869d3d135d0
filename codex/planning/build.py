"""The production plan of a workspace: the document of plan.json (unit-rubric §4.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from codex.corpus import booklist, catalog, deps, planfile
from codex.planning.audits import read_audits
from codex.planning.books import unaudited
from codex.planning.bullets import DEEPENING, ENRICH, OUT_OF_SCOPE, Audit, Mode
from codex.planning.drift import find_drift
from codex.planning.edges import Edges, gather
from codex.planning.merge import QUEUED, SHIPPED, Unit, is_in_queue, link, mark_shipped, merge_audits, topological_order
from codex.planning.resolve import Resolution, remembered, resolve
from codex.planning.shipped import Shipped, read_shipped
from codex.snapshot import Snapshot

VERSION = 1

Plan = dict[str, Any]


def build_plan(snapshot: Snapshot, mode: Mode = "extended") -> Plan:
    """The plan, without ``generated_at``: it depends on the snapshot and nothing else.

    Compat mode is the reference's plan, key for key. Extended mode adds: to a unit of the audits ``found_at`` (the
    ``path:line`` of each of its bullets), to a queued one ``counts_as`` (the priority with which it queues) and
    ``missing`` (prerequisites that are not shipped), to an audit ``p0`` and ``left_out``, and at the top ``mode``,
    ``cycles``, ``collisions`` and ``drift``. Raises DataError when deps.json is no JSON object or its edges are no
    list.
    """
    return _compat(snapshot) if mode == "compat" else _extended(snapshot)


def _compat(snapshot: Snapshot) -> Plan:
    audits = read_audits(snapshot, "compat")
    units = merge_audits(audits)
    mark_shipped(units, read_shipped(snapshot, "compat"))
    link(units, [(edge.before, edge.after) for edge in _deps(snapshot).edges])
    queue = [unit_id for unit_id in topological_order(units) if is_in_queue(units[unit_id])]
    return _document(snapshot, "compat", audits, units, queue)


def _extended(snapshot: Snapshot) -> Plan:
    from codex.planning.cycles import break_cycles  # networkx: not for those who only ask for compat
    from codex.planning.order import queue_order

    audits = read_audits(snapshot)
    shipped, document = read_shipped(snapshot, "extended"), _deps(snapshot)
    resolution = resolve(audits, shipped, document.ids, remembered(planfile.last_written(snapshot)))
    units = merge_audits(resolution.audits)
    _add_places(units, resolution.audits)
    mark_shipped(units, shipped)
    edges = gather(document, shipped, audits, resolution)
    cycles = break_cycles(edges)
    for cycle in cycles:
        edges.pop(cycle.cut)
    link(units, edges)
    order = queue_order({i: str(unit["priority"]) for i, unit in units.items() if is_in_queue(unit)}, edges)
    for unit_id in order.queue:
        units[unit_id]["counts_as"] = order.counts_as[unit_id]
        units[unit_id]["missing"] = [each for each in units[unit_id]["prereqs"] if _is_awaited(units, each)]
    plan = _document(snapshot, "extended", resolution.audits, units, list(order.queue))
    return plan | {
        "cycles": [cycle.as_data() for cycle in cycles],
        "collisions": [each.as_data() for each in resolution.collisions],
        "drift": _drift(snapshot, shipped, document, edges, resolution),
    }


def _is_awaited(units: Mapping[str, Unit], unit_id: str) -> bool:
    """Whether a prerequisite still has to be written; what is out of scope never will be and is not waited for."""
    known = units.get(unit_id)
    return known is None or (known["status"] != SHIPPED and known["kind"] != OUT_OF_SCOPE)


def _drift(
    snapshot: Snapshot, shipped: Mapping[str, Shipped], document: deps.Deps, edges: Edges, resolution: Resolution
) -> list[dict[str, Any]]:
    planned = {bullet.id for audit in resolution.audits for bullet in audit.bullets}
    concepts = catalog.parse(snapshot.any_text(catalog.PATH, catalog.EMPTY))
    return [each.as_data() for each in find_drift(shipped, document, concepts, edges, planned)]


def _document(
    snapshot: Snapshot, mode: Mode, audits: tuple[Audit, ...], units: dict[str, Unit], queue: list[str]
) -> Plan:
    books = booklist.parse(snapshot.any_text(booklist.PATH))
    without = [
        {"ft_entry": book.entry, "title": book.title, "author": book.author} for book in unaudited(books, audits, mode)
    ]
    about_books = {"audits_done": len(audits), "books_total": len(books), "books_unaudited": len(without)}
    return {
        "version": VERSION,
        **({} if mode == "compat" else {"mode": mode}),
        "counts": _counts(units.values()) | about_books,
        "units": units,
        "queue_topo_order": queue,
        "audits_done": {audit.slug: _audit_row(audit, mode) for audit in audits},
        "books_unaudited": without,
    }


def _deps(snapshot: Snapshot) -> deps.Deps:
    return deps.parse(snapshot.any_text(deps.PATH, deps.EMPTY))


def _add_places(units: Mapping[str, Unit], audits: Iterable[Audit]) -> None:
    for audit in audits:
        for bullet in audit.bullets:
            units[bullet.id].setdefault("found_at", []).append(bullet.place)


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
    columns: dict[str, Any] = {f"p{n}": priorities.count(f"P{n}") for n in range(mode == "compat", 5)}
    if mode == "extended":
        columns["left_out"] = [{"line": each.line, "text": each.text, "reason": each.reason} for each in audit.left_out]
    return {"path": audit.path, "punch_list_count": len(priorities), **columns}
