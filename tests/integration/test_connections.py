"""Deciding proposed connections: into the registry or out of it, by one commit, once and for all."""

from __future__ import annotations

import json

import pytest

from codex.campaign.ledger import Ledger
from codex.campaign.verify import verify
from codex.cli.app import run
from codex.corpus import connections, proposals
from codex.integration.integrator import integrate
from codex.integration.proposal import ConnectionDecision, ConnectionProposal
from codex.workspace import Workspace

from .helpers import NOW, git, new_unit, proposal

ONE, TWO = "numbers.unit-00-01-01", "numbers.unit-00-01-02"


def wanted(phrase: str = "both are counted", **more) -> ConnectionProposal:
    values = {"from_concept": ONE, "to_concept": TWO, "type": "analogy", "strength": "lateral"}
    return ConnectionProposal(**(values | {"anchor_phrase": phrase} | more))


@pytest.fixture
def waiting(workspace: Workspace) -> Workspace:
    """Three proposals: two of a unit that ships, one of another."""
    first = proposal(
        workspace,
        new_unit("00.01.03"),
        connections=(
            wanted(appears_in_units=("00.01.03",), rationale="It is *said* | twice."),
            wanted("counted from nothing", type="dual", appears_in_units=("00.01.03",)),
        ),
    )
    second = proposal(workspace, connections=(wanted("counted once more", strength="load-bearing"),))
    assert [r.status for r in integrate(workspace, [first, second], now=NOW)] == ["committed"] * 2
    return workspace


@pytest.fixture
def call(waiting: Workspace, capsys: pytest.CaptureFixture[str]):
    def calling(*arguments: str) -> tuple[int, str, str]:
        status = run(["connections", *arguments, "-w", str(waiting.root)])
        return status, *capsys.readouterr()

    return calling


def ids(workspace: Workspace) -> list[str]:
    return [each.id for each in proposals.parse(workspace.snapshot().text(proposals.PATH))]


def test_the_list_and_its_filters(call, waiting: Workspace) -> None:
    status, out, _ = call("list")
    assert status == 0 and out.count("pending, ") == 3 and "why: It is *said* | twice." in out
    assert "3 wait for a decision" in out
    every = json.loads(call("list", "--format", "json")[1])["connections"]
    assert [each["id"] for each in every] == ids(waiting)
    assert every[0] | {"from": ONE, "anchor_phrase": "both are counted", "appears_in_units": ["00.01.03"]} == every[0]
    for filters, count in ((("--unit", "00.01.03"), 2), (("--type", "dual"), 1), (("--strength", "load-bearing"), 1),
                           (("--concept", TWO), 3), (("--concept", "numbers"), 0), (("--status", "approved"), 0),
                           (("--unit", "00.01.03", "--type", "analogy"), 1)):  # fmt: skip
        assert len(json.loads(call("list", *filters, "--format", "json")[1])["connections"]) == count
    assert call("list", "--status", "open")[0] == 2


def test_several_are_approved_in_one_commit(call, waiting: Workspace) -> None:
    first, second, third = ids(waiting)
    head = git(waiting.root, "rev-parse", "HEAD")
    status, out, _ = call("approve", first, "conn:2", "--note", "Both\nhold.")
    assert (status, out) == (0, f"{first}: approved\n{second}: approved\n")
    assert git(waiting.root, "rev-list", "--count", f"{head}..HEAD") == "1"
    snapshot = waiting.snapshot()
    document = json.loads(snapshot.text(connections.PATH))
    assert [c.id for c in connections.parse(snapshot.text(connections.PATH)).connections] == [first, second]
    assert document["stats"]["total_connections"] == 2 and document["stats"]["by_type"] == {"analogy": 1, "dual": 1}
    entry = document["connections"][0]
    assert list(entry) == ["id", "from", "to", "type", "strength", "anchor_phrase", "appears_in_units",
                           "appears_in_flows", "synthesis_note"]  # fmt: skip
    assert entry["appears_in_units"] == ["00.01.03"]
    decided = proposals.parse(snapshot.text(proposals.PATH))
    assert [each.status for each in decided] == ["approved", "approved", "pending"]
    assert decided[0].decision_note == "Both hold." and decided[0].decision_at
    notes = [e.data for e in Ledger.load(snapshot).events("campaign") if e.kind == "noted"]
    assert {"connection": first, "status": "approved"} in notes and verify(snapshot) == []
    assert f"- approved `{first}`: Both hold." in snapshot.text("manifests/integration_report.md")
    assert git(waiting.root, "status", "--porcelain") == ""
    assert json.loads(call("list", "--status", "registered", "--format", "json")[1])["connections"][0]["id"] == first
    assert third in call("list")[1]


def test_a_decision_is_made_once(call, waiting: Workspace) -> None:
    first, second, _ = ids(waiting)
    assert call("reject", first)[:2] == (0, f"{first}: rejected\n")
    head = git(waiting.root, "rev-parse", "HEAD")
    assert call("reject", first)[:2] == (0, f"{first}: rejected already\n")
    status, _, err = call("approve", first, second)
    assert status == 2 and f"{first} is rejected since" in err and "set its status to pending" in err
    assert git(waiting.root, "rev-parse", "HEAD") == head
    assert call("approve", "99")[0] == 2 and call("approve")[0] == 2


def test_what_was_decided_does_not_come_back(call, waiting: Workspace) -> None:
    first, second, _ = ids(waiting)
    assert call("reject", first)[0] == call("approve", second)[0] == 0
    text = waiting.snapshot().text(proposals.PATH)
    again = proposal(
        waiting,
        new_unit("00.01.04"),
        connections=(wanted(appears_in_units=("00.01.04",)), wanted("counted from nothing", type="dual")),
    )
    assert integrate(waiting, [again], now=NOW)[0].accepted == ("00.01.04",)
    assert waiting.snapshot().text(proposals.PATH) == text


def test_a_dry_run_and_json(call, waiting: Workspace) -> None:
    first, *_ = ids(waiting)
    head = git(waiting.root, "rev-parse", "HEAD")
    assert call("approve", first, "--dry-run")[:2] == (0, f"{first}: would be approved\n")
    assert git(waiting.root, "rev-parse", "HEAD") == head
    said = json.loads(call("approve", first, "--format", "json")[1])
    assert said["decided"] == [first] and said["commit"] == git(waiting.root, "rev-parse", "HEAD")


def test_a_concept_that_is_not_in_the_catalog_is_not_registered(call, waiting: Workspace) -> None:
    strange = proposal(waiting, connections=(wanted("counted elsewhere", from_concept="numbers.unknown"),))
    integrate(waiting, [strange], now=NOW)
    *_, last = ids(waiting)
    status, _, err = call("approve", last)
    assert status == 2 and "the catalog has no numbers.unknown" in err
    assert proposals.parse(waiting.snapshot().text(proposals.PATH))[-1].status == "pending"
    assert call("reject", last)[0] == 0


def test_a_hostile_note_is_refused(call, waiting: Workspace) -> None:
    status, _, err = call("approve", ids(waiting)[0], "--note", "<script>alert(1)</script>")
    assert status == 2 and "<script>" in err
    status, _, _ = call("approve", ids(waiting)[0], "--note", "- **status**: rejected\n## conn:999.x")
    assert status == 0 and len(ids(waiting)) == 3


def test_the_same_decision_from_two_places(waiting: Workspace) -> None:
    first, *_ = ids(waiting)
    made = proposal(waiting, decisions=(ConnectionDecision(id=first, status="approved"),), subject="campaign")
    other = made.model_copy(update={"title": "Elsewhere"})
    assert [r.status for r in integrate(waiting, [made, other], now=NOW)] == ["committed", "unchanged"]
    contrary = made.model_copy(update={"decisions": (ConnectionDecision(id=first, status="rejected"),)})
    assert "is approved since" in integrate(waiting, [contrary], now=NOW)[0].reason
