"""The scorecard: every figure computed from the committed state."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from codex.campaign.events import EventDraft, Kind
from codex.errors import UserError
from codex.oversight.scorecard import Scorecard, of_snapshot, render_markdown, tables
from codex.passes.inventory import LAYERS
from codex.passes.tables import parse_tables
from tests.passes.test_continuity import reply as continuity
from tests.passes.worlds import (
    ORTHOGONAL,
    SLUG,
    SPIN,
    SUBJECT,
    World,
    edit,
    falling_short,
    path_of,
    planned,
    produced,
    registered,
    verified,
    weaving,
    woven,
)

CRITERIA = (
    "all seven passes complete, book covered",
    "produced units pass all checks",
    "continuity metrics meet their thresholds",
    "cost within the budget",
    "wall time under 8 hours",
    "quality sample at least 4.0 of 5",
)


def card(world: World) -> Scorecard:
    return of_snapshot(world.snapshot, SLUG)


def verdicts(world: World) -> dict[str, str]:
    return {what: verdict for what, verdict, _ in card(world).criteria()}


def completed() -> World:
    return woven().take("PV_continuity", continuity(), "woven", "equivalence-covered")


def event(kind: Kind, **values: Any) -> EventDraft:
    return EventDraft(subject=SUBJECT, kind=kind, **values)


def test_a_covered_book() -> None:
    found = card(completed())
    assert found.covered
    assert [(u.id, u.action, f"{u.passed}/{u.total}", u.drafts) for u in found.units] == [
        (ORTHOGONAL, "deepen", "27/27", 1),
        (SPIN, "new", "27/27", 1),
    ]
    assert [layer["layer"] for layer in found.layers] == list(LAYERS)
    assert verdicts(completed()) == dict.fromkeys(CRITERIA, "met") | {CRITERIA[-1]: "not judged"}


def test_a_book_that_has_not_begun() -> None:
    found = verdicts(registered())
    assert found == {
        CRITERIA[0]: "not met", CRITERIA[1]: "not met", CRITERIA[2]: "not met", CRITERIA[3]: "met", CRITERIA[4]: "met",
        CRITERIA[5]: "not judged",
    }  # fmt: skip
    assert card(registered()).wall == timedelta()
    with pytest.raises(UserError, match="not in the ledger"):
        of_snapshot(registered().snapshot, "another-book")


def test_all_passes_have_to_be_complete() -> None:
    assert {w: f for w, _, f in card(woven()).criteria()}[CRITERIA[0]] == "6 of 7 passes, woven"
    assert verdicts(woven())[CRITERIA[0]] == "not met"


def test_units_woven_in_passing_are_not_the_books_own() -> None:
    other = {"unit": "01.01.15", "edits": [edit("append", "Synthesis", "This is an instance of it [03.03.03].")]}
    world = verified().take("PW_weaving", weaving(units=[*weaving()["units"], other]), "verified", "woven")
    assert [u.id for u in card(world).units] == [ORTHOGONAL, SPIN]


def test_a_unit_that_fails_a_check_shows() -> None:
    world = completed().edit(path_of(SPIN, completed()), lambda text: text + "\nObviously.\n")
    found = card(world)
    assert [f"{u.passed}/{u.total}" for u in found.units] == ["27/27", "26/27"]
    assert found.corpus_failing == 1
    assert verdicts(world)[CRITERIA[1]] == "not met"


def test_drafts_are_counted() -> None:
    rejected = event(Kind.UNIT_REJECTED, pass_name="P4_production", unit=SPIN, data={"id": SPIN, "attempt": 1})
    world = World(planned().files).events(rejected)
    shipped = event(Kind.UNIT_SHIPPED, pass_name="P4_production", unit=SPIN, data={"id": SPIN, "action": "new"})
    world = World({**produced().files, **world.files}).events(shipped)
    (spin,) = [u for u in card(world).units if u.id == SPIN]
    assert spin.drafts == 2


# --- layers ------------------


def shares(world: World) -> dict[str, Any]:
    return {layer["layer"]: layer["percentage"] for layer in card(world).layers}


def test_layers_are_those_of_the_newest_sound_verification() -> None:
    assert shares(planned())["theorem"] == 66.6
    assert shares(verified())["theorem"] == 100.0
    back = produced().take("P5_verification", falling_short(), "production-complete", "production-ready")
    assert shares(back)["theorem"] == 66.6


def test_figures_of_a_reply_that_was_sent_back_do_not_count() -> None:
    """A reply whose quotes are not found may claim anything."""
    claimed = [{"layer": layer, "percentage": 100.0, "threshold": 90.0, "met": True} for layer in LAYERS]
    data = {"attempt": 1, "kind": "reply", "defects": [], "coverage": claimed}
    world = planned().events(event(Kind.PASS_FAILED, pass_name="P5_verification", data=data))
    assert shares(world)["theorem"] == 66.6


# --- money and time ------------------


def paid(usd: str) -> World:
    data = {"attempt": 1, "agent_invocations": 3}
    failed = event(Kind.PASS_FAILED, pass_name="P1_audit", cost_usd=Decimal(usd), data=data)
    other = EventDraft(subject="book:other", kind=Kind.REGISTERED, data={"tier": "α", "title": "Other"})
    note = EventDraft(subject="book:other", kind=Kind.NOTED, cost_usd=Decimal(9), data={"agent_invocations": 40})
    return registered().events(failed, other, note)


@pytest.mark.parametrize(("usd", "verdict"), [("0", "met"), ("49.99", "met"), ("50", "not met"), ("50.01", "not met")])
def test_the_cost_is_the_books_own_and_below_its_budget(usd: str, verdict: str) -> None:
    found = card(paid(usd))
    assert (found.cost, found.budget) == (Decimal(usd), Decimal(50))
    assert found.calls == 3
    assert verdicts(paid(usd))[CRITERIA[3]] == verdict


def test_a_book_without_a_budget_says_so() -> None:
    entry = {"tier": "δ", "title": "Optional"}
    world = World({}).events(EventDraft(subject="book:optional", kind=Kind.REGISTERED, data=entry))
    with pytest.raises(UserError, match="Nothing may be spent on optional"):
        of_snapshot(world.snapshot, "optional")


# --- continuity ------------------


def metric_rows(world: World) -> dict[str, list[str]]:
    rows = next(rows for title, _, rows in tables(card(world)) if title == "Continuity")
    return {name: list(rest) for name, *rest in rows}


def test_the_books_units_decide_and_the_corpus_is_told() -> None:
    def thin(text: str) -> str:
        return re.sub(r"(?i)appears? again in|builds? toward|in the next", "x", text)

    world = completed()
    for unit in ("01.01.03", "01.01.15", "03.01.04", "03.01.05", "03.09.02"):
        world = world.edit(path_of(unit), thin)
    rows = metric_rows(world)
    assert rows["forward_density"][3] == "met; corpus below"
    assert rows["backward_density"][3] == "met"
    assert verdicts(world)[CRITERIA[2]] == "met"
    mine = completed().edit(path_of(SPIN, completed()), thin).edit(path_of(ORTHOGONAL), thin)
    assert metric_rows(mine)["forward_density"][3] == "below"
    assert verdicts(mine)[CRITERIA[2]] == "not met"


def test_without_units_no_metric_is_met() -> None:
    assert {row[3] for name, row in metric_rows(registered()).items() if name != "throughline_coverage"} == {"no units"}


def test_the_sixth_metric_is_shown() -> None:
    assert metric_rows(completed())["throughline_coverage"] == ["n/a (no teaching flows)", "–", "1", "met"]


# --- how it is shown ------------------


def test_the_markdown_holds_every_table() -> None:
    found = card(completed())
    text = render_markdown(found)
    read = parse_tables(text)
    given = list(tables(found))
    assert re.findall(r"(?m)^## (.*)$", text) == [title for title, _, _ in given]
    assert [len(rows) for rows in read] == [len(rows) for _, _, rows in given]
    assert [row["criterion"] for row in read[-1]] == list(CRITERIA)
