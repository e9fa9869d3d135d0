"""Why a unit is where it is in the queue, from the plan document alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from codex.planning.bullets import NO_PRIORITY
from codex.planning.find import find_unit
from codex.planning.merge import NOT_QUEUED, SHIPPED
from codex.planning.unblocks import unblocked_by


def explain(plan: Mapping[str, Any], wanted: str) -> dict[str, Any]:
    """Everything that the (extended) plan knows of a unit; raises UserError naming the nearest for an unknown id.

    ``place`` is {"rank", "of", "why"}, rank None for what is not in the queue; ``prerequisites`` a list of {"id",
    "title", "state"}; ``cycles`` and ``collisions`` are those of the plan in which the unit takes part.
    """
    unit = find_unit(plan, wanted)
    units, unit_id = plan["units"], str(unit["id"])
    direct, further = unblocked_by(units, unit_id)
    return {
        "id": unit_id,
        "title": unit["title"],
        "kind": unit["kind"],
        "status": unit["status"],
        "path": unit.get("actual_path", ""),
        "place": _place(plan, unit),
        "priority": {"own": unit["priority"], "counts_as": unit.get("counts_as", unit["priority"])},
        "sources": list(unit.get("found_at", ())),
        "text": unit.get("spec_excerpt", ""),
        "prerequisites": [_prerequisite(units, each) for each in unit["prereqs"]],
        "unblocks": {"direct": direct, "further": further},
        "cycles": [cycle for cycle in plan.get("cycles", ()) if unit_id in cycle["members"]],
        "collisions": [c for c in plan.get("collisions", ()) if unit_id in {c["written"], c["resolved_to"]}],
    }


def _prerequisite(units: Mapping[str, Any], unit_id: str) -> dict[str, str]:
    known = units.get(unit_id)
    state = str(known["status"]) if known else "neither written nor asked for"
    return {"id": unit_id, "title": str(known["title"]) if known else "", "state": state}


def _place(plan: Mapping[str, Any], unit: Mapping[str, Any]) -> dict[str, Any]:
    queue = list(plan["queue_topo_order"])
    if unit["id"] not in queue:
        return {"rank": None, "of": len(queue), "why": _why_not(unit)}
    rank = queue.index(unit["id"]) + 1
    return {"rank": rank, "of": len(queue), "why": "; ".join(_reasons(plan, unit, queue, rank))}


def _why_not(unit: Mapping[str, Any]) -> str:
    if unit["status"] == SHIPPED:
        return f"it is written: {unit.get('actual_path', '')}"
    return f"its kind is {unit['kind'].replace('_', ' ')}" if unit["kind"] in NOT_QUEUED else "it is not queued"


def _reasons(plan: Mapping[str, Any], unit: Mapping[str, Any], queue: list[str], rank: int) -> Iterator[str]:
    """Its priority, what it must wait for, and what stands next to it."""
    units = plan["units"]
    own, counts_as = unit["priority"], unit.get("counts_as", unit["priority"])
    if counts_as == own:
        yield "no audit gives it a priority" if own == NO_PRIORITY else f"its highest priority in the audits is {own}"
    else:
        direct, further = unblocked_by(units, unit["id"])
        waiting = [each for each in (*direct, *further) if units[each]["priority"] == counts_as]
        yield f"it is {own} itself and counts as {counts_as}, for {', '.join(waiting[:3])} waits for it"
    missing = unit.get("missing", [])
    before = [each for each in missing if each in queue]
    if before:
        last = max(before, key=queue.index)
        yield f"it comes after its prerequisites, the last of which ({last}) has place {queue.index(last) + 1}"
    unknown = [each for each in missing if each not in queue]
    if unknown:
        yield f"it is not ready: {', '.join(unknown)} is neither written nor queued"
    if not missing:
        yield "it is ready: all its prerequisites are written"
    ahead = queue[rank - 2] if rank > 1 else ""
    if ahead and units[ahead].get("counts_as") == counts_as:
        yield f"among equals the order is that of the audits: before it comes {ahead}"
