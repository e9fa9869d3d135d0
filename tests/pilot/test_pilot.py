"""The promise of the pilot: one command takes a real book from draft to covered, and what it leaves behind holds."""

from __future__ import annotations

import dataclasses
import json
import re
import time
from decimal import Decimal
from itertools import pairwise

import pytest

from codex.tracks.fasttrack.books import BOOK
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
#: Protocol §11.3.
CRITERIA = (
    "all seven passes complete, book covered",
    "produced units pass all checks",
    "continuity metrics meet their thresholds",
    "cost within the budget",
    "wall time under 8 hours",
    "quality sample at least 4.0 of 5",
)


def test_it_ends_well_and_says_so(pilot: Pilot) -> None:
    assert pilot.done.returncode == 0, pilot.done.stdout + pilot.done.stderr
    assert pilot.done.stderr == ""
    said = pilot.done.stdout
    for before, after in pairwise(STATES):
        assert f"{before} → {after}" in said
    assert f"Prefect {pilot.surroundings.prefect_url.removesuffix('/api')}" in said
    assert f"git -C {pilot.folder} log" in said


def rows(said: str) -> dict[str, list[str]]:
    """The scorecard's rows by their first cell."""
    cells = [[cell.strip() for cell in line.strip("│").split("│")] for line in said.splitlines() if line[:1] == "│"]
    assert len({each[0] for each in cells}) == len(cells), said
    return {first: rest for first, *rest in cells}


def test_the_scorecard_gives_the_ledgers_figures(pilot: Pilot) -> None:
    said, found = rows(pilot.done.stdout), projection(pilot.folder)
    assert said["state"] == [found[f"/books/{SLUG}/status"]] == ["equivalence-covered"]
    cost = found["/totals/cost_usd_total"]
    assert said["cost"] == [f"${cost:.2f} of $50.00"]
    assert cost == Decimal(sum(call["charged"] for call in calls(pilot.folder))).scaleb(-6)
    ledger = git(pilot.folder, "show", "HEAD:manifests/cost_ledger.jsonl").splitlines()
    assert cost == sum(json.loads(line, parse_float=Decimal)["cost_usd"] for line in ledger)
    assert said["agent conversations"] == [str(found["/totals/agent_invocations_total"])]
    assert all("27/27" in said[unit] for unit in produced(pilot))
    assert [said[layer][-1] for layer in LAYERS] == ["met"] * 7
    assert [said[metric][-1] for metric in METRICS] == ["met"] * 7
    criteria = [rest[0] for name, rest in said.items() if name in CRITERIA]
    assert criteria == ["met"] * 5 + ["not judged"], "what cannot be judged is not claimed"


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
    assert rows(again.stdout) == rows(pilot.done.stdout)
    assert git(pilot.folder, "rev-parse", "HEAD") == before
    assert git(pilot.folder, "status", "--porcelain") == ""
    assert not (pilot.folder / ".codex" / "state" / "server.json").exists()


@pytest.mark.soak
def test_it_takes_no_more_than_a_minute(pilot: Pilot) -> None:
    """From a server that is healthy to the scorecard, on two processors."""
    assert pilot.seconds < 60
