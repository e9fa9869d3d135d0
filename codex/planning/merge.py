"""Merging the audits' bullets into units, their prerequisites and their order (unit-rubric §4.2). Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from codex.planning.bullets import DEFERRED, ENRICH, NEW_UNIT, OUT_OF_SCOPE, Audit, Bullet
from codex.planning.shipped import Shipped

#: A unit of plan.json.
Unit = dict[str, Any]

SHIPPED, QUEUED = "shipped", "queued"
PRE_AUDIT = "shipped-pre-audit"
SPEC_LIMIT = 600
#: Kinds that are planned but not produced by the queue.
NOT_QUEUED = frozenset({ENRICH, OUT_OF_SCOPE, DEFERRED})


def merge_audits(audits: Iterable[Audit]) -> dict[str, Unit]:
    """Id → unit in order of first appearance; a later bullet of higher priority gives its priority and excerpt."""
    units: dict[str, Unit] = {}
    for audit in audits:
        for bullet in audit.bullets:
            if bullet.id not in units:
                units[bullet.id] = _first(bullet)
            unit = units[bullet.id]
            unit["source_audits"].append(audit.slug)
            if bullet.priority < unit["priority"]:  # as strings: P0 < … < P4 < P?
                unit |= {"priority": bullet.priority, "spec_excerpt": bullet.spec[:SPEC_LIMIT]}
    return units


def _first(bullet: Bullet) -> Unit:
    return {
        "id": bullet.id,
        "title": bullet.title,
        "spec_excerpt": bullet.spec[:SPEC_LIMIT],
        "priority": bullet.priority,
        "kind": bullet.kind,
        "source_audits": [],
        "audit_position": bullet.position,
        "prereqs": [],
        "successors": [],
    }


def mark_shipped(units: dict[str, Unit], shipped: Mapping[str, Shipped]) -> None:
    """Set ``status``; a shipped unit gets its path and its own title, and one that no audit names is added."""
    for unit_id, unit in units.items():
        done = shipped.get(unit_id)
        unit["status"] = SHIPPED if done else QUEUED
        if done:
            unit |= {"actual_path": done.path, "title": done.title or unit["title"]}
    for unit_id, done in shipped.items():
        if unit_id not in units:
            units[unit_id] = pre_audit(done.id, done.title, done.path)


def pre_audit(unit_id: str, title: str, path: str, prerequisites: Iterable[str] = ()) -> Unit:
    """What the plan says of a shipped unit that no audit asked for."""
    return {
        "id": unit_id,
        "title": title,
        "status": SHIPPED,
        "kind": NEW_UNIT,
        "priority": PRE_AUDIT,
        "source_audits": [],
        "actual_path": path,
        "prereqs": list(prerequisites),
        "successors": [],
    }


def link(units: Mapping[str, Unit], edges: Iterable[tuple[str, str]]) -> None:
    """Enter the edges (prerequisite, dependent) at the ends that are in the plan, each once."""
    for before, after in edges:
        if after in units and before not in units[after]["prereqs"]:
            units[after]["prereqs"].append(before)
        if before in units and after not in units[before]["successors"]:
            units[before]["successors"].append(after)


def is_in_queue(unit: Unit) -> bool:
    """True for what is to be produced: queued, and neither enrichment, nor deferred, nor out of scope."""
    return unit["status"] == QUEUED and unit["kind"] not in NOT_QUEUED


def topological_order(units: Mapping[str, Unit]) -> list[str]:
    """Every id after its prerequisites, depth first from the order of the plan; cycles are cut where they close."""
    order: list[str] = []
    entered: set[str] = set()
    for start in units:
        if start in entered:
            continue
        entered.add(start)
        stack: list[tuple[str, Iterator[str]]] = [(start, iter(units[start]["prereqs"]))]
        while stack:
            here, waiting = stack[-1]
            following = next((unit for unit in waiting if unit in units and unit not in entered), None)
            if following is None:
                order.append(here)
                stack.pop()
            else:
                entered.add(following)
                stack.append((following, iter(units[following]["prereqs"])))
    return order
