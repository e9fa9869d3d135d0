"""Withdrawing a unit undoes what its integration did, and only that; what rests on it holds it back, by name."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from codex.campaign.events import EventDraft, Kind
from codex.campaign.ledger import Ledger
from codex.campaign.verify import verify
from codex.check import check_corpus
from codex.cli.app import run
from codex.corpus.index import CorpusIndex
from codex.errors import UserError
from codex.integration.integrator import integrate
from codex.integration.opening import open_workspace
from codex.integration.proposal import CatalogEntry, ConnectionProposal, EdgeChange
from codex.integration.withdrawal import withdrawal
from codex.workspace import Workspace

from .helpers import BOOK, FOLDER, NOW, changed_unit, fsck, git, in_child, new_unit, path_of, proposal, slug, unit_text

#: What a withdrawal adds to, and does not take back: the record.
RECORD = {
    "manifests/campaign.json",
    "manifests/campaign.log.jsonl",
    "manifests/fasttrack_coverage.md",
    "manifests/integration_report.md",
    "manifests/log/head.json",
    "docs/plans/PRODUCTION_PLAN.md",
}
PLAN = "manifests/production/plan.json"


def commit(workspace: Workspace, files: dict[str, str]) -> None:
    for name, text in files.items():
        (workspace.root / name).parent.mkdir(parents=True, exist_ok=True)
        (workspace.root / name).write_text(text, encoding="utf-8")
    git(workspace.root, "add", "-A")
    git(workspace.root, "-c", "user.name=p", "-c", "user.email=p@x", "commit", "-qm", "By hand")


def ship(workspace: Workspace, *units, **more):
    (result,) = integrate(workspace, [proposal(workspace, *units, **more)], now=NOW)
    assert len(result.accepted) == len(units), result
    return result


def take_back(workspace: Workspace, *ids: str, **more):
    made = withdrawal(workspace, list(ids), "It was wrong.")
    assert made is not None
    return integrate(workspace, [made], now=NOW, **more)[0]


def files(workspace: Workspace) -> dict[str, str]:
    return {path: blob for path, blob in workspace.snapshot().blobs().items() if path not in RECORD}


def plan(*queued: str) -> str:
    units = {
        unit: {"id": unit, "title": f"Unit {unit}", "status": "queued", "kind": "new_unit", "priority": "P1",
               "source_audits": ["one"], "prereqs": [], "successors": []}
        for unit in queued
    }  # fmt: skip
    return json.dumps({"version": 1, "counts": {"shipped": 0, "queued": len(queued), "deepenings_queued": 0},
                       "units": units, "queue_topo_order": list(queued)}, indent=2) + "\n"  # fmt: skip


def registry() -> str:
    entry = {"id": "conn:001.a-b", "from": "numbers.unit-00-01-01", "to": "numbers.unit-00-01-02", "type": "analogy",
             "strength": "lateral", "anchor_phrase": "both are counted", "appears_in_units": ["00.01.01"],
             "appears_in_flows": [], "synthesis_note": ""}  # fmt: skip
    head = {"version": 1, "connection_types": ["analogy"], "strength_levels": ["lateral"], "connections": [entry]}
    return json.dumps(head, indent=2) + "\n"


def test_all_is_as_it_was_before(workspace: Workspace) -> None:
    """Planned, in flight, with a figure and a registered connection: everything comes and goes."""
    commit(workspace, {PLAN: plan("00.01.04", "00.01.03", "00.01.05"), "manifests/connections.json": registry()})
    ship(workspace, pending=("00.01.03",), edges=(EdgeChange(before="00.01.01", after="00.01.03"),))
    before = files(workspace)
    text = unit_text("00.01.03", ("00.01.01", "00.01.02"), extra="connections:\n  in: [conn:001.a-b]\n")
    text = text.replace("(/img/pairs.svg)", "(pairs.svg)")
    waiting = ConnectionProposal(
        from_concept="numbers.unit-00-01-03", to_concept="numbers.unit-00-01-01", type="analogy", strength="lateral",
        anchor_phrase="the same count twice", appears_in_units=("00.01.03",),
    )  # fmt: skip
    ship(workspace, new_unit("00.01.03", text=text), connections=(waiting,))
    middle = files(workspace)
    assert f"{FOLDER}/pairs.svg" in middle and "conn:002" in workspace.snapshot().text(
        "manifests/connection_proposals.md"
    )

    result = take_back(workspace, "00.01.03")
    assert (result.status, result.withdrawn) == ("committed", ("00.01.03",))
    after = files(workspace)
    status = after.pop("manifests/units/00.01.03.json")
    assert json.loads(workspace.snapshot().text("manifests/units/00.01.03.json"))["status"] == "withdrawn" and status
    differing = {path for path in {*before, *after} if before.get(path) != after.get(path)}
    assert differing == {"manifests/deps.json"}  # the edge that the queued unit needs
    edges = CorpusIndex(workspace.snapshot()).deps.edges
    assert {(e.before, e.after, e.state) for e in edges} == {
        ("00.01.01", "00.01.03", "pending"), ("00.01.02", "00.01.03", "pending"),
    }  # fmt: skip
    assert git(workspace.root, "status", "--porcelain") == "" and fsck(workspace.root) == ""
    assert verify(workspace.snapshot()) == [] and check_corpus(workspace.snapshot()).count("failing") == 0
    report = workspace.snapshot().text("manifests/integration_report.md")
    for said in ("withdrawn `00.01.03` (It was wrong.)", "catalog entry numbers.unit-00-01-03 removed", "queued again",
                 "placeholder content/00-numbers/01-integers/pairs.svg removed", "taken out of its connections",
                 "its proposed connections dropped"):  # fmt: skip
        assert said in report
    message = git(workspace.root, "log", "-1", "--format=%B")
    assert message.startswith("Withdraw 00.01.03 Unit 00.01.03\n") and "Unit 00.01.03: withdrawn" in message


def test_it_can_ship_again_and_be_withdrawn_again(workspace: Workspace) -> None:
    before = files(workspace)
    for _ in range(2):
        ship(workspace, new_unit("00.01.03"))
        assert take_back(workspace, "00.01.03").withdrawn == ("00.01.03",)
    after = files(workspace)
    del after["manifests/units/00.01.03.json"], after["site/public/img/pairs.svg"]  # other units show it too
    assert after == before
    kinds = [e.kind for e in Ledger.load(workspace.snapshot()).events(BOOK) if e.kind.startswith("unit_")]
    assert kinds == ["unit_shipped", "unit_withdrawn"] * 2


def test_twice_is_once(workspace: Workspace) -> None:
    ship(workspace, new_unit("00.01.03"))
    made = withdrawal(workspace, ["00.01.03"])
    integrate(workspace, [made], now=NOW)
    head = git(workspace.root, "rev-parse", "HEAD")
    assert integrate(workspace, [made], now=NOW)[0].status == "unchanged"
    assert withdrawal(workspace, ["00.01.03"]) is None
    late = made.model_copy(update={"title": "The same in other words"})
    assert integrate(workspace, [late], now=NOW)[0].status == "unchanged"
    assert git(workspace.root, "rev-parse", "HEAD") == head
    with pytest.raises(UserError, match=r"no unit 00\.01\.09"):
        withdrawal(workspace, ["00.01.09"])


def test_a_concept_that_others_use_stays(workspace: Workspace) -> None:
    ship(workspace, new_unit("00.01.03"))
    entry = CatalogEntry(slug="numbers.later", title="Later", prerequisites=("numbers.unit-00-01-03",))
    ship(workspace, catalog=(entry,))
    result = take_back(workspace, "00.01.03")
    assert "00.01.03: catalog entry numbers.unit-00-01-03 kept, used by numbers.later" in result.actions
    catalog = CorpusIndex(workspace.snapshot()).catalog
    assert "numbers.unit-00-01-03" in catalog and catalog.unit_of("numbers.unit-00-01-03") == ""


def test_a_concept_that_was_planned_stays_without_its_unit(workspace: Workspace) -> None:
    ship(workspace, catalog=(CatalogEntry(slug="numbers.unit-00-01-03", title="Planned"),))
    before = workspace.snapshot().text("docs/catalogs/CONCEPT_CATALOG.md")
    ship(workspace, new_unit("00.01.03"))
    take_back(workspace, "00.01.03")
    assert workspace.snapshot().text("docs/catalogs/CONCEPT_CATALOG.md") == before


def test_a_figure_that_somebody_drew_or_another_unit_shows_stays(workspace: Workspace) -> None:
    def shows(unit_id: str) -> str:
        return unit_text(unit_id).replace("(/img/pairs.svg)", "(pairs.svg)") + "\n![Mine](mine.svg)\n"

    ship(workspace, new_unit("00.01.05", text=shows("00.01.05")))
    ship(workspace, new_unit("00.01.06", text=unit_text("00.01.06").replace("(/img/pairs.svg)", "(pairs.svg)")))
    commit(workspace, {f"{FOLDER}/mine.svg": "<svg/>\n"})
    result = take_back(workspace, "00.01.05")
    assert f"00.01.05: {FOLDER}/mine.svg kept, somebody drew it" in result.actions
    assert {f"{FOLDER}/mine.svg", f"{FOLDER}/pairs.svg"} <= set(workspace.snapshot().blobs())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace("prerequisites: []", "prerequisites:\n  - 00.01.03"), "00.01.04 has it as a prereq"),
        (lambda text: text + "\nAs in [00.01.03], this goes on.\n", "00.01.04 links to it"),
        (lambda text: text + "\nSee [there](../01-integers/00.01.03-unit.md).\n", "00.01.04 links to it"),
    ],
    ids=["prerequisite", "link", "link to the file"],
)
def test_what_rests_on_it_is_named(workspace: Workspace, change, said: str) -> None:
    ship(workspace, new_unit("00.01.03"))
    ship(workspace, new_unit("00.01.04", text=change(unit_text("00.01.04"))))
    head = git(workspace.root, "rev-parse", "HEAD")
    result = take_back(workspace, "00.01.03")
    assert result.status == "refused" and said in result.reason
    assert git(workspace.root, "rev-parse", "HEAD") == head
    both = take_back(workspace, "00.01.03", "00.01.04")  # together they may go
    assert both.withdrawn == ("00.01.03", "00.01.04")


def test_connections_flows_and_the_graph_hold_it_back(workspace: Workspace) -> None:
    ship(workspace, new_unit("00.01.03"))
    text = registry().replace('"numbers.unit-00-01-02"', '"numbers.unit-00-01-03"')
    commit(workspace, {"manifests/connections.json": text})
    ship(workspace, new_unit("00.01.04", text=unit_text("00.01.04", extra="connections:\n  in: [conn:001.a-b]\n")))
    assert "uses conn:001.a-b, which begins or ends at its concept" in take_back(workspace, "00.01.03").reason
    commit(workspace, {"flows/walk.md": "steps:\n  - unit: 00.01.04\n"})
    assert "flows/walk.md leads through it" in take_back(workspace, "00.01.04").reason
    ship(workspace, edges=(EdgeChange(before="00.01.04", after="00.01.02"),))
    assert "00.01.02 depends on it in the graph" in take_back(workspace, "00.01.04").reason


def test_who_named_it_before_it_shipped_does_not_hold_it_back(workspace: Workspace) -> None:
    text = unit_text("00.01.03") + "\nThis builds toward [00.01.04].\n"
    ship(workspace, new_unit("00.01.03", text=text.replace("successors: []", "successors:\n  - 00.01.04")))
    ship(workspace, new_unit("00.01.04"))
    assert take_back(workspace, "00.01.04").withdrawn == ("00.01.04",)


def test_a_unit_that_changed_meanwhile_is_not_withdrawn(workspace: Workspace) -> None:
    ship(workspace, new_unit("00.01.03"))
    made = withdrawal(workspace, ["00.01.03"])
    ship(workspace, changed_unit(workspace, "00.01.03", lambda text: text + "\nMore.\n"))
    (result,) = integrate(workspace, [made], now=NOW)
    assert result.status == "refused" and "has changed since" in result.reason


def test_a_book_that_somebody_works_on_is_left_alone(workspace: Workspace) -> None:
    ship(workspace, new_unit("00.01.03"))
    until = {"until": "2026-01-05T16:00:00Z"}
    ship(workspace, events=(EventDraft(subject=BOOK, kind=Kind.CLAIMED, owner="run-7", data=until),))
    assert "book:one is held by run-7" in take_back(workspace, "00.01.03").reason


@pytest.mark.parametrize("state", ["in-production", "production-complete", "verified", "woven", "equivalence-covered"])
def test_its_book_owes_it_again(workspace: Workspace, state: str) -> None:
    owed = {"id": "00.01.03", "action": "new", "title": "Three", "slug": slug("00.01.03")}
    registered = {"title": "Two", "tier": "α", "status": state, "passes": {"P4_production": {"status": "completed"}}}
    ship(workspace, subject="book:two", events=(
        EventDraft(subject="book:two", kind=Kind.REGISTERED, data=registered),
        EventDraft(subject="book:two", kind=Kind.DELIVERABLES, data={"outstanding": [owed]}),
    ))  # fmt: skip
    ship(workspace, new_unit("00.01.03"), subject="book:two")
    assert Ledger.load(workspace.snapshot()).entry("book:two")["outstanding_deliverables"] == []
    assert take_back(workspace, "00.01.03").withdrawn == ("00.01.03",)
    entry = Ledger.load(workspace.snapshot()).entry("book:two")
    assert entry["outstanding_deliverables"] == [owed]
    assert entry["status"] == (state if state == "in-production" else "production-ready")
    assert entry["passes"]["P4_production"]["units"]["00.01.03"]["status"] == "withdrawn"
    assert verify(workspace.snapshot()) == []


def test_a_unit_that_came_with_the_workspace(workspace: Workspace) -> None:
    result = take_back(workspace, "00.01.02")
    assert result.withdrawn == ("00.01.02",) and not workspace.snapshot().exists(path_of("00.01.02"))
    assert "00.01.02: catalog entry numbers.unit-00-01-02 kept, it was there before" in result.actions
    assert [e.kind for e in Ledger.load(workspace.snapshot()).events("unit:00.01.02")] == ["unit_withdrawn"]


def test_uncommitted_edits_of_a_withdrawn_unit_stay(workspace: Workspace) -> None:
    ship(workspace, new_unit("00.01.03"))
    place = workspace.root / path_of("00.01.03")
    place.write_text("mine\n")
    result = take_back(workspace, "00.01.03")
    assert place.read_text() == "mine\n" and "uncommitted edits" in result.warnings[0]


def test_the_command(workspace: Workspace, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    def call(*arguments: str) -> tuple[int, str, str]:
        status = run(["integrate", *arguments, "-w", str(workspace.root)])
        return status, *capsys.readouterr()

    (tmp_path / "unit.md").write_text(unit_text("00.01.03"))
    assert call(str(tmp_path / "unit.md"))[0] == 0
    head = git(workspace.root, "rev-parse", "HEAD")
    status, out, _ = call("--revert", "00.01.03", "--dry-run")
    assert status == 0 and out.startswith("00.01.03: would be withdrawn\n  catalog entry numbers.unit-00-01-03 removed")
    assert git(workspace.root, "rev-parse", "HEAD") == head
    status, out, _ = call("--revert", "00.01.03", "--reason", "A slip", "--format", "json")
    said = json.loads(out)
    assert (status, said["status"], said["withdrawn"]) == (0, "committed", ["00.01.03"])
    assert call("--revert", "00.01.03") == (0, "00.01.03: withdrawn already, nothing to do\n", "")
    event = Ledger.load(workspace.snapshot()).events("unit:00.01.03")[-1]
    assert (event.kind, event.rationale) == ("unit_withdrawn", "A slip")
    status, _, err = call("--revert", "00.01.99")
    assert status == 2 and "There is no unit 00.01.99" in err
    assert call("--revert", "00.01.01", "x.md")[0] == 2 and call()[0] == 2
    assert call("--revert", "../x")[0] == 2


@pytest.mark.parametrize("point", ["ref.before", "ref.after", "checkout.begin", "checkout.removed", "checkout.index"])
def test_killed_while_it_withdraws(workspace: Workspace, point: str) -> None:
    ship(workspace, new_unit("00.01.03"))
    made = withdrawal(workspace, ["00.01.03"])
    assert os.WIFSIGNALED(in_child(lambda: integrate(workspace, [made], now=NOW), point))
    reopened = open_workspace(workspace.root)
    assert git(workspace.root, "status", "--porcelain") == "" and fsck(workspace.root) == ""
    assert (workspace.root / path_of("00.01.03")).exists() is (point == "ref.before")
    (result,) = integrate(reopened, [made], now=NOW)
    assert result.withdrawn == ("00.01.03",) or result.status == "unchanged"
    assert not (workspace.root / path_of("00.01.03")).exists() and verify(reopened.snapshot()) == []
    assert git(workspace.root, "log", "--format=%s").count("Withdraw") == 1
