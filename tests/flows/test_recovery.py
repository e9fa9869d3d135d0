"""When to stop trying: asked of real ledgers."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from codex.campaign.events import EventDraft, Kind
from codex.campaign.ledger import Ledger
from codex.integration.integrator import integrate
from codex.integration.proposal import Proposal
from codex.passes.bookcontext import BookContext as Context
from codex.workspace import Workspace
from deployments.api import Api
from tests.flows.helpers import SUBJECT, audit_reply, record


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
    from codex.campaign.recourse import reason_to_escalate

    for count in range(tries):
        ledger = after(seed, *[failed(pass_name, number=n) for n in range(count)])
        assert reason_to_escalate(ledger, SUBJECT, pass_name) is None, f"{count} failures"
    ledger = after(seed, *[failed(pass_name, number=n) for n in range(tries)])
    reason = reason_to_escalate(ledger, SUBJECT, pass_name)
    assert reason is not None
    assert f"failed {tries} times in a row. §1: it does not hold" in reason


def test_a_unit_is_counted_by_itself_and_an_answer_begins_anew(seed: Workspace) -> None:
    from codex.campaign.recourse import reason_to_escalate

    unit = [failed("P4_production", "03.09.02", number=n) for n in range(3)]
    ledger = after(seed, *unit)
    assert reason_to_escalate(ledger, SUBJECT, "P4_production", "03.09.02")
    assert reason_to_escalate(ledger, SUBJECT, "P4_production", "03.01.04") is None
    asked = EventDraft(subject=SUBJECT, kind=Kind.ESCALATED, data={"reason": "three failures"})
    answer = EventDraft(subject=SUBJECT, kind=Kind.ANSWERED, to_state="in-production")
    assert reason_to_escalate(after(seed, *unit, asked, answer), SUBJECT, "P4_production", "03.09.02") is None


def test_a_gamma_book_goes_on_with_what_stands_of_its_second_audit(
    prefect_api: Api, workspace: Workspace, tmp_path: Path
) -> None:
    """Protocol §6, pass 1: topic-equivalent only."""
    from tests.flows.test_book import run

    slug = "small-book"
    book = {"title": "A Small Book", "tier": "γ", "authors": "A. Author", "fasttrack_entry": "9.01"}
    joins = EventDraft(subject=f"book:{slug}", kind=Kind.REGISTERED, data=book)
    integrate(workspace, [Proposal(subject="campaign", pass_name="test", title="Register", base="", events=(joins,))])
    sound, *_ = audit_reply()["theorems"]
    unsound = sound | {"id": "T2", "sources": [9]}
    folder = tmp_path / "recordings"
    for attempt in (1, 2):
        record(folder, f"P1_audit.{attempt}", audit_reply(theorems=[sound, unsound]), slug=slug)

    assert run(workspace, folder, book=slug)["state"] == "audit-degraded"
    snapshot = workspace.snapshot()
    ledger = Ledger.load(snapshot)
    failures = [event.data for event in ledger.events(f"book:{slug}") if event.kind == "pass_failed"]
    assert [data["next"] for data in failures] == ["retry", "degrade"]
    assert all(data["why"] for data in failures), "each rung is in the log with its reason"
    plan = snapshot.text(f"plans/fasttrack/{slug}.md")
    assert "T1" in plan and "T2" not in plan
    context = Context(snapshot, snapshot.label, f"book:{slug}", "P5_verification", 1)
    assert {layer for layer, least in context.thresholds.items() if not least} == {"exercise", "worked_example"}
