"""When to stop trying: asked of real ledgers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from codex.campaign.events import EventDraft, Kind
from codex.campaign.ledger import Ledger
from codex.errors import Stopped
from codex.passes.engine import PassResult
from codex.workspace import Workspace
from tests.flows.helpers import SUBJECT


def failed(pass_name: str, unit: str | None = None, **data: Any) -> EventDraft:
    defects = [{"code": "X", "where": "§1", "what": "it does not hold"}]
    return EventDraft(
        subject=SUBJECT, kind=Kind.PASS_FAILED, pass_name=pass_name, unit=unit, data={"defects": defects, **data}
    )


def after(seed: Workspace, *events: EventDraft) -> Ledger:
    """The ledger as it would be after these events."""
    done = Ledger.load(seed.snapshot()).append(events, datetime.now(UTC))
    assert not done.refused
    return done.ledger


@pytest.mark.parametrize(
    ("pass_name", "tries"),
    [
        ("P1_audit", 3),
        ("P2_gap", 2),
        ("P3_plan", 2),
        ("P4_production", 3),
        ("P5_verification", 5),
        ("PW_weaving", 3),
        ("PV_continuity", 4),
    ],
)
def test_every_ladder_has_an_end(seed: Workspace, pass_name: str, tries: int) -> None:
    from flows.recovery import reason_to_escalate

    for count in range(tries):
        ledger = after(seed, *[failed(pass_name, number=n) for n in range(count)])
        assert reason_to_escalate(ledger, SUBJECT, pass_name) is None, f"{count} failures"
    ledger = after(seed, *[failed(pass_name, number=n) for n in range(tries)])
    reason = reason_to_escalate(ledger, SUBJECT, pass_name)
    assert reason is not None
    assert f"failed {tries} times in a row. §1: it does not hold" in reason


def test_a_unit_is_counted_by_itself_and_an_answer_begins_anew(seed: Workspace) -> None:
    from flows.recovery import reason_to_escalate

    unit = [failed("P4_production", "03.09.02", number=n) for n in range(3)]
    ledger = after(seed, *unit)
    assert reason_to_escalate(ledger, SUBJECT, "P4_production", "03.09.02")
    assert reason_to_escalate(ledger, SUBJECT, "P4_production", "03.01.04") is None
    asked = EventDraft(subject=SUBJECT, kind=Kind.ESCALATED, data={"reason": "three failures"})
    answer = EventDraft(subject=SUBJECT, kind=Kind.ANSWERED, to_state="in-production")
    assert reason_to_escalate(after(seed, *unit, asked, answer), SUBJECT, "P4_production", "03.09.02") is None


def test_no_money_stops_the_run_and_nothing_else_does() -> None:
    from flows.recovery import refuse_exhausted

    def result(code: str) -> PassResult:
        defect = {"code": code, "where": "agent", "what": "the ceiling of $50.00 for book:x is reached"}
        return PassResult(SUBJECT, "P1_audit", None, 1, "failed", "p-1", (defect,))

    with pytest.raises(Stopped, match=r"P1 audit stopped: the ceiling of \$50.00") as caught:
        refuse_exhausted(result("budget"))
    assert caught.value.exit_status == 4
    refuse_exhausted(result("transport"))
