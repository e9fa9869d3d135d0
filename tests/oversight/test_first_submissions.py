"""The rate of first submissions that are right, from the log."""

from __future__ import annotations

from typing import Any

from codex.campaign.events import Event, Kind
from codex.oversight.first_submissions import first_submission_rates


def event(what: Kind, pass_name: str, unit: str | None = None, **data: Any) -> Event:
    at = {"seq": 1, "at": "2026-01-05T12:00:00Z", "id": "ev-1", "prev": "0" * 64}
    return Event(**at, subject="book:demo", kind=what, pass_name=pass_name, unit=unit, data=data)


def ended(what: Kind, pass_name: str, unit: str | None = None, repairs: int = 0, **data: Any) -> Event:
    return event(what, pass_name, unit, turns=3, repairs=repairs, pattern=f"{pass_name} v1", **data)


def rates(*events: Event) -> dict[str, tuple[int, int, int]]:
    return {rate.pattern: (rate.submissions, rate.matched, rate.passed) for rate in first_submission_rates(events)}


PRODUCTION = "P4_production"


def test_passes_count_by_their_pattern() -> None:
    found = rates(
        event(Kind.PASS_STARTED, "P1_audit"),
        ended(Kind.PASS_COMPLETED, "P1_audit"),
        ended(Kind.PASS_FAILED, "P2_gap", kind="reply"),
        ended(Kind.PASS_COMPLETED, "P2_gap"),  # the second attempt: no first submission
        ended(Kind.PASS_COMPLETED, "P3_plan", repairs=1),  # its form was wrong at first
        ended(Kind.PASS_FAILED, "P5_verification", kind="shortfall"),  # the reply was sound
        ended(Kind.PASS_COMPLETED, "P5_verification"),  # a new round
        event(Kind.ESCALATED, "P5_verification"),
    )
    assert found == {
        "P1_audit v1": (1, 1, 1),
        "P2_gap v1": (1, 1, 0),
        "P3_plan v1": (1, 0, 0),
        "P5_verification v1": (2, 2, 2),
    }


def test_units_count_one_by_one_and_when_they_ship() -> None:
    found = rates(
        ended(Kind.NOTED, PRODUCTION, "a", attempt=1),
        event(Kind.UNIT_SHIPPED, PRODUCTION, None, id="a", checks="27/27", attempt=1),
        event(Kind.UNIT_REJECTED, PRODUCTION, "b", id="b", attempt=1),  # in either order
        ended(Kind.NOTED, PRODUCTION, "b", attempt=1),
        ended(Kind.NOTED, PRODUCTION, "b", attempt=2),
        event(Kind.UNIT_SHIPPED, PRODUCTION, "b", id="b", attempt=2),
        ended(Kind.PASS_FAILED, PRODUCTION, "c", kind="reply", attempt=1),
        ended(Kind.NOTED, PRODUCTION, "c", attempt=2),
        event(Kind.UNIT_SHIPPED, PRODUCTION, "c", id="c", attempt=2),
        event(Kind.UNIT_SHIPPED, PRODUCTION, "a", id="a", attempt=2),  # asked for again after it had shipped
        ended(Kind.NOTED, PRODUCTION, "a", attempt=2),
        event(Kind.UNIT_SHIPPED, PRODUCTION, "by-hand", id="by-hand", attempt=1),
        event(Kind.UNIT_SHIPPED, "PW_weaving", "a", id="a", attempt=1),
        event(Kind.PASS_COMPLETED, PRODUCTION, None, units=[]),  # the batch as a whole is no submission
    )
    assert found == {f"{PRODUCTION} v1": (4, 4, 2)}


def test_a_log_of_before_patterns_were_noted_counts_by_pass() -> None:
    assert rates(event(Kind.PASS_COMPLETED, "P1_audit", turns=1)) == {"P1_audit": (1, 1, 1)}
    assert rates(event(Kind.NOTED, "P1_audit", anything=1), event(Kind.PASS_COMPLETED, "P1_audit")) == {}
