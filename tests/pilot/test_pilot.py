"""The promise of the pilot: one command takes a real book from draft to covered, and what it leaves behind holds."""

from __future__ import annotations

import dataclasses
import json
import re
import time
from decimal import Decimal
from itertools import pairwise

import pytest

from codex.campaign.tables import BOOK
from codex.check import check_corpus
from codex.continuity.corpus import ContinuityReport, measure_corpus
from codex.workspace import Workspace
from tests.pilot import independent
from tests.pilot.conftest import Pilot
from tests.pilot.helpers import SLUG, SUBJECT, blobs, calls, events, git, projection, run

#: The way of success (protocol §3.1).
STATES = (
    *("draft", "audited", "gap-analysed", "production-ready", "in-production", "production-complete", "verified"),
    *("woven", "equivalence-covered"),
)
LAYERS = ("theorem", "exercise", "worked_example", "notation", "sequencing", "intuition", "application")
METRICS = (
    *("backward_density", "forward_density", "lateral_per_master", "synthesis_intermediate", "synthesis_master"),
    *("anchor_reuse", "throughline_coverage"),
)


def test_it_ends_well_and_says_so(pilot: Pilot) -> None:
    assert pilot.done.returncode == 0, pilot.done.stdout + pilot.done.stderr
    assert pilot.done.stderr == ""
    said = pilot.done.stdout
    for before, after in pairwise(STATES):
        assert f"{before} → {after}" in said
    assert f"Prefect {pilot.surroundings.prefect_url.removesuffix('/api')}" in said
    assert f"git -C {pilot.folder} log" in said
    assert "not judged" in row(said, "quality sample"), "what cannot be judged is not claimed"


def row(said: str, name: str) -> str:
    """The line of the scorecard that begins with that name."""
    found = re.findall(rf"^[^\w\n]*{re.escape(name)}\b.*$", said, re.MULTILINE)
    assert len(found) == 1, (name, found, said)
    return str(found[0])


def test_the_scorecard_gives_the_ledgers_figures(pilot: Pilot) -> None:
    said, found = pilot.done.stdout, projection(pilot.folder)
    assert found[f"/books/{SLUG}/status"] == "equivalence-covered"
    assert "equivalence-covered" in row(said, "state")
    cost = found["/totals/cost_usd_total"]
    assert f"${cost:.2f} of $50.00" in row(said, "cost")
    assert cost == Decimal(sum(call["charged"] for call in calls(pilot.folder))).scaleb(-6)
    ledger = git(pilot.folder, "show", "HEAD:manifests/cost_ledger.jsonl").splitlines()
    assert cost == sum(json.loads(line, parse_float=Decimal)["cost_usd"] for line in ledger)
    assert row(said, "agent conversations").split()[-2] == str(found["/totals/agent_invocations_total"])
    for unit in produced(pilot):
        assert re.search(r"\b(\d+)/\1\b", row(said, unit))
    for name in LAYERS:
        assert row(said, name).split()[-2] == "met"
    for name in METRICS:
        assert "met" in row(said, name)
    verdicts = re.findall(r"(?<=  )(?:not met|not judged|met)(?=  )", said.partition("Success criteria")[2])
    assert sorted(verdicts) == ["met"] * 5 + ["not judged"]


def produced(pilot: Pilot) -> list[str]:
    shipped = [event for event in events(pilot.folder) if event["kind"] == "unit_shipped"]
    return sorted({event["unit"] or event["data"]["id"] for event in shipped if event["pass_name"] == "P4_production"})


def test_the_repository_and_the_ledger_are_sound(pilot: Pilot) -> None:
    assert git(pilot.folder, "fsck", "--strict", "--full", "--no-dangling") == ""
    assert git(pilot.folder, "status", "--porcelain") == ""
    verified = run(pilot.surroundings, "-w", pilot.folder, "ledger", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    entry = {path: value for path, value in projection(pilot.folder).items() if path.startswith(f"/books/{SLUG}/")}
    assert entry[f"/books/{SLUG}/current_owner"] is None
    assert entry[f"/books/{SLUG}/outstanding_deliverables"] == []
    passes = {path: value for path, value in entry.items() if re.fullmatch(r".*/passes/\w+/status", path)}
    assert len(passes) == 7
    assert set(passes.values()) == {"completed"}


def test_the_way_is_one_of_the_table(pilot: Pilot) -> None:
    """Every transition of the log is a row of the state machine, and each begins where the last one ended."""
    allowed = {(each.source, each.target) for each in BOOK.transitions}
    state = "draft"
    for event in events(pilot.folder):
        if event["kind"] == "transition" and event["subject"] == SUBJECT:
            assert event["from_state"] == state
            assert (event["from_state"], event["to_state"]) in allowed
            state = event["to_state"]
    assert state == "equivalence-covered"


def test_every_unit_passes_every_check_of_both_validators(pilot: Pilot) -> None:
    report = check_corpus(Workspace.open(pilot.folder).snapshot())
    corpus = independent.Corpus(pilot.folder)
    assert len(report.results) == len(blobs(pilot.folder, "content"))
    for result in report.results:
        ours = [(check.code, check.passed) for check in result.checks]
        assert ours == independent.check(pilot.folder / result.path, corpus), result.path
        assert all(passed for _, passed in ours), result.path
        assert len(ours) == 27, "a whole unit: three tiers"


def test_all_six_continuity_thresholds_hold(pilot: Pilot) -> None:
    whole = measure_corpus(Workspace.open(pilot.folder).snapshot())
    mine = set(produced(pilot))
    batch = ContinuityReport(tuple(unit for unit in whole.units if unit.unit_id in mine))
    assert len(batch.units) == len(mine) >= 4
    assert whole.failures == batch.failures == []


def test_a_second_run_sees_that_all_is_done(pilot: Pilot) -> None:
    """It starts nothing: no Prefect server answers where it is told to look, and none is there afterwards."""
    before = git(pilot.folder, "rev-parse", "HEAD")
    nowhere = dataclasses.replace(pilot.surroundings, prefect_url="http://127.0.0.1:9/api")
    begun = time.monotonic()
    again = run(nowhere, "pilot", pilot.folder)
    assert time.monotonic() - begun < 15
    assert (again.returncode, again.stderr) == (0, "")
    assert f"{SLUG} is covered; nothing to do" in again.stdout
    for name in ("state", "cost", "wall time", "quality sample", *LAYERS):
        assert row(again.stdout, name) == row(pilot.done.stdout, name)
    assert git(pilot.folder, "rev-parse", "HEAD") == before
    assert git(pilot.folder, "status", "--porcelain") == ""
    assert not (pilot.folder / ".codex" / "state" / "server.json").exists()


@pytest.mark.soak
def test_it_takes_no_more_than_a_minute(pilot: Pilot) -> None:
    """From a server that is healthy to the scorecard, on two processors."""
    assert pilot.seconds < 60
