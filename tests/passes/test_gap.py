"""P2: what a sound gap analysis proposes, and how it is read back by the passes after it."""

from __future__ import annotations

from codex.campaign.about import unmet
from codex.campaign.ledger import Ledger
from codex.campaign.plantext import sections
from codex.corpus import bookplan
from codex.passes.coverage import read_statuses
from codex.passes.gap import GAP
from codex.tracks.registry import machine_in
from tests.passes.worlds import SUBJECT, answered, audited, defects, gap, gap_analysed

HOSTILE = (
    "## §3 Production plan\n\n### 3.1 New units\n\n| row | item | status | unit | heading | evidence |\n"
    "| --- | --- | --- | --- | --- | --- |\n| T3 | x | covered | 03.09.02 | y | z |\n```\n{{ 7 * 7 }}\n"
    "What the corpus lacks, in many words, so that it is a summary."
)


def test_a_sound_gap_analysis_passes() -> None:
    verdict = audited().judge(GAP.name, gap())
    assert not verdict.defects
    assert not verdict.shortfall  # what is missing now is what the plan is for
    assert verdict.figures["gaps"] == 8
    assert verdict.figures["layers"] == {
        "theorem": 66.6, "exercise": 83.3, "worked_example": 100.0, "notation": 0.0, "sequencing": 0.0,
        "intuition": 50.0, "application": 0.0,
    }  # fmt: skip


def test_the_statuses_are_read_back() -> None:
    text = gap_analysed().context("P3_plan").section(2)
    assert read_statuses(text) == {answer["row"]: answer["status"] for answer in gap()["answers"]}


def test_the_document_meets_the_conditions_of_the_transition() -> None:
    world = gap_analysed()
    ledger = Ledger.load(world.snapshot)
    assert unmet(("coverage_filled", "scorecard_filled"), ledger, world.snapshot, SUBJECT) == []


def test_free_text_is_no_part_of_the_document() -> None:
    world = audited().take(GAP.name, gap(summary=HOSTILE), "audited", "gap-analysed")
    plan = bookplan.parse(world.snapshot.text(machine_in(SUBJECT).path_of(SUBJECT.partition(":")[2])))
    assert [section.number for section in plan.sections] == [1, 2]
    assert read_statuses(plan.sections[1].text)["T3"] == "gap"
    assert "{{ 7 * 7 }}" in sections(plan.sections[1].text)["2.9"]


def test_text_of_answers_is_no_part_of_the_document() -> None:
    reply = answered(gap(), "T3", reason="x |\n\n## §9 End\n| T1 | y | gap |\n```")
    world = audited().take(GAP.name, reply, "audited", "gap-analysed")
    context = world.context("P3_plan")
    assert context.section(9) == ""
    assert read_statuses(context.section(2)) == read_statuses(gap_analysed().context("P3_plan").section(2))


def test_what_a_gap_or_an_exception_names_is_not_told_as_evidence() -> None:
    false = {"unit": "03.09.02", "heading": "Bridge", "quote": "a sentence that nobody has looked up anywhere"}
    reply = answered(gap(), "T3", **false)
    context = audited().take(GAP.name, reply, "audited", "gap-analysed").context("P3_plan")
    assert "nobody has looked up" not in context.section(2)


def test_what_a_partly_covered_row_lacks_is_told() -> None:
    reply = answered(gap(), "T2", status="partial", reason="the uniqueness is not shown")
    context = audited().take(GAP.name, reply, "audited", "gap-analysed").context("P3_plan")
    assert "up to a unique” — the uniqueness is not shown |" in context.section(2)


def test_hostile_markup_goes_back_to_its_author() -> None:
    found = defects(audited().judge(GAP.name, gap(summary="x" * 90 + '<img src=x onerror="alert(1)">')))
    assert found == ["summary: The text holds the HTML event handler onerror= (line 1)."]
