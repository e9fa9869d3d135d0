"""manifests/production/plan.json and the page for people: made anew, or brought up to date when a unit ships."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from codex.campaign.clock import stamp
from codex.corpus.bookplan import FOLDER
from codex.corpus.jsonfile import loads_object, rewrite, shared_object
from codex.corpus.jsonstyle import dumps
from codex.corpus.planfile import PATH
from codex.integration.proposal import Proposal
from codex.integration.steps.draft import Draft
from codex.planning import build, rollup
from codex.planning.bullets import Mode
from codex.units import Unit

_TIME = "generated_at"


def mark_shipped(text: str, unit: Unit) -> str:
    """The plan with the unit shipped: its entry, the queue and the counts; unchanged when it says so already."""
    old = shared_object(text, PATH)
    there, counts = old.get("units"), old.get("counts")
    units = dict(there) if isinstance(there, dict) else {}
    plan = old | {"units": units} | ({"counts": dict(counts)} if isinstance(counts, dict) else {})
    entry = units.get(unit.id)
    if isinstance(entry, dict) and entry.get("status") == "shipped":
        return text
    units[unit.id] = _shipped(entry if isinstance(entry, dict) else _unplanned(unit), unit)
    if plan.get("mode") == "extended":  # the other mode does not say what a unit waits for
        _unblock(units, unit.id)
    queue = plan.get("queue_topo_order")
    _count(plan, "shipped", 1)
    if isinstance(queue, list) and unit.id in queue:
        plan["queue_topo_order"] = [each for each in queue if each != unit.id]
        _count(plan, "queued", -1)
        if units[unit.id].get("kind") == "deepening":
            _count(plan, "deepenings_queued", -1)
    return rewrite(text, plan, PATH, old=old, keep=True)


def refresh_plan(draft: Draft, proposal: Proposal, now: datetime) -> None:
    """Make the plan anew when the proposal asks for it or changes an audit; else keep the page with the plan.

    The plan is computed from the very state that the commit will hold, so it cannot be stale. Its mode is the one that
    is asked for, else that of the plan which is there. Raises DataError as build_plan does.
    """
    audits = any(path.startswith(f"{FOLDER}/") for path in draft.changes)
    if proposal.plan_mode or audits:
        _rebuild(draft, proposal.plan_mode or _mode_of(draft), now)
    if PATH in draft.changes:
        _put_page(draft, shared_object(draft.text(PATH), PATH))


def _put_page(draft: Draft, plan: Mapping[str, Any]) -> None:
    """The page for people. A plan of a shape that nobody here knows has none, and hinders no integration."""
    try:
        page = rollup.render(plan)
    except (AttributeError, KeyError, TypeError):
        return
    draft.put(rollup.PATH, page.encode("utf-8"))


def _mode_of(draft: Draft) -> Mode:
    """Extended where there is no plan yet; a plan that names no mode is the reference's."""
    if not draft.exists(PATH):
        return "extended"
    return "extended" if loads_object(draft.text(PATH), PATH).get("mode") == "extended" else "compat"


def _rebuild(draft: Draft, mode: Mode, now: datetime) -> None:
    """Put the new plan, unless it says what the old one says: then the old one's time stays."""
    made = build.build_plan(draft.snapshot(), mode)
    if not draft.exists(PATH):
        draft.put(PATH, dumps(_dated(made, stamp(now))).encode("utf-8"))
        return
    text = draft.text(PATH)
    old = loads_object(text, PATH)
    if {key: value for key, value in old.items() if key != _TIME} != made:
        draft.put(PATH, rewrite(text, _dated(made, stamp(now)), PATH, old=old).encode("utf-8"))


def _dated(plan: dict[str, Any], at: str) -> dict[str, Any]:
    """The plan with its time, after the version as the schema has it."""
    return {"version": plan["version"], _TIME: at} | plan


def _shipped(entry: dict[str, Any], unit: Unit) -> dict[str, Any]:
    kept = {key: value for key, value in entry.items() if key not in {"missing", "counts_as"}}
    return kept | {"title": unit.title or entry.get("title", ""), "status": "shipped", "actual_path": unit.path}


def _unblock(units: dict[str, Any], unit_id: str) -> None:
    """Nobody waits any more for the unit that shipped."""
    for key, entry in list(units.items()):
        missing = entry.get("missing") if isinstance(entry, dict) else None
        if isinstance(missing, list) and unit_id in missing:
            units[key] = entry | {"missing": [each for each in missing if each != unit_id]}


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
