"""manifests/production/plan.json: a unit that ships is marked so (unit-rubric §4.2)."""

from __future__ import annotations

from typing import Any

from codex.corpus.jsonfile import loads_object, rewrite
from codex.units import Unit

PATH = "manifests/production/plan.json"


def mark_shipped(text: str, unit: Unit) -> str:
    """The plan with the unit shipped: its entry, the queue and the counts; unchanged when it says so already."""
    plan = loads_object(text, PATH)
    units = plan.setdefault("units", {})
    entry = units.get(unit.id)
    if isinstance(entry, dict) and entry.get("status") == "shipped":
        return text
    units[unit.id] = _shipped(entry if isinstance(entry, dict) else _unplanned(unit), unit)
    queue = plan.get("queue_topo_order")
    _count(plan, "shipped", 1)
    if isinstance(queue, list) and unit.id in queue:
        plan["queue_topo_order"] = [each for each in queue if each != unit.id]
        _count(plan, "queued", -1)
        if units[unit.id].get("kind") == "deepening":
            _count(plan, "deepenings_queued", -1)
    return rewrite(text, plan, PATH)


def _shipped(entry: dict[str, Any], unit: Unit) -> dict[str, Any]:
    return entry | {"title": unit.title or entry.get("title", ""), "status": "shipped", "actual_path": unit.path}


def _unplanned(unit: Unit) -> dict[str, Any]:
    """What the plan says of a unit that no audit asked for."""
    return {
        "id": unit.id,
        "title": unit.title,
        "status": "shipped",
        "kind": "new_unit",
        "priority": "shipped-pre-audit",
        "source_audits": [],
        "actual_path": unit.path,
        "prereqs": list(unit.prerequisites),
        "successors": [],
    }


def _count(plan: dict[str, Any], key: str, by: int) -> None:
    counts = plan.get("counts")
    if isinstance(counts, dict) and isinstance(counts.get(key), int):
        counts[key] = max(counts[key] + by, 0)
