"""P5: the samples, the thresholds, the gap list and where it leads, the acceptance of a second shortfall."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codex.campaign.about import unmet
from codex.campaign.due import Step, next_step
from codex.campaign.events import Kind
from codex.campaign.ledger import Ledger
from codex.campaign.plantext import sections
from codex.corpus import bookplan
from codex.passes.coverage import read_answers, read_statuses
from codex.passes.production import PRODUCTION
from codex.passes.verify import VERIFY, sample_size
from tests.passes.worlds import (
    CLIFFORD,
    EXERCISE,
    ORTHOGONAL,
    QUOTES,
    SLUG,
    SPIN,
    SUBJECT,
    World,
    answered,
    defects,
    edit,
    falling_short,
    only,
    produced,
    verification,
    verified,
)


def judged(reply: dict[str, Any]) -> list[str]:
    return defects(produced().judge(VERIFY.name, reply))


def test_a_sound_verification_passes() -> None:
    verdict = produced().judge(VERIFY.name, verification())
    assert not verdict.defects
    assert not verdict.shortfall
    assert set(verdict.figures["layers"].values()) == {100.0}


def test_the_document_meets_the_conditions_of_the_transition() -> None:
    world = verified()
    ledger = Ledger.load(world.snapshot)
    assert ledger.status(SUBJECT) == "verified"
    assert unmet(("verification_filled", "layers_met"), ledger, world.snapshot, SUBJECT) == []


# --- samples ------------------


@pytest.mark.parametrize(
    ("rows", "least"), [(0, 0), (1, 1), (4, 4), (5, 5), (6, 5), (50, 5), (51, 6), (70, 7), (100, 10), (101, 11)]
)
def test_the_size_of_the_exercise_sample(rows: int, least: int) -> None:
    assert sample_size(rows) == least


@given(st.integers(0, 5000))
def test_the_sample_is_a_tenth_and_five(rows: int) -> None:
    least = sample_size(rows)
    assert least <= rows
    assert least == rows or ((least >= 5 and 10 * least >= rows > 10 * (least - 1)) or least == 5)


def with_sample(kind: str, number: int, **changed: Any) -> dict[str, Any]:
    sample = [dict(each) for each in verification()[kind]]
    sample[number] |= changed
    return verification(**{kind: sample})


def test_too_small_a_sample() -> None:
    short = verification(exercise_sample=verification()["exercise_sample"][:4])
    assert judged(short) == ["exercise sample: 4 different rows; at least 5 are needed"]
    twice = with_sample("exercise_sample", 4, row="E1")
    assert judged(twice) == ["exercise sample: 4 different rows; at least 5 are needed"]
    assert judged(verification(notation_passages=[])) == ["notation sample: 0 different rows; at least 3 are needed"]


@pytest.mark.parametrize(
    ("kind", "changed", "said"),
    [
        ("exercise_sample", {"row": "E77"}, "E77: there is no such exercise row"),
        ("exercise_sample", {"heading": "Bridge"}, "exercise sample E1: the quote does not occur under 'Bridge'"),
        ("exercise_sample", {"quote": EXERCISE.upper()}, "exercise sample E1: the quote does not occur under"),
        ("exercise_sample", {"unit": "03.09.88"}, "exercise sample E1: there is no shipped unit '03.09.88'"),
        ("notation_passages", {"row": "N77"}, "N77: there is no such notation row"),
        ("notation_passages", {"heading": "Notation"}, "notation sample N1: unit 03.09.02 has no heading 'Notation'"),
        ("notation_passages", {"quote": "write it so"}, "notation sample N1: the quote is shorter than 6 words"),
    ],
)
def test_a_sample_is_looked_up(kind: str, changed: dict[str, Any], said: str) -> None:
    found = judged(with_sample(kind, 0, **changed))
    assert any(each.startswith(said) for each in found), found


# --- falling short ------------------


def test_a_book_below_a_threshold_falls_short_with_its_gap_list() -> None:
    verdict = produced().judge(VERIFY.name, falling_short())
    assert not verdict.defects
    assert [(d.where, d.what) for d in verdict.shortfall] == [
        ("theorem", "66.6 % of the rows are covered, 95 % are needed")
    ]
    (owed,) = verdict.deficits
    assert (owed.id, owed.action, owed.rows) == (SPIN, "deepen", ("T3",))


@pytest.mark.parametrize(
    ("row", "layer", "needed"),
    [("E6", "exercise", 80), ("X1", "worked_example", 90), ("I2", "intuition", 100), ("A1", "application", 80),
     ("S1", "sequencing", 100), ("N1", "notation", 100)],
)  # fmt: skip
def test_each_layer_has_its_threshold(row: str, layer: str, needed: int) -> None:
    reply = answered(verification(), row, status="gap", reason="missing")
    deficit = falling_short()["deficits"][0] | {"rows": [row]}
    verdict = produced().judge(VERIFY.name, reply | {"deficits": [deficit]})
    assert not verdict.defects
    met = layer == "exercise"  # five of six are enough
    assert [d.where for d in verdict.shortfall] == ([] if met else [layer])
    assert met or f"{needed} % are needed" in verdict.shortfall[0].what


def deficit(**changed: Any) -> dict[str, Any]:
    first, *rest = falling_short()["deficits"]
    return falling_short(deficits=[first | changed, *rest])


NEW = {
    "action": "new", "unit": "03.09.04", "slug": "the-covering", "title": "The covering",
    "concept": "spin-geometry.clifford.classification", "prerequisites": [SPIN],
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"rows": ["T1"]},
            "T3: the theorem layer is below its threshold and no deficit says what to do about this row",
        ),
        ({"rows": ["T3", "T99"]}, "T99: there is no such row in the inventory"),
        ({"unit": "03.09.77"}, "03.09.77: there is no such shipped unit to deepen"),
        (NEW | {"unit": CLIFFORD, "prerequisites": []}, f"{CLIFFORD}: this id belongs to"),
        (NEW | {"unit": "08.08.08"}, "08.08.08: chapter 08.08 has no units"),
        (NEW | {"slug": None}, "03.09.04: a new unit needs a slug, a title and a concept"),
        (NEW | {"concept": None}, "03.09.04: a new unit needs a slug, a title and a concept"),
        (NEW | {"title": None}, "03.09.04: a new unit needs a slug, a title and a concept"),
        (NEW | {"concept": "linalg.vector-space"}, "03.09.04: the concept linalg.vector-space is taught by 01.01.03"),
        (NEW | {"prerequisites": ["03.09.66"]}, "03.09.04: prerequisite 03.09.66: there is no such unit"),
        ({"prerequisites": [SPIN]}, f"{SPIN} → {SPIN}: these prerequisites form a cycle"),
    ],
)
def test_a_deficit_has_to_be_one_that_production_can_mend(changed: dict[str, Any], said: str) -> None:
    found = judged(deficit(**changed))
    assert any(each.startswith(said) for each in found), found


def gap_list(*changes: dict[str, Any]) -> dict[str, Any]:
    """A verification that falls short, with a deficit for each change."""
    return falling_short(deficits=[falling_short()["deficits"][0] | changed for changed in changes])


def test_a_gap_list_is_judged_as_a_plan_is() -> None:
    """A concept has one unit, whoever asks for it (tests/passes/test_plan.py: test_a_concept_has_one_unit)."""
    twin = NEW | {"unit": "03.09.05", "slug": "twin", "title": "A twin"}
    said = "another new unit has the concept spin-geometry.clifford.classification too"
    assert judged(gap_list(NEW, twin)) == [f"03.09.04: {said}", f"03.09.05: {said}"]


@pytest.mark.parametrize(
    ("key", "other"),
    [("slug", "quite-another"), ("title", "Quite another"), ("concept", "spin-geometry.other"), ("action", "deepen")],
)
def test_deficits_of_one_unit_mean_the_same_unit(key: str, other: str) -> None:
    found = judged(gap_list(NEW, NEW | {key: other}))
    assert f"03.09.04: its deficits do not agree on its {key}: {NEW[key]!r}, {other!r}" in found


def test_one_of_several_deficits_may_say_what_the_unit_is() -> None:
    bare = NEW | {"slug": None, "title": None, "concept": None}
    verdict = produced().judge(VERIFY.name, gap_list(bare, NEW))
    assert not verdict.defects
    (owed,) = verdict.deficits
    assert (owed.slug, owed.title, owed.concept) == (NEW["slug"], NEW["title"], NEW["concept"])


def test_a_new_concept_of_the_gap_list_is_entered_with_those_it_rests_on() -> None:
    concept = "spin-geometry.covering"
    world = sent_back(gap_list(NEW | {"concept": concept, "prerequisites": [SPIN, ORTHOGONAL]}))
    catalog = world.context(PRODUCTION.name, "03.09.04").corpus.catalog
    assert catalog.prerequisites_of(concept) == ("spin-geometry.spin-group", "lie-groups.orthogonal-group")


def test_a_gap_in_a_layer_that_is_met_needs_no_deficit() -> None:
    verdict = produced().judge(VERIFY.name, answered(falling_short(), "E6", status="gap", reason="missing"))
    assert not verdict.defects
    assert [d.where for d in verdict.shortfall] == ["theorem"]


def test_deficits_of_one_unit_are_one_piece_of_work() -> None:
    first = falling_short()["deficits"][0]
    second = first | {"rows": ["T2", "T3"], "specification": "And show that the kernel has two elements. " * 3}
    (owed,) = produced().judge(VERIFY.name, falling_short(deficits=[first, second])).deficits
    assert owed.rows == ("T3", "T2")
    assert owed.spec == f"{first['specification']}\n{second['specification']}"


def test_deficits_of_a_book_that_is_covered_are_not_looked_at() -> None:
    verdict = produced().judge(VERIFY.name, verification(deficits=deficit(unit="03.09.77")["deficits"]))
    assert not verdict.defects
    assert not verdict.deficits


def sent_back(reply: dict[str, Any] | None = None) -> World:
    return produced().take(VERIFY.name, reply or falling_short(), "production-complete", "production-ready")


def test_the_gap_list_is_what_production_owes_next() -> None:
    world = sent_back()
    context = world.context(PRODUCTION.name, SPIN)
    assert [(d.id, d.action, d.job) for d in context.deliverables] == [(SPIN, "deepen", "rework")]
    step = next_step(Ledger.load(world.snapshot), SUBJECT)
    assert isinstance(step, Step)
    assert step.pass_name == PRODUCTION.name


def test_a_new_unit_of_the_gap_list_is_announced() -> None:
    reply = falling_short(deficits=[falling_short()["deficits"][0] | NEW | {"prerequisites": [SPIN, ORTHOGONAL]}])
    context = sent_back(reply).context(PRODUCTION.name, "03.09.04")
    assert "03.09.04" in context.corpus.deps.pending_ids
    assert context.corpus.deps.has_path(SPIN, "03.09.04")
    assert "spin-geometry.clifford.classification" in context.corpus.catalog
    assert context.deliverable.slug == "the-covering"


def reworked() -> World:
    """Sent back, deepened with a proof, and complete once more."""
    proof = (
        "**Theorem 16.** The twisted adjoint action maps onto the orthogonal group. *Proof.* By the Cartan–Dieudonné "
        "theorem [03.03.03] reflections generate; this is exactly Theorem 3. ∎"
    )
    reply = {
        "edits": [edit("append", "Key theorem with proof", proof)],
        "evidence": [
            {"row": "T3", "heading": "Key theorem with proof", "quote": "The twisted adjoint action maps onto the"}
        ],
    }
    world = sent_back()
    go = world.context(PRODUCTION.name)
    world = world.events(
        go.event(Kind.PASS_STARTED, data={"units": [SPIN]}),
        go.event(Kind.TRANSITION, from_state="production-ready", to_state="in-production"),
    )
    world = world.take(PRODUCTION.name, reply, "", "", unit=SPIN)
    return world.events(
        go.event(Kind.PASS_COMPLETED, data={}),
        go.event(Kind.TRANSITION, from_state="in-production", to_state="production-complete"),
    )


def test_after_rework_verification_has_a_section_of_its_own() -> None:
    world = reworked().take(VERIFY.name, verification(), "production-complete", "verified", attempt=2)
    plan = bookplan.parse(world.snapshot.text(f"plans/fasttrack/{SLUG}.md"))
    assert [section.number for section in plan.sections] == [1, 2, 3, 4, 5]
    assert set(sections(plan.sections[4].text)) == {"5", "5.1", "5.2", "5.3", "5.4"}
    assert read_statuses(plan.sections[3].text)["T3"] == "gap"
    assert read_statuses(plan.sections[4].text)["T3"] == "covered"
    assert plan.front_matter["verification_1"] == "short"
    assert plan.front_matter["verification_2"] == "passed"
    assert plan.front_matter["plan_status"] == "verified"


def test_a_second_shortfall_is_accepted_and_documented() -> None:
    """Protocol §6, pass 5: accept the reduced threshold for this book and document the deferral."""
    verdict = reworked().judge(VERIFY.name, falling_short(), attempt=2)
    assert not verdict.defects
    assert not verdict.shortfall
    assert verdict.figures["accepted"] is True
    assert produced().judge(VERIFY.name, falling_short()).figures["accepted"] is False
    assert verdict.figures["deferred"] == ["T3"]
    assert verdict.figures["layers"]["theorem"] == 66.6
    world = reworked().take(VERIFY.name, falling_short(), "production-complete", "verified", attempt=2)
    assert unmet(("layers_met",), Ledger.load(world.snapshot), world.snapshot, SUBJECT) == []
    plan = bookplan.parse(world.snapshot.text(f"plans/fasttrack/{SLUG}.md"))
    assert plan.front_matter["deferred"] == ["T3"]
    assert "Accepted below its thresholds for this book: T3." in plan.sections[4].text


# --- the document ------------------


def test_the_document_says_what_was_found() -> None:
    world = sent_back()
    text = world.context(VERIFY.name).section(4)
    assert read_statuses(text) == {a["row"]: a["status"] for a in falling_short()["answers"]}
    rows = {row["row"]: row for row in read_answers(text)}
    assert rows["S1"]["unit"] == f"{CLIFFORD} → {SPIN}"
    assert rows["N1"]["unit"] == "crosswalk"
    assert rows["T3"]["unit"] == "GAP"
    assert rows["T1"]["evidence"] == f"“{QUOTES['Formal definition']}”"


def test_words_of_the_reply_are_not_renumbered_or_obeyed() -> None:
    statement = "See ## 4.1 and ### 4.1.1 above.\n## §6 Another section\n| row | item |\n|---|---|\n```\n" + "x" * 60
    world = reworked().take(
        VERIFY.name, verification(statement=statement), "production-complete", "verified", attempt=2
    )
    plan = bookplan.parse(world.snapshot.text(f"plans/fasttrack/{SLUG}.md"))
    assert [section.number for section in plan.sections] == [1, 2, 3, 4, 5]
    assert "See ## 4.1 and ### 4.1.1 above." in plan.sections[4].text


def test_hostile_markup_goes_back_to_its_author() -> None:
    verdict = produced().judge(VERIFY.name, verification(statement="x" * 60 + "<iframe src=x>"))
    assert only(verdict) == "statement: The text holds the HTML element <iframe> (line 1)."
