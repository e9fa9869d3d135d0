"""Producing queued units: claimed before they are paid for, each by one run, with the plan kept up to date."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from codex.errors import BackendError, PersonNeeded, UserError
from codex.integration.integrator import integrate
from codex.integration.proposal import Proposal
from codex.units import set_frontmatter_value
from codex.work import choosing
from codex.workspace import Workspace
from deployments.api import Api
from flows.request import ProduceRequest
from tests.flows.helpers import SUBJECT, deepening, record, start_production
from tests.flows.queue import (
    BESIDE,
    FILTERED,
    LATER,
    SPIN,
    ledger_of,
    record_units,
    sound_unit,
    with_queue,
)
from tests.shell import codexctl


@pytest.fixture
def queue(workspace: Workspace) -> Workspace:
    return with_queue(workspace)


def request(workspace: Workspace, folder: Path | None = None, **more: Any) -> ProduceRequest:
    recordings = str(folder) if folder else None
    return ProduceRequest(workspace=str(workspace.root), backend="replay", recordings=recordings, **more)


def produce(wanted: ProduceRequest) -> list[dict[str, Any]]:
    from flows.produce_next import produce_next

    return asyncio.run(produce_next(wanted))


def paid(workspace: Workspace) -> Counter[str]:
    """Unit → calls in the cost ledger that cost something."""
    lines = map(json.loads, workspace.snapshot().text("manifests/cost_ledger.jsonl", "").splitlines())
    return Counter(str(line["unit"]) for line in lines if float(line["cost_usd"]))


def chosen(workspace: Workspace, number: int = 9, **more: Any) -> list[tuple[str, list[str]]]:
    works = choosing.production(workspace.snapshot(), "me", number, **more)
    return [(work.subject, sorted(work.units or ())) for work in works]


# --- choosing ------------------------------------------------------------------------------------------------------


def test_the_next_units_are_ready_and_of_distinct_chapters(queue: Workspace) -> None:
    assert chosen(queue) == [(f"unit:{SPIN}", [SPIN]), (f"unit:{FILTERED}", [FILTERED])]
    assert chosen(queue, 1) == [(f"unit:{SPIN}", [SPIN])]
    assert chosen(queue, without=[SPIN]) == [(f"unit:{FILTERED}", [FILTERED]), (f"unit:{BESIDE}", [BESIDE])]


def test_what_a_book_in_production_owes_comes_first_and_is_the_books(queue: Workspace) -> None:
    start_production(queue, {"03.01.04": "Tensor algebra", SPIN: "Spin groups"})
    assert chosen(queue, 1) == [(SUBJECT, ["03.01.04"])]
    assert chosen(queue) == [(SUBJECT, ["03.01.04", SPIN])]
    assert chosen(queue, wanted=[SPIN]) == [(SUBJECT, [SPIN])]


def test_a_unit_that_cannot_be_produced_says_why(queue: Workspace) -> None:
    with pytest.raises(UserError, match=f"{LATER} waits for {SPIN}"):
        chosen(queue, wanted=[LATER])
    assert chosen(queue, wanted=[LATER], ready=False) == [(f"unit:{LATER}", [LATER])]
    with pytest.raises(UserError, match=r"03\.09\.02 is written"):
        chosen(queue, wanted=["03.09.02"])
    with pytest.raises(UserError, match=r"has no unit '03\.09\.05'") as caught:
        chosen(queue, wanted=["03.09.05"])
    assert SPIN in caught.value.remedy


def test_a_held_unit_is_left_alone(queue: Workspace) -> None:
    claim(queue, SPIN, "somebody else")
    assert chosen(queue)[0] == (f"unit:{FILTERED}", [FILTERED])


def claim(workspace: Workspace, unit_id: str, owner: str) -> None:
    from codex.campaign.ownership import claim_draft

    event = claim_draft(f"unit:{unit_id}", owner, datetime.now(UTC), 60)
    base = workspace.snapshot().label
    proposal = Proposal(subject=f"unit:{unit_id}", pass_name="claim", title="Claim", base=base, events=(event,))
    assert integrate(workspace, [proposal])[0].status == "committed"


# --- running -------------------------------------------------------------------------------------------------------


def test_a_batch_ships_with_its_states_in_the_ledger_and_the_plan_up_to_date(
    prefect_api: Api, queue: Workspace, tmp_path: Path
) -> None:
    base = queue.snapshot().label
    plan = Proposal(subject="campaign", pass_name="plan", title="Plan", base=base, plan_mode="extended")
    assert integrate(queue, [plan])[0].status == "committed"
    folder = record_units(queue, tmp_path / "recordings", SPIN, FILTERED)
    done = produce(request(queue, folder, number=2))
    assert sorted((each["book"], each["state"]) for each in done) == [(FILTERED, "shipped"), (SPIN, "shipped")]
    ledger = ledger_of(queue)
    kinds = [(event.kind, event.to_state) for event in ledger.events(f"unit:{SPIN}") if event.kind != "noted"]
    assert kinds == [
        ("claimed", None), ("pass_started", None), ("deliverables", None), ("transition", "in-production"),
        ("unit_shipped", None), ("released", None),
    ]  # fmt: skip
    entry = ledger.entry(f"unit:{SPIN}")
    assert (entry["outstanding_deliverables"], entry["passes"]["P4_production"]["status"]) == ([], "completed")
    written = json.loads(queue.snapshot().text("manifests/production/plan.json"))
    assert written["units"][SPIN]["status"] == "shipped"
    assert written["queue_topo_order"] == [LATER, BESIDE]
    assert written["units"][LATER]["missing"] == []
    assert "| Units queued | 2 |" in queue.snapshot().text("docs/plans/PRODUCTION_PLAN.md")
    assert chosen(queue, 1) == [(f"unit:{LATER}", [LATER])]


@pytest.mark.soak
def test_three_runs_at_once_never_pay_for_the_same_unit(prefect_api: Api, queue: Workspace, tmp_path: Path) -> None:
    """Two started by hand and one by the schedule."""
    from flows.produce_next import produce_next

    folder = record_units(queue, tmp_path / "recordings", SPIN, FILTERED, LATER, BESIDE)

    async def together() -> list[Any]:
        runs = (produce_next(request(queue, folder)) for _ in range(3))
        return list(await asyncio.gather(*runs, return_exceptions=True))

    ends = asyncio.run(together())
    assert all(isinstance(end, list) for end in ends), ends
    shipped = [each["book"] for end in ends for each in end]
    assert len(shipped) == len(set(shipped)) == 3
    assert paid(queue) == Counter(shipped)
    ledger = ledger_of(queue)
    for unit_id in shipped:
        events = [event.kind for event in ledger.events(f"unit:{unit_id}")]
        assert events.count("unit_shipped") == 1
        assert events.count("claimed") == 1
        assert ledger.owner(f"unit:{unit_id}", datetime.now(UTC)) is None


def test_a_unit_that_somebody_has_is_not_asked_for_by_name(prefect_api: Api, queue: Workspace, tmp_path: Path) -> None:
    from codex.agents.process import this_process

    folder = record_units(queue, tmp_path / "recordings", SPIN)
    claim(queue, SPIN, this_process() + "|another run")
    assert produce(request(queue, folder, units=(SPIN,))) == []
    assert not paid(queue)
    assert ledger_of(queue).status(f"unit:{SPIN}") == "queued"


@pytest.mark.soak
def test_a_unit_that_fails_three_times_waits_for_a_person_and_the_other_ships(
    prefect_api: Api, queue: Workspace, tmp_path: Path
) -> None:
    folder = record_units(queue, tmp_path / "recordings", FILTERED)
    bad = sound_unit(queue, SPIN)
    bad["unit"] = set_frontmatter_value(bad["unit"], "slug", "another-slug")
    for attempt in (1, 2, 3):
        record(folder, f"P4_production.{SPIN}.{attempt}", bad, slug=f"unit.{SPIN}")
    with pytest.raises(PersonNeeded, match=rf"P4 production {SPIN} failed 3 times in a row"):
        produce(request(queue, folder, number=2))
    ledger = ledger_of(queue)
    assert ledger.status(f"unit:{SPIN}") == "production-needs-rework"
    assert ledger.status(f"unit:{FILTERED}") == "shipped"
    assert paid(queue) == {SPIN: 3, FILTERED: 1}
    assert chosen(queue) == [(f"unit:{BESIDE}", [BESIDE])], "what waits for a person is not taken up again"
    listed = codexctl("-w", queue.root, "escalations", "list")
    assert SPIN in listed.stdout, listed.stdout + listed.stderr


def test_a_run_that_died_goes_on_and_pays_nothing_twice(prefect_api: Api, queue: Workspace, tmp_path: Path) -> None:
    with pytest.raises(BackendError, match="Recording missing"):
        produce(request(queue, tmp_path))
    assert ledger_of(queue).status(f"unit:{SPIN}") == "in-production"
    folder = record_units(queue, tmp_path / "recordings", SPIN)
    assert produce(request(queue, folder)) == [{"book": SPIN, "state": "shipped"}]
    assert paid(queue) == {SPIN: 1}


def test_one_unit_of_a_book_moves_the_book_and_the_last_one_closes_it(
    prefect_api: Api, queue: Workspace, tmp_path: Path
) -> None:
    start_production(queue, {"03.09.02": "Clifford algebra", "03.01.04": "Tensor algebra"})
    folder = tmp_path / "recordings"
    for unit_id in ("03.09.02", "03.01.04"):
        record(folder, f"P4_production.{unit_id}.1", deepening())
    first = produce(request(queue, folder))
    assert first == [{"book": SUBJECT.partition(":")[2], "state": "in-production", "unit": "03.09.02"}]
    assert produce(request(queue, folder))[0]["state"] == "production-complete"


def test_a_booked_unit_that_a_run_of_the_queue_holds_is_not_paid_for(
    prefect_api: Api, queue: Workspace, tmp_path: Path
) -> None:
    from codex.agents.process import this_process
    from codex.work.holders import Held

    start_production(queue, {"03.09.02": "Clifford algebra"})
    claim(queue, "03.09.02", this_process() + "|another run")
    folder = record(tmp_path / "recordings", "P4_production.03.09.02.1", deepening())
    with pytest.raises(Held, match=r"03\.09\.02 is being worked on"):
        from flows.book import book
        from flows.request import BookRequest

        slug = SUBJECT.partition(":")[2]
        wanted = BookRequest(workspace=str(queue.root), backend="replay", recordings=str(folder), book=slug)
        asyncio.run(book(wanted.model_copy(update={"until": "production-complete"})))
    assert not paid(queue)


# --- the command line ----------------------------------------------------------------------------------------------


def test_without_a_key_and_without_a_backend_the_choices_are_named(queue: Workspace) -> None:
    for command in ("produce-next", "audit-next"):
        ended = codexctl("-w", queue.root, command)
        assert ended.returncode == 2, ended.stderr
        assert "--backend handoff" in ended.stderr
        assert "--backend replay" in ended.stderr


def test_briefs_are_printed_and_nothing_is_written(queue: Workspace) -> None:
    before = queue.snapshot().label
    ended = codexctl("-w", queue.root, "produce-next", "--batch", "2", "--brief-only", "--format", "json")
    assert ended.returncode == 0, ended.stderr
    briefs = json.loads(ended.stdout)
    assert [each["call"] for each in briefs] == [f"unit:{u}/P4_production/{u}/1" for u in (SPIN, FILTERED)]
    assert "plans/fasttrack/tester-queues.md:5" in briefs[0]["prompt"]
    single = codexctl("-w", queue.root, "brief", "production", SPIN)
    assert single.stdout.rstrip("\n").endswith(briefs[0]["prompt"].rstrip("\n")), "the very brief of `codexctl brief`"
    assert queue.snapshot().label == before
    assert not queue.git.run("status", "--porcelain").stdout


def test_a_dry_run_tells_the_batch(queue: Workspace) -> None:
    ended = codexctl("-w", queue.root, "produce-next", "--batch", "2", "--dry-run")
    assert ended.returncode == 0, ended.stderr
    assert "2 units would be produced" in ended.stdout
    assert f"critical path (2 units): {SPIN} → {LATER}" in ended.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--batch", "0"], "--batch 0 is wrong"),
        (["--id", "03.09.99", "--brief-only"], "has no unit '03.09.99'"),
        (["--id", SPIN, "--batch", "2"], "--id names one unit"),
        (["--id", LATER], f"waits for {SPIN}"),
    ],
)
def test_wrong_calls(queue: Workspace, arguments: list[str], said: str) -> None:
    ended = codexctl("-w", queue.root, "produce-next", *arguments)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_empty_queue_is_no_error(workspace: Workspace) -> None:
    ended = codexctl("-w", workspace.root, "produce-next", "--brief-only")
    assert (ended.returncode, ended.stdout.strip()) == (0, choosing.NOTHING_TO_PRODUCE)


def test_a_book_of_the_booklist_joins_the_campaign_when_it_is_its_turn(workspace: Workspace) -> None:
    path = workspace.root / "docs" / "catalogs" / "FASTTRACK_BOOKLIST.md"
    path.write_text("| 8.01 | Queues and their Ends | Ann O. Tester | x | FREE |\n", encoding="utf-8")
    workspace.git.run("-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-q", "-am", "One more book")
    found = choosing.audit(workspace.snapshot(), "me", "8.01")
    assert [(work.subject, work.until) for work in found] == [("book:tester-queues-and-their-ends", "audited")]
    assert found[0].record is not None
    assert found[0].record["fasttrack_entry"] == "8.01"
    assert choosing.audit(workspace.snapshot(), "me")[0].record is None, "books at draft come first"
    with pytest.raises(UserError, match=r"Neither the ledger nor the booklist has a book '9\.99'"):
        choosing.audit(workspace.snapshot(), "me", "9.99")
    path.write_text("| 8.02 | | | x | FREE |\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    workspace.git.run("-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-q", "-am", "No book")
    with pytest.raises(UserError, match=r"Row 8\.02 of the booklist has no title"):
        choosing.audit(workspace.snapshot(), "me", "8.02")
    ended = codexctl("-w", workspace.root, "audit-next", "--ft-entry", "8.01", "--brief-only")
    assert ended.returncode == 0, ended.stderr
    assert "Queues and their Ends" in ended.stdout
