"""What one integration does to the shared state."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from codex.campaign.events import EventDraft, Kind
from codex.campaign.ledger import Ledger
from codex.campaign.verify import verify
from codex.check import check_corpus
from codex.check.policy import Policy
from codex.corpus.index import CorpusIndex
from codex.errors import DataError
from codex.integration import spool
from codex.integration.integrator import integrate
from codex.integration.proposal import CatalogEntry, ConnectionProposal, CostLine, EdgeChange, PlanSection, Report
from codex.integration.steps.draft import Draft
from codex.integration.steps.judge import judge_others
from codex.integration.steps.refused import Rejected
from codex.workspace import Workspace

from .helpers import BOOK, NOW, changed_unit, commits, fsck, git, new_unit, path_of, proposal, unit_text


def one(workspace: Workspace, *units, **more):
    return integrate(workspace, [proposal(workspace, *units, **more)], now=NOW)[0]


def deps(workspace: Workspace):
    return CorpusIndex(workspace.snapshot()).deps


def test_a_unit_is_placed_registered_and_committed(workspace: Workspace) -> None:
    before = commits(workspace.root)
    result = one(workspace, new_unit("00.01.03", "00.01.01"))
    assert (result.status, result.accepted, result.rejected) == ("committed", ("00.01.03",), ())
    assert commits(workspace.root) == before + 1
    assert result.commit == git(workspace.root, "rev-parse", "HEAD")
    index = CorpusIndex(workspace.snapshot())
    assert index.path_of("00.01.03") == path_of("00.01.03")
    assert index.catalog.unit_of("numbers.unit-00-01-03") == "00.01.03"
    assert "00.01.03" in index.deps.shipped and index.deps.prerequisites["00.01.03"] == ["00.01.01"]
    assert {e.state for e in index.deps.edges if e.after == "00.01.03"} == {"shipped"}
    status = json.loads(workspace.snapshot().text("manifests/units/00.01.03.json"))
    assert (status["validator"], status["book"], status["status"]) == ("27/27", "one", "shipped")
    assert git(workspace.root, "status", "--porcelain") == ""
    assert (workspace.root / path_of("00.01.03")).read_text(encoding="utf-8") == unit_text("00.01.03", ("00.01.01",))
    assert fsck(workspace.root) == ""


def test_the_event_says_what_was_shipped(workspace: Workspace) -> None:
    one(workspace, new_unit("00.01.03", attempt=2))
    ledger = Ledger.load(workspace.snapshot())
    event = ledger.events(BOOK)[-1]
    assert (event.kind, event.unit, event.pass_name) == ("unit_shipped", "00.01.03", "P4_production")
    expected = {"id": "00.01.03", "path": path_of("00.01.03"), "action": "new", "checks": "27/27", "attempt": 2}
    assert event.data == expected
    assert verify(workspace.snapshot()) == []


def test_the_same_proposal_twice_changes_nothing(workspace: Workspace) -> None:
    again = proposal(workspace, new_unit("00.01.03"))
    first = integrate(workspace, [again], now=NOW)[0]
    second = integrate(workspace, [again], now=NOW)[0]
    assert (second.status, second.commit, second.accepted) == ("unchanged", first.commit, ("00.01.03",))
    assert git(workspace.root, "rev-parse", "HEAD") == first.commit


def test_the_same_unit_in_another_proposal_changes_nothing(workspace: Workspace) -> None:
    first = one(workspace, new_unit("00.01.03"))
    second = one(workspace, new_unit("00.01.03"), title="Another title")
    assert (second.status, second.accepted) == ("unchanged", ("00.01.03",))
    assert git(workspace.root, "rev-parse", "HEAD") == first.commit


def test_a_unit_below_all_checks_is_rejected_and_the_batch_goes_on(workspace: Workspace) -> None:
    bad = new_unit("00.01.03", text=unit_text("00.01.03").replace("**Proof.** Write", "Clearly"))
    result = one(workspace, bad, new_unit("00.01.04"))
    assert result.accepted == ("00.01.04",)
    (rejected,) = result.rejected
    assert (rejected.id, rejected.reason, rejected.detail) == ("00.01.03", "checks", "26/27 checks passed")
    (defect,) = rejected.defects
    assert defect["code"] == "PH001" and defect["where"].startswith("line ")
    snapshot = workspace.snapshot()
    assert not snapshot.exists(path_of("00.01.03")) and snapshot.exists(path_of("00.01.04"))
    assert "unit-00-01-03" not in snapshot.text("docs/catalogs/CONCEPT_CATALOG.md")
    event = Ledger.load(snapshot).last_failure(BOOK, "P4_production", "00.01.03")
    assert event and event.data["defects"] == [dict(defect)]


def test_events_and_documents_wait_for_every_unit(workspace: Workspace) -> None:
    bad = new_unit("00.01.03", text=unit_text("00.01.03").replace("status: shipped", "status: draft"))
    noted = EventDraft(subject=BOOK, kind=Kind.NOTED, rationale="the whole")
    always = EventDraft(subject=BOOK, kind=Kind.NOTED, rationale="in any case", cost_usd=Decimal("0.25"))
    result = one(workspace, bad, events=(noted,), always_events=(always,), notation="# Notation\n", costs=(cost(),))
    assert result.rejected[0].reason == "checks"
    snapshot = workspace.snapshot()
    said = [event.rationale for event in Ledger.load(snapshot).events(BOOK)]
    assert "in any case" in said and "the whole" not in said
    assert not snapshot.exists("notation/one.md")
    assert "held back, because a unit was rejected: notation, events" in snapshot.text(
        "manifests/integration_report.md"
    )
    assert json.loads(snapshot.text("manifests/cost_ledger.jsonl"))["call"] == "call-1"


def cost(**more) -> CostLine:
    values = {
        "call": "call-1", "timestamp": "2026-01-05T12:00:00Z", "book": "one", "pass_name": "P4_production",
        "agent_id": "a", "backend": "replay", "model": "m", "input_tokens": 1, "output_tokens": 2,
        "cost_usd": Decimal("0.18"), "duration_s": 1.5, "outcome": "ok",
    }  # fmt: skip
    return CostLine(**(values | more))


def test_costs_are_added_once(workspace: Workspace) -> None:
    one(workspace, costs=(cost(),))
    assert one(workspace, costs=(cost(),)).status == "unchanged"
    one(workspace, costs=(cost(), cost(call="call-2")))
    lines = [json.loads(line) for line in workspace.snapshot().text("manifests/cost_ledger.jsonl").splitlines()]
    assert [line["call"] for line in lines] == ["call-1", "call-2"]
    assert lines[0]["pass"] == "P4_production" and lines[0]["cost_usd"] == 0.18


def test_a_refused_event_refuses_everything(workspace: Workspace) -> None:
    head = git(workspace.root, "rev-parse", "HEAD")
    moved = EventDraft(subject=BOOK, kind=Kind.TRANSITION, expect="woven", to_state="equivalence-covered")
    result = one(workspace, new_unit("00.01.03"), events=(moved,), costs=(cost(),))
    assert (result.status, result.commit) == ("refused", None)
    assert "was expected at 'woven' and is at 'draft'" in result.reason
    assert git(workspace.root, "rev-parse", "HEAD") == head


def test_a_reference_that_cannot_be_looked_up_is_not_judged(workspace: Workspace) -> None:
    text = unit_text("00.01.03").replace("references:\n", "references:\n  - {source: archive, path: a/b.pdf}\n")
    (rejected,) = one(workspace, new_unit("00.01.03", text=text)).rejected
    assert rejected.reason == "not-judged" and "not judged: RF002" in rejected.detail


def test_the_integrators_own_report_is_nobody_elses(workspace: Workspace) -> None:
    result = one(workspace, reports=(Report(name="integration_report", markdown="mine"),))
    assert result.status == "refused" and "by the integrator alone" in result.reason


def test_a_damaged_shared_file_is_no_fault_of_the_proposal(workspace: Workspace) -> None:
    place = workspace.root / "docs/catalogs/CONCEPT_CATALOG.md"
    good = place.read_bytes()
    made = [proposal(workspace, new_unit("00.01.03"))]
    for path, damage in ((place, b"\xff"), (workspace.root / "manifests/deps.json", b"{")):
        before = path.read_bytes() if path.exists() else good
        path.write_bytes(damage)
        git(workspace.root, "add", "-A")
        git(workspace.root, "-c", "user.name=p", "-c", "user.email=p@x", "commit", "-qam", "damage")
        with pytest.raises(DataError, match=path.name):
            integrate(workspace, made, now=NOW)
        path.write_bytes(before)
        git(workspace.root, "-c", "user.name=p", "-c", "user.email=p@x", "commit", "-qam", "mended")
    assert integrate(workspace, made, now=NOW)[0].accepted == ("00.01.03",)


def test_a_claim_held_by_somebody_else_refuses(workspace: Workspace) -> None:
    claim = EventDraft(subject=BOOK, kind=Kind.CLAIMED, owner="anna", data={"until": "2026-01-05T13:00:00Z"})
    assert one(workspace, events=(claim,)).status == "committed"
    refused = one(workspace, new_unit("00.01.03"), owner="bert")
    assert (refused.status, refused.reason) == ("refused", "book:one is held by anna, no longer by bert.")
    assert one(workspace, new_unit("00.01.03"), owner="anna").status == "committed"


def test_a_taken_id_is_rejected_with_the_next_free_one(workspace: Workspace) -> None:
    other = new_unit("00.01.02", text=unit_text("00.01.02").replace("Ten dots", "Twelve dots"))
    (rejected,) = one(workspace, other).rejected
    assert rejected.reason == "id-taken"
    assert "belongs to 'Unit 00.01.02'" in rejected.detail and "next free id is 00.01.03" in rejected.detail


def test_a_cycle_is_rejected_and_named(workspace: Workspace) -> None:
    one(workspace, new_unit("00.01.03", "00.01.02"))
    needed = "prerequisites:\n  - 00.01.03"
    circle = changed_unit(workspace, "00.01.02", lambda t: t.replace("prerequisites: []", needed))
    (rejected,) = one(workspace, circle).rejected
    assert rejected.reason == "cycle"
    assert "00.01.03 → 00.01.02 → 00.01.03" in rejected.detail


def test_edges_of_a_proposal_that_close_a_cycle_refuse_it(workspace: Workspace) -> None:
    edges = (EdgeChange(before="00.01.01", after="00.01.02"), EdgeChange(before="00.01.02", after="00.01.01"))
    result = one(workspace, edges=edges)
    assert result.status == "refused" and "close the cycle" in result.reason


def test_a_deepening_must_be_based_on_the_present_version(workspace: Workspace) -> None:
    late = changed_unit(workspace, "00.01.02", lambda t: t + "\nOne more line.\n")
    first = one(workspace, changed_unit(workspace, "00.01.02", lambda t: t + "\nAnother line.\n"))
    assert first.accepted == ("00.01.02",)
    (rejected,) = one(workspace, late).rejected
    assert rejected.reason == "moved" and "has changed since" in rejected.detail
    (absent,) = one(workspace, new_unit("00.01.09").model_copy(update={"action": "edit"})).rejected
    assert absent.reason == "moved"


def test_a_deepening_may_not_make_a_check_worse(workspace: Workspace) -> None:
    worse = changed_unit(workspace, "00.01.02", lambda t: t + "\nThis is trivial.\n")
    (rejected,) = one(workspace, worse).rejected
    assert rejected.reason == "checks" and [d["code"] for d in rejected.defects] == ["PH001"]


def test_a_deepening_of_a_failing_unit_need_not_mend_it(workspace: Workspace) -> None:
    path = workspace.root / path_of("00.01.02")
    path.write_text(path.read_text(encoding="utf-8") + "\nThis is trivial.\n", encoding="utf-8")
    git(workspace.root, "-c", "user.name=p", "-c", "user.email=p@x", "commit", "-qam", "by hand")
    result = one(workspace, changed_unit(workspace, "00.01.02", lambda t: t + "\nA harmless line.\n"))
    assert result.accepted == ("00.01.02",)
    assert Ledger.load(workspace.snapshot()).events(BOOK)[-1].data["checks"] == "26/27"


def test_a_unit_that_breaks_another_is_rejected_with_its_name(workspace: Workspace) -> None:
    one(workspace, new_unit("00.01.03", "00.01.02"))
    change = changed_unit(workspace, "00.01.02", lambda t: t.replace("status: shipped", "status: review"))
    before = Draft(workspace.snapshot())
    after = before.copy()
    after.put(path_of("00.01.02"), change.text.encode())
    with pytest.raises(Rejected) as caught:
        judge_others(change, path_of("00.01.02"), before, after, Policy.of("core"))
    assert caught.value.unit.reason == "breaks-others"
    assert caught.value.unit.detail == (
        "it would break 00.01.03: PR001 all prerequisites resolve OR are pending-registered"
    )
    assert one(workspace, change).rejected[0].detail == "status is 'review'; what is integrated is shipped"


def test_a_unit_with_another_id_than_announced_is_rejected(workspace: Workspace) -> None:
    (rejected,) = one(workspace, new_unit("00.01.03", text=unit_text("00.01.04"))).rejected
    assert rejected.detail == "the front matter says id '00.01.04', the proposal '00.01.03'"


def test_pending_prerequisites_are_flagged_and_cleared(workspace: Workspace) -> None:
    waiting = one(workspace, new_unit("00.01.05", "00.01.04"), pending=("00.01.04",))
    assert waiting.accepted == ("00.01.05",)
    assert "pending_prereqs: true" in workspace.snapshot().text(path_of("00.01.05"))
    assert "00.01.04" in deps(workspace).pending
    based_on_flagged = changed_unit(workspace, "00.01.05", lambda t: t + "\nWritten meanwhile.\n")
    assert one(workspace, new_unit("00.01.04")).accepted == ("00.01.04",)
    assert "pending_prereqs: false" in workspace.snapshot().text(path_of("00.01.05"))
    graph = deps(workspace)
    assert graph.pending == () and {edge.state for edge in graph.edges} == {"shipped"}
    assert check_corpus(workspace.snapshot()).count("passing") == 4
    late = one(workspace, based_on_flagged)
    assert late.accepted == ("00.01.05",)
    text = workspace.snapshot().text(path_of("00.01.05"))
    assert "pending_prereqs: false" in text and "Written meanwhile." in text


def test_a_prerequisite_that_nobody_announced_is_a_defect(workspace: Workspace) -> None:
    (rejected,) = one(workspace, new_unit("00.01.05", "00.01.04", text=None)).rejected
    assert [d["code"] for d in rejected.defects] == ["PR001"]


def test_a_batch_is_taken_in_the_order_of_its_prerequisites(workspace: Workspace) -> None:
    result = one(workspace, new_unit("00.01.05", "00.01.04"), new_unit("00.01.04", "00.01.03"), new_unit("00.01.03"))
    assert result.accepted == ("00.01.03", "00.01.04", "00.01.05")
    assert "pending_prereqs" not in workspace.snapshot().text(path_of("00.01.05"))


def test_plan_sections_notation_and_reports(workspace: Workspace) -> None:
    section = PlanSection(number=1, markdown="### 1.1 Contents\n\nText.", front_matter={"plan_status": "audited"})
    report = Report(name="weaving_report", markdown="# Weaving\n")
    result = one(workspace, sections=(section,), notation="# Notation", reports=(report,))
    assert result.status == "committed"
    snapshot = workspace.snapshot()
    plan = snapshot.text("plans/fasttrack/one.md")
    assert plan.startswith("---\nbook: One\nplan_status: audited\n---") and "## §1 Book audit" in plan
    assert snapshot.text("notation/one.md") == "# Notation\n"
    assert snapshot.text("manifests/weaving_report.md") == "# Weaving\n"


def test_a_section_that_holds_another_is_refused(workspace: Workspace) -> None:
    result = one(workspace, sections=(PlanSection(number=2, markdown="## §1 Not mine"),))
    assert result.status == "refused" and "another section" in result.reason


def test_catalog_entries_and_connection_proposals(workspace: Workspace) -> None:
    entry = CatalogEntry(slug="numbers.primes", title="Primes\n### injected")
    connection = ConnectionProposal(
        from_concept="numbers.unit-00-01-01", to_concept="numbers.primes", type="analogy", strength="lateral",
        anchor_phrase="a prime is an atom", appears_in_units=("00.01.03",),
    )  # fmt: skip
    bad = new_unit("00.01.03", text=unit_text("00.01.03").replace("status: shipped", "status: draft"))
    one(workspace, bad, connections=(connection,))
    assert CorpusIndex(workspace.snapshot()).proposals == ()
    one(workspace, new_unit("00.01.03"), connections=(connection,), catalog=(entry,))
    index = CorpusIndex(workspace.snapshot())
    assert [p.anchor_phrase for p in index.proposals] == ["a prime is an atom"]
    assert "numbers.primes" in index.catalog and "### injected" not in index.catalog.text.splitlines()


def test_the_units_own_catalog_entry_is_kept_or_completed(workspace: Workspace) -> None:
    planned = CatalogEntry(slug="numbers.unit-00-01-03", title="Planned")
    one(workspace, catalog=(planned,))
    one(workspace, new_unit("00.01.03", catalog=CatalogEntry(slug="numbers.unit-00-01-03", title="Otherwise")))
    catalog = CorpusIndex(workspace.snapshot()).catalog
    assert catalog.keys("numbers.unit-00-01-03") == {"title": "Planned", "unit": "`00.01.03`"}
    wrong = new_unit("00.01.04", catalog=CatalogEntry(slug="numbers.elsewhere", title="Elsewhere"))
    assert one(workspace, wrong).rejected[0].reason == "checks"


def test_registered_connections_get_the_unit(workspace: Workspace) -> None:
    registry = {"connections": [{"id": "conn:001.a-b", "from": "a", "to": "b", "anchor_phrase": "x", "note": "kept"}]}
    write_and_commit(workspace, "manifests/connections.json", json.dumps(registry))
    extra = "connections:\n  in: [conn:001.a-b]\n  out: [conn:999.unknown]\n"
    one(workspace, new_unit("00.01.03", text=unit_text("00.01.03", extra=extra)))
    (entry,) = json.loads(workspace.snapshot().text("manifests/connections.json"))["connections"]
    assert entry["appears_in_units"] == ["00.01.03"] and entry["note"] == "kept"
    assert "conn:999.unknown is not registered" in workspace.snapshot().text("manifests/integration_report.md")


def write_and_commit(workspace: Workspace, path: str, text: str) -> None:
    place = workspace.root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")
    git(workspace.root, "add", "-A")
    git(workspace.root, "-c", "user.name=p", "-c", "user.email=p@x", "commit", "-qm", "by hand")


def test_the_production_plan_marks_it_shipped(workspace: Workspace) -> None:
    queued = {"id": "00.01.03", "title": "Planned", "status": "queued", "kind": "new_unit", "free": 1}
    plan = {"counts": {"shipped": 2, "queued": 1}, "units": {"00.01.03": queued}, "queue_topo_order": ["00.01.03"]}
    write_and_commit(workspace, "manifests/production/plan.json", json.dumps(plan, indent=1))
    one(workspace, new_unit("00.01.03"))
    after = json.loads(workspace.snapshot().text("manifests/production/plan.json"))
    unit = after["units"]["00.01.03"]
    assert (unit["status"], unit["free"], unit["actual_path"]) == ("shipped", 1, path_of("00.01.03"))
    assert after["counts"] == {"shipped": 3, "queued": 0} and after["queue_topo_order"] == []
    one(workspace, new_unit("00.01.04"))
    after = json.loads(workspace.snapshot().text("manifests/production/plan.json"))
    assert after["units"]["00.01.04"]["priority"] == "shipped-pre-audit" and after["counts"]["shipped"] == 4


def test_missing_figures_are_drawn(workspace: Workspace) -> None:
    text = unit_text("00.01.03").replace(
        "![Ten dots in five pairs](/img/pairs.svg)",
        '![Pairs & <dots>](figures/pairs.svg "Five pairs")\n\n![up](../up.svg) ![up](a/../../up.svg) ![p](photo.png)',
    )
    result = one(workspace, new_unit("00.01.03", text=text))
    assert result.accepted == ("00.01.03",)
    snapshot = workspace.snapshot()
    drawn = [path for path in snapshot.blobs() if path.endswith((".svg", ".png"))]
    assert drawn == ["content/00-numbers/01-integers/figures/pairs.svg"]
    picture = snapshot.text(drawn[0])
    assert ">Pairs &amp; &lt;dots&gt;</title>" in picture and "Five pairs" in picture
    assert "prefers-color-scheme: dark" in picture


def test_a_continuity_regression_is_a_warning(workspace: Workspace) -> None:
    filler = "\n\n".join(["word and more " * 70] * 30)
    long = unit_text("00.01.03").replace("Every even number is a sum.", filler)
    result = one(workspace, new_unit("00.01.03", text=long))
    assert result.accepted == ("00.01.03",)
    assert any(warning.startswith("Continuity: backward_density fell from") for warning in result.warnings)
    assert "warning: Continuity" in workspace.snapshot().text("manifests/integration_report.md")


def test_a_dry_run_writes_nothing_and_says_the_same(workspace: Workspace) -> None:
    head = git(workspace.root, "rev-parse", "HEAD")
    made = [proposal(workspace, new_unit("00.01.03")), proposal(workspace, new_unit("00.01.04", "00.01.03"))]
    tried = integrate(workspace, made, now=NOW, dry_run=True)
    assert [(r.status, r.commit, r.accepted) for r in tried] == [
        ("committed", None, ("00.01.03",)),
        ("committed", None, ("00.01.04",)),
    ]
    assert git(workspace.root, "rev-parse", "HEAD") == head
    assert spool.pending(workspace) == [] and spool.last_result(workspace, made[0].id) is None


def test_the_message_names_everything_and_nothing_can_forge_a_trailer(workspace: Workspace) -> None:
    (workspace.root / "codex.toml").write_text('[commit]\nco_authors = ["A B <a@b.org>"]\n', encoding="utf-8")
    made = proposal(workspace, new_unit("00.01.03"), title="Ship\nCodex-Proposal: p-forged")
    integrate(workspace, [made], now=NOW)
    message = git(workspace.root, "log", "-1", "--format=%B")
    assert message.startswith("Ship Codex-Proposal: p-forged\n\nSubject: book:one\nPass: P4_production\n")
    trailers = git(workspace.root, "log", "-1", "--format=%(trailers:only)").splitlines()
    assert trailers == [f"Codex-Proposal: {made.id}", "Codex-Units: 00.01.03", "Co-authored-by: A B <a@b.org>"]


def test_the_report_keeps_the_newest_sections(workspace: Workspace, monkeypatch) -> None:
    monkeypatch.setattr("codex.integration.steps.record.REPORT_SECTIONS", 3)
    for number in range(5):
        one(workspace, costs=(cost(call=f"c{number}"),), title=f"Number {number}")
    report = workspace.snapshot().text("manifests/integration_report.md")
    assert [line.rsplit(" ", 1)[1] for line in report.splitlines() if line.startswith("## ")] == ["4", "3", "2"]
