"""The book flow on a real server, with the real engine and recorded replies."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from codex.agents.process import this_process
from codex.campaign.ledger import Ledger
from codex.campaign.ownership import claim_draft
from codex.errors import BackendError, PersonNeeded, UserError
from codex.integration.integrator import integrate
from codex.integration.proposal import Proposal
from codex.workspace import Workspace
from deployments.api import Api
from tests.flows.helpers import SLUG, SUBJECT, audit_reply, deepening, record, start_production


class Listener:
    """A reporter that keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.activities: list[tuple[str, str]] = []
        self.states: list[Any] = []

    def line(self, text: str) -> None:
        self.lines.append(text)

    def activity(self, what: str, text: str) -> None:
        self.activities.append((what, text))

    def figures(self, figures: Any) -> None:
        self.states.append(figures)


def run(workspace: Workspace, recordings: Path, listener: Listener | None = None, **values: Any) -> Any:
    from flows.book import book
    from flows.reporting import reporting_to
    from flows.request import BookRequest

    wanted = {"book": SLUG, "until": "audited", "backend": "replay"} | values
    request = BookRequest(workspace=str(workspace.root), recordings=str(recordings), **wanted)
    with reporting_to(listener or Listener()):
        return asyncio.run(book(request))


def ledger_of(workspace: Workspace) -> Ledger:
    return Ledger.load(workspace.snapshot())


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """A first audit that is sent back, and a second that holds."""
    folder = record(tmp_path / "recordings", "P1_audit.1", audit_reply(theorems=[]))
    return record(folder, "P1_audit.2", audit_reply())


def test_a_book_goes_on_until_the_state_that_was_asked_for(
    prefect_api: Api, workspace: Workspace, recordings: Path
) -> None:
    listener = Listener()
    assert run(workspace, recordings, listener, book="3.35") == {"book": SLUG, "state": "audited"}

    ledger = ledger_of(workspace)
    kinds = [event.kind for event in ledger.events(SUBJECT)]
    assert kinds == ["registered", "claimed", "pass_failed", "pass_completed", "transition", "released"]
    assert ledger.owner(SUBJECT, datetime.now(UTC)) is None
    assert any(line.startswith("draft → audited  P1 audit (") for line in listener.lines)
    assert any("attempt 1: sent back, 1 defect, first: theorem" in line for line in listener.lines)
    assert ("P1 audit", "") in listener.activities
    assert listener.states[-1].state == "audited"
    assert listener.states[-1].cost_usd == ledger.spent(SUBJECT) > Decimal(0)
    assert 0 < listener.states[-1].progress < 100
    _on_the_page(prefect_api)
    assert run(workspace, recordings) == {"book": SLUG, "state": "audited"}, "a second run has nothing to do"
    assert ledger_of(workspace).events() == ledger.events()


def _on_the_page(api: Api) -> None:
    """What a person sees of that run: its name, one task a pass attempt, integrations, artifacts, the run's log."""
    newest = api.post("/flow_runs/filter", {"sort": "START_TIME_DESC", "limit": 1})[0]
    assert (newest["name"], newest["state_type"]) == (SLUG, "COMPLETED")
    only_this = {"flow_runs": {"id": {"any_": [newest["id"]]}}}
    tasks = _until(lambda: api.post("/task_runs/filter", only_this), lambda found: len(found) >= 6)
    names = {each["name"] for each in tasks}
    assert {"P1 audit (attempt 1)", "P1 audit (attempt 2)", "integrate P1 audit", f"integrate claim {SLUG}"} <= names
    artifacts = {each["key"]: each for each in api.post("/artifacts/filter", only_this)}
    assert {f"progress-{SLUG}", f"defects-{SLUG}", f"scorecard-{SLUG}", "dashboard-burn-down"} <= set(artifacts)
    assert 0 < float(artifacts[f"progress-{SLUG}"]["data"]) < 100
    logs = _until(
        lambda: api.post("/logs/filter", {"logs": {"flow_run_id": {"any_": [newest["id"]]}}}),
        lambda found: any("draft → audited" in line["message"] for line in found),
    )
    assert logs


def _until(ask: Any, enough: Any) -> Any:
    """Task runs and logs reach the server a moment after the run has ended."""
    import time

    for _ in range(100):
        found = ask()
        if enough(found):
            return found
        time.sleep(0.1)
    raise AssertionError(f"only {found}")


def test_the_ladder_ends_with_a_person(prefect_api: Api, workspace: Workspace, tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    for attempt in (1, 2, 3):
        record(bad, f"P1_audit.{attempt}", audit_reply(theorems=[]))
    with pytest.raises(PersonNeeded, match="P1 audit failed 3 times in a row"):
        run(workspace, bad)
    ledger = ledger_of(workspace)
    assert ledger.status(SUBJECT) == "escalated"
    assert [event.kind for event in ledger.events(SUBJECT)][-2:] == ["escalated", "released"]
    with pytest.raises(PersonNeeded, match="waits for a person at 'escalated'"):
        run(workspace, bad)


def test_units_are_produced_side_by_side_and_mended(prefect_api: Api, workspace: Workspace, tmp_path: Path) -> None:
    units = {"03.09.02": "Clifford algebra", "03.01.04": "Tensor algebra", "03.03.03": "Orthogonal group"}
    start_production(workspace, units)
    folder = tmp_path / "recordings"
    for unit in units:
        record(folder, f"P4_production.{unit}.1", deepening("No such heading" if unit == "03.01.04" else "Synthesis"))
    record(folder, "P4_production.03.01.04.2", deepening())

    listener = Listener()
    assert run(workspace, folder, listener, until="production-complete")["state"] == "production-complete"
    kinds = [(event.kind, event.unit) for event in ledger_of(workspace).events(SUBJECT)]
    assert sorted(unit for kind, unit in kinds if kind == "unit_shipped") == sorted(units)
    assert [unit for kind, unit in kinds if kind == "pass_failed"] == ["03.01.04"]
    assert any("P4 production 03.01.04, attempt 1: sent back" in line for line in listener.lines)
    assert listener.states[-1].units_shipped == 3
    assert listener.states[-1].checks_passed == listener.states[-1].checks_total > 0


def test_a_unit_that_never_holds_waits_for_a_person_and_the_others_ship(
    prefect_api: Api, workspace: Workspace, tmp_path: Path
) -> None:
    start_production(workspace, {"03.09.02": "Clifford algebra", "03.01.04": "Tensor algebra"})
    folder = record(tmp_path / "recordings", "P4_production.03.09.02.1", deepening())
    for attempt in (1, 2, 3):
        record(folder, f"P4_production.03.01.04.{attempt}", deepening("No such heading"))
    with pytest.raises(PersonNeeded, match=r"P4 production 03\.01\.04 failed 3 times in a row"):
        run(workspace, folder, until="production-complete")
    ledger = ledger_of(workspace)
    assert ledger.status(SUBJECT) == "production-needs-rework"
    assert [event.unit for event in ledger.events(SUBJECT) if event.kind == "unit_shipped"] == ["03.09.02"]


def test_what_cannot_be_answered_ends_the_run_and_frees_the_book(
    prefect_api: Api, workspace: Workspace, recordings: Path
) -> None:
    with pytest.raises(BackendError, match=r"Recording missing .*P2_gap"):
        run(workspace, recordings, until=None)
    ledger = ledger_of(workspace)
    assert ledger.status(SUBJECT) == "audited"
    assert ledger.owner(SUBJECT, datetime.now(UTC)) is None


def test_one_run_at_a_time(prefect_api: Api, workspace: Workspace, recordings: Path) -> None:
    _claim(workspace, this_process() + "|another run")
    with pytest.raises(UserError, match=rf"{SLUG} is being worked on by process \d+ on "):
        run(workspace, recordings)
    assert ledger_of(workspace).status(SUBJECT) == "draft"


def test_the_claim_of_a_dead_process_is_taken_over(prefect_api: Api, workspace: Workspace, recordings: Path) -> None:
    host, boot, _, start = this_process().split("|")
    _claim(workspace, f"{host}|{boot}|999999999|{start}")
    assert run(workspace, recordings)["state"] == "audited"


def _claim(workspace: Workspace, owner: str) -> None:
    event = claim_draft(SUBJECT, owner, datetime.now(UTC), 60)
    base = workspace.snapshot().label
    proposal = Proposal(subject=SUBJECT, pass_name="claim", title="Claim", base=base, events=(event,))
    assert integrate(workspace, [proposal])[0].status == "committed"


def test_the_scheduled_audit_takes_the_first_draft(prefect_api: Api, workspace: Workspace, recordings: Path) -> None:
    from flows.audit_next import audit_next
    from flows.request import AuditRequest

    request = AuditRequest(workspace=str(workspace.root), backend="replay", recordings=str(recordings))
    assert asyncio.run(audit_next(request)) == [{"book": SLUG, "state": "audited"}]
    log = ("log", "-1", "--format=", "--name-only", "--full-diff", "--", "plans")
    changed = workspace.git.run(*log).stdout.decode().split()
    assert {f"plans/fasttrack/{SLUG}.md", "manifests/production/plan.json", "docs/plans/PRODUCTION_PLAN.md"} <= set(
        changed
    ), "an audit that lands refreshes the plan in the same commit"


def test_the_scheduled_production_has_nothing_to_do_at_first(prefect_api: Api, workspace: Workspace) -> None:
    from flows.produce_next import produce_next
    from flows.request import ProduceRequest

    before = workspace.snapshot().label
    assert asyncio.run(produce_next(ProduceRequest(workspace=str(workspace.root)))) == []
    assert workspace.snapshot().label == before
