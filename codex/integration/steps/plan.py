"""manifests/production/plan.json and the page for people, made anew.

What a unit that ships or is withdrawn changes in them is in codex/planning/edit.py.
"""

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

_TIME = "generated_at"


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
