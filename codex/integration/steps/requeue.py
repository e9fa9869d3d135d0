"""manifests/production/plan.json: a unit that is withdrawn is queued again, if an audit asked for it (decision 13)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from codex.corpus.jsonfile import loads_object, rewrite
from codex.corpus.planfile import PATH
from codex.planning.merge import PRE_AUDIT, is_in_queue, topological_order

__all__ = ["PATH", "is_asked_for", "mark_withdrawn"]


def mark_withdrawn(text: str, unit_id: str) -> str:
    """The plan with a shipped unit queued again; one that no audit asked for leaves the plan.

    In the queue it stands before what comes after it in the plan's topological order (unit-rubric §4.2).
    """
    plan = loads_object(text, PATH)
    units = plan.get("units")
    entry = units.get(unit_id) if isinstance(units, dict) else None
    if not isinstance(units, dict) or not isinstance(entry, dict) or entry.get("status") != "shipped":
        return text
    _count(plan, "shipped", -1)
    if not _is_planned(entry):
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
    return isinstance(units, dict) and _is_planned(units.get(unit_id))


def _is_planned(entry: object) -> bool:
    if not isinstance(entry, Mapping):
        return False
    return bool(entry.get("source_audits")) or entry.get("priority") not in {None, PRE_AUDIT}


def _plainly_queued(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key != "actual_path"} | {"status": "queued"}


def _queued(entry: Mapping[str, Any], units: Mapping[str, Any]) -> dict[str, Any]:
    """The extended plan also says what a queued unit counts as and waits for."""
    there = {key for key, unit in units.items() if isinstance(unit, Mapping) and unit.get("status") == "shipped"}
    waits_for = [each for each in _texts(entry, "prereqs") if each not in there]
    return _plainly_queued(entry) | {"counts_as": entry.get("priority", "P?"), "missing": waits_for}


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
    _count(plan, "queued", 1)
    if units[unit_id].get("kind") == "deepening":
        _count(plan, "deepenings_queued", 1)


def _texts(unit: object, key: str) -> list[str]:
    listed = unit.get(key) if isinstance(unit, Mapping) else None
    return [each for each in listed if isinstance(each, str)] if isinstance(listed, list) else []


def _count(plan: dict[str, Any], key: str, by: int) -> None:
    counts = plan.get("counts")
    if isinstance(counts, dict) and isinstance(counts.get(key), int):
        counts[key] = max(counts[key] + by, 0)
