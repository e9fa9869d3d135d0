"""manifests/production/plan.json brought up to date: a unit ships, or is withdrawn and queued again (decision 13).

Text to text: what the plan says otherwise stays as it stands. Made anew it is in build.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from codex.corpus.jsonfile import loads_object, rewrite, shared_object
from codex.corpus.planfile import PATH
from codex.planning.merge import PRE_AUDIT, QUEUED, SHIPPED, is_in_queue, pre_audit, topological_order
from codex.units import Unit


def ship(text: str, unit: Unit) -> str:
    """The plan with the unit shipped: its entry, the queue and the counts; unchanged when it says so already."""
    old = shared_object(text, PATH)
    there, counts = old.get("units"), old.get("counts")
    units = dict(there) if isinstance(there, dict) else {}
    plan = old | {"units": units} | ({"counts": dict(counts)} if isinstance(counts, dict) else {})
    entry = units.get(unit.id)
    if isinstance(entry, dict) and entry.get("status") == SHIPPED:
        return text
    units[unit.id] = _shipped(entry if isinstance(entry, dict) else {}, unit)
    if plan.get("mode") == "extended":  # the other mode does not say what a unit waits for
        _unblock(units, unit.id)
    queue = plan.get("queue_topo_order")
    _count(plan, "shipped", 1)
    if isinstance(queue, list) and unit.id in queue:
        plan["queue_topo_order"] = [each for each in queue if each != unit.id]
        _count_queued(plan, units[unit.id], -1)
    return rewrite(text, plan, PATH, old=old, keep=True)


def unship(text: str, unit_id: str) -> str:
    """The plan with a shipped unit queued again; one that no audit asked for leaves the plan.

    In the queue it stands before what comes after it in the plan's topological order (unit-rubric §4.2).
    """
    plan = loads_object(text, PATH)
    units = plan.get("units")
    entry = units.get(unit_id) if isinstance(units, dict) else None
    if not isinstance(units, dict) or not isinstance(entry, dict) or entry.get("status") != SHIPPED:
        return text
    _count(plan, "shipped", -1)
    if not _is_asked_for(entry):
        plan["units"] = {key: unit for key, unit in units.items() if key != unit_id}
        return rewrite(text, plan, PATH)
    units[unit_id] = _queued(entry, units) if plan.get("mode") == "extended" else _plainly_queued(entry)
    _block(units, unit_id)
    if is_in_queue({"kind": "new_unit"} | units[unit_id]):
        _enqueue(plan, units, unit_id)
    return rewrite(text, plan, PATH)


def is_asked_for(text: str, unit_id: str) -> bool:
    """True when an audit asks for the unit: then the plan queues it again when it is withdrawn."""
    units = loads_object(text, PATH).get("units")
    return isinstance(units, dict) and _is_asked_for(units.get(unit_id))


def _is_asked_for(entry: object) -> bool:
    if not isinstance(entry, Mapping):
        return False
    return bool(entry.get("source_audits")) or entry.get("priority") not in {None, PRE_AUDIT}


def _shipped(entry: Mapping[str, Any], unit: Unit) -> dict[str, Any]:
    """The unit's entry; one that the plan does not have is that of a unit which no audit asked for."""
    if not entry:
        return pre_audit(unit.id, unit.title, unit.path, unit.prerequisites)
    kept = {key: value for key, value in entry.items() if key not in {"missing", "counts_as"}}
    return kept | {"title": unit.title or entry.get("title", ""), "status": SHIPPED, "actual_path": unit.path}


def _plainly_queued(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key != "actual_path"} | {"status": QUEUED}


def _queued(entry: Mapping[str, Any], units: Mapping[str, Any]) -> dict[str, Any]:
    """The extended plan also says what a queued unit counts as and waits for."""
    there = {key for key, unit in units.items() if isinstance(unit, Mapping) and unit.get("status") == SHIPPED}
    waits_for = [each for each in _texts(entry, "prereqs") if each not in there]
    return _plainly_queued(entry) | {"counts_as": entry.get("priority", "P?"), "missing": waits_for}


def _unblock(units: dict[str, Any], unit_id: str) -> None:
    """Nobody waits any more for the unit that shipped."""
    waiting = [key for key, entry in units.items() if isinstance(entry, dict) and "missing" in entry]
    for key in waiting:
        missing = units[key]["missing"]
        if isinstance(missing, list) and unit_id in missing:
            units[key] = units[key] | {"missing": [each for each in missing if each != unit_id]}


def _block(units: Mapping[str, Any], unit_id: str) -> None:
    """Who needs the unit waits for it again, where the plan says what is waited for."""
    for entry in units.values():
        missing = entry.get("missing") if isinstance(entry, dict) else None
        if isinstance(missing, list) and unit_id in _texts(entry, "prereqs") and unit_id not in missing:
            entry["missing"] = [each for each in _texts(entry, "prereqs") if each in {*missing, unit_id}]


def _enqueue(plan: dict[str, Any], units: Mapping[str, Any], unit_id: str) -> None:
    queue = plan.get("queue_topo_order")
    if not isinstance(queue, list) or unit_id in queue:
        return
    order = topological_order({key: {"prereqs": _texts(unit, "prereqs")} for key, unit in units.items()})
    rank = {each: place for place, each in enumerate(order)}
    needed = set(_texts(units[unit_id], "prereqs"))
    first = max((place for place, each in enumerate(queue, 1) if each in needed), default=0)
    later = (p for p, each in enumerate(queue) if p >= first and rank.get(each, -1) > rank[unit_id])
    plan["queue_topo_order"] = [*queue]
    plan["queue_topo_order"].insert(next(later, len(queue)), unit_id)
    _count_queued(plan, units[unit_id], 1)


def _texts(unit: object, key: str) -> list[str]:
    listed = unit.get(key) if isinstance(unit, Mapping) else None
    return [each for each in listed if isinstance(each, str)] if isinstance(listed, list) else []


def _count_queued(plan: dict[str, Any], entry: Mapping[str, Any], by: int) -> None:
    _count(plan, "queued", by)
    if entry.get("kind") == "deepening":
        _count(plan, "deepenings_queued", by)


def _count(plan: dict[str, Any], key: str, by: int) -> None:
    counts = plan.get("counts")
    if isinstance(counts, dict) and isinstance(counts.get(key), int):
        counts[key] = max(counts[key] + by, 0)
