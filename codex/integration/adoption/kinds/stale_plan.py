"""plan.json against the files: what it says of shipped units, and ends of edges that are no ids."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from codex.campaign.clock import stamp
from codex.corpus import deps
from codex.corpus.jsonfile import rewrite
from codex.corpus.planfile import PATH as PRODUCTION_PLAN
from codex.integration.adoption.kind import Found, Kind, Repair
from codex.integration.adoption.view import View
from codex.planning.build import build_plan
from codex.units import is_id


def _find(view: View) -> Iterator[Found]:
    if not view.snapshot.exists(PRODUCTION_PLAN) or PRODUCTION_PLAN in view.damaged:
        return
    for key, line in view.plan_lines.items():
        reason = _wrong(view, key)
        if reason:
            yield Found(PRODUCTION_PLAN, line, reason)
    for unit_id, unit in view.shipped.items():
        if unit_id not in view.plan:
            yield Found(unit.path, None, f"{unit_id} is shipped; the plan does not know it")


def _wrong(view: View, key: str) -> str:
    entry, unit = view.plan.get(key, {}), view.shipped.get(key)
    if not is_id(key):
        return ""  # kind quoted-ids
    if unit is None and entry.get("status") == "shipped":
        return f"{key} is shipped, says the plan; no such unit stands in the corpus"
    if unit is not None and entry.get("status") != "shipped":
        return f"{key} is {entry.get('status')}, says the plan; it is {unit.path}"
    if unit is not None and entry.get("actual_path") != unit.path:
        return f"{key} is at {entry.get('actual_path')}, says the plan; it is {unit.path}"
    ends = [end for name in ("prereqs", "successors") for end in entry.get(name) or ()]
    broken = sorted({str(end) for end in ends if not (isinstance(end, str) and is_id(end))})
    return f"{key} has edges to {', '.join(map(repr, broken))}" if broken else ""


def _repair(view: View, now: datetime) -> Repair:
    if deps.PATH in view.damaged or not any(True for _ in _find(view)):
        return Repair()
    old, new = view.document(PRODUCTION_PLAN), build_plan(view.snapshot)
    text = rewrite(view.text(PRODUCTION_PLAN), old | new | {"generated_at": stamp(now)}, PRODUCTION_PLAN)
    lost, added = set(view.plan) - set(new["units"]), set(new["units"]) - set(view.plan)
    said = (
        f"the plan was built anew from audits and files: {len(added)} units joined it, {len(lost)} without a file left"
    )
    return Repair({PRODUCTION_PLAN: text.encode("utf-8")}, (said,))


KIND = Kind(
    name="stale-plan",
    group="plan",
    title="entries of the production plan that the files contradict",
    means="The plan was not built again after units shipped, moved or went, or it copied broken edges.",
    mends="Builds plan.json anew from audits, files and booklist, as `codexctl plan --write` does; unknown keys at its "
    "top stay.",
    find=_find,
    repair=_repair,
)
