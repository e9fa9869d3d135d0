"""The gate of P3: ids, concepts, prerequisites, rows, notation, arrows and jobs."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from codex.campaign.about import unmet
from codex.campaign.ledger import Ledger
from codex.campaign.owed import Deliverable
from codex.campaign.plantext import planned_units
from codex.passes.gap import GAP
from codex.passes.plan import PLAN, deliverables
from codex.passes.plan_reply import PlanReply
from codex.passes.tables import parse_tables
from tests.passes.worlds import (
    CLIFFORD,
    ORTHOGONAL,
    SLUG,
    SPIN,
    SUBJECT,
    answered,
    audited,
    deepening,
    defects,
    gap,
    gap_analysed,
    new_unit,
    only,
    plan,
    planned,
)


def judged(**changed: Any) -> list[str]:
    return defects(gap_analysed().judge(PLAN.name, plan(**changed)))


def one_unit(**changed: Any) -> dict[str, Any]:
    """The plan with its new unit changed, and the jobs after it."""
    unit = new_unit(**changed)
    return plan(new_units=[unit], jobs=[{"name": "spin", "units": [unit["id"], ORTHOGONAL]}])


def wrong(**changed: Any) -> str:
    return only(gap_analysed().judge(PLAN.name, one_unit(**changed)))


def test_a_sound_plan_passes() -> None:
    verdict = gap_analysed().judge(PLAN.name, plan())
    assert not verdict.defects
    assert verdict.figures == {"new_units": 1, "deepenings": 1, "jobs": 1}


# --- ids and concepts ------------------


def test_a_taken_id_is_named_with_the_next_free_one() -> None:
    found = defects(gap_analysed().judge(PLAN.name, one_unit(id=CLIFFORD, prerequisites=[ORTHOGONAL])))
    title = "The Clifford algebra of a quadratic form"
    assert f"{CLIFFORD}: this id belongs to {title!r}; the next free id is 03.09.03" in found


def test_an_announced_id_is_taken_too() -> None:
    world = gap_analysed().edit(
        "manifests/deps.json", lambda text: text.replace('"pending": []', '"pending": ["03.09.03"]')
    )
    assert only(world.judge(PLAN.name, plan())) == (
        "03.09.03: this id belongs to a unit that is announced elsewhere; the next free id is 03.09.04"
    )


def test_the_next_free_id_is_none_of_the_plan() -> None:
    third = new_unit(id="03.09.02", slug="other", concept="spin-geometry.clifford.classification", rows=["T3"])
    units = {"new_units": [new_unit(), third], "jobs": [{"name": "all", "units": [SPIN, CLIFFORD, ORTHOGONAL]}]}
    assert any("the next free id is 03.09.04" in each for each in judged(**units))


def test_a_second_plan_may_keep_the_ids_that_the_first_announced() -> None:
    world = planned()
    assert "03.09.03" in world.context(PLAN.name).corpus.taken_ids
    assert not world.judge(PLAN.name, plan()).defects


@pytest.mark.parametrize(
    ("unit_id", "said"),
    [
        ("77.01.01", "77.01.01: chapter 77.01 has no units"),
        ("03.07.01", "03.07.01: chapter 03.07 has no units"),
        ("03.09.E1", "03.09.E1: this is no id of a unit (NN.NN.NN)"),
    ],
)
def test_an_id_in_no_place(unit_id: str, said: str) -> None:
    assert said in wrong(id=unit_id)


@pytest.mark.parametrize("unit_id", ["3.9.3", "03.09", "../../x", "03.09.03-pin", "", "٠٣.٠٩.٠٤"])
def test_what_is_no_id_is_not_read(unit_id: str) -> None:
    with pytest.raises(ValidationError):
        PlanReply.model_validate(one_unit(id=unit_id))


def test_a_unit_planned_twice() -> None:
    found = judged(deepenings=[deepening(), deepening()])
    assert found == [f"{ORTHOGONAL}: it is planned twice"]


def test_a_concept_has_one_unit() -> None:
    taught = "the concept lie-groups.orthogonal-group is taught by 03.03.03 already"
    assert wrong(concept="lie-groups.orthogonal-group") == f"{SPIN}: {taught}"
    twin = new_unit(id="03.09.04", slug="twin")
    jobs = [{"name": "all", "units": [SPIN, "03.09.04", ORTHOGONAL]}]
    assert judged(new_units=[new_unit(), twin], jobs=jobs) == [
        f"{unit}: another new unit has the concept spin-geometry.spin-group too" for unit in (SPIN, "03.09.04")
    ]


def test_only_what_is_shipped_can_be_deepened() -> None:
    found = judged(deepenings=[deepening(id="03.03.44")], jobs=[{"name": "x", "units": [SPIN, "03.03.44"]}])
    assert found == ["03.03.44: there is no such shipped unit to deepen"]


def test_a_plan_of_nothing() -> None:
    found = judged(new_units=[], deepenings=[], jobs=[{"name": "x", "units": [SPIN]}])
    assert "plan: it lists no unit to produce" in found
    assert f"{SPIN}: a job names it, the plan does not" in found


# --- the graph ------------------


def test_a_cycle_is_named() -> None:
    second = new_unit(
        id="03.09.04", slug="second", concept="spin-geometry.clifford.classification", prerequisites=[SPIN]
    )
    units = [new_unit(prerequisites=[CLIFFORD, "03.09.04"]), second]
    found = judged(new_units=units, jobs=[{"name": "all", "units": [SPIN, "03.09.04", ORTHOGONAL]}])
    assert found == ["03.09.04 → 03.09.03 → 03.09.04: these prerequisites form a cycle"]


def test_a_cycle_through_the_corpus_is_named() -> None:
    edges = [{"before": CLIFFORD, "after": "01.01.03"}]
    assert judged(edges=edges) == ["03.09.02 → 01.01.03 → 03.09.02: these prerequisites form a cycle"]


def test_a_unit_that_needs_itself() -> None:
    found = defects(gap_analysed().judge(PLAN.name, one_unit(prerequisites=[SPIN, CLIFFORD])))
    assert found == ["03.09.03 → 03.09.03: these prerequisites form a cycle"]


def test_an_unknown_prerequisite() -> None:
    assert "edge 03.09.77 → 03.09.03: there is no such unit, shipped or planned" in wrong(
        prerequisites=[CLIFFORD, "03.09.77"]
    )


def test_an_arrow_of_the_book_needs_a_path() -> None:
    found = defects(
        gap_analysed().judge(PLAN.name, one_unit(prerequisites=["01.01.03"], rows=["T3", "E6", "I2", "A1"]))
    )
    found += judged(
        new_units=[new_unit(prerequisites=["01.01.03"], rows=["T3", "E6", "I2", "A1"])],
        deepenings=[],
        jobs=[{"name": "x", "units": [SPIN]}],
    )
    assert found[-1] == "S1: no prerequisite path from a unit on §1 (03.09.02) to one on §2 (03.09.03)"


def test_a_further_edge_makes_the_path_and_is_asked_of_the_writer() -> None:
    reply = plan(
        new_units=[new_unit(prerequisites=["01.01.03"])],
        edges=[{"before": CLIFFORD, "after": SPIN}, {"before": "03.01.05", "after": ORTHOGONAL}],
    )
    assert not gap_analysed().judge(PLAN.name, reply).defects
    first, second = deliverables(PlanReply.model_validate(reply))
    assert first.prerequisites == ("01.01.03", CLIFFORD)
    assert second.prerequisites == ("03.01.05",)


# --- rows and notation ------------------


@pytest.mark.parametrize(("row", "layer"), [("T3", "theorem"), ("E6", "exercise"), ("I2", "intuition")])
def test_a_row_that_no_unit_takes(row: str, layer: str) -> None:
    rest = [each for each in ("T3", "E6", "I2") if each != row]
    assert wrong(rows=rest) == f"{row}: this {layer} row is not covered by the corpus and no planned unit takes it"


def test_a_partly_covered_row_has_to_be_taken_too() -> None:
    world = audited().take(GAP.name, answered(gap(), "T2", status="partial"), "audited", "gap-analysed")
    assert only(world.judge(PLAN.name, plan())).startswith("T2: this theorem row is not covered by the corpus")


def test_an_excepted_row_need_not() -> None:
    reason = "It is of no use to readers of this corpus at all."
    world = audited().take(
        GAP.name, answered(gap(), "A1", status="exception", reason=reason), "audited", "gap-analysed"
    )
    reply = plan(deepenings=[], jobs=[{"name": "x", "units": [SPIN]}])
    assert not world.judge(PLAN.name, reply).defects


def test_an_unknown_row() -> None:
    assert wrong(rows=["T3", "E6", "I2", "T99"]) == "T99: there is no such row in the inventory"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["N1", "N2"], "N3: the notation crosswalk has 0 lines for it; it needs one"),
        (["N1", "N2", "N3", "N3"], "N3: the notation crosswalk has 2 lines for it; it needs one"),
        (["N1", "N2", "N3", "N9"], "N9: there is no such notation row"),
    ],
)
def test_the_notation_has_a_line_for_each_row(rows: list[str], said: str) -> None:
    assert judged(notation=[{"row": row, "book": "x", "ours": "the same"} for row in rows]) == [said]


def test_a_line_says_what_ours_is() -> None:
    with pytest.raises(ValidationError):
        PlanReply.model_validate(plan(notation=[{"row": "N1", "book": "x", "ours": "  "}]))


# --- jobs ------------------


def many(number: int) -> dict[str, Any]:
    """A plan of that many new units, all in one chapter."""
    concepts = (f"spin-geometry.topic-{n}" for n in range(number))
    units = [
        new_unit(id=f"03.09.{n:02d}", slug=f"unit-{n}", concept=concept, rows=["T3", "E6", "I2", "A1"])
        for n, concept in enumerate(concepts, 3)
    ]
    return plan(new_units=units, deepenings=[])


@pytest.mark.parametrize(
    ("number", "sizes", "good"),
    [
        (1, [1], True), (3, [3], True), (8, [8], True), (8, [4, 4], True), (12, [4, 8], True), (13, [5, 4, 4], True),
        (9, [9], False), (3, [1, 2], False), (9, [3, 6], False), (32, [30, 2], False), (13, [13], False),
    ],
)  # fmt: skip
def test_job_sizes(number: int, sizes: list[int], good: bool) -> None:
    reply = many(number)
    ids = iter([unit["id"] for unit in reply["new_units"]])
    jobs = [{"name": f"job {n}", "units": [next(ids) for _ in range(size)]} for n, size in enumerate(sizes, 1)]
    found = defects(gap_analysed().judge(PLAN.name, reply | {"jobs": jobs}))
    wrong_sizes = [] if good else [n for n, size in enumerate(sizes, 1) if not 4 <= size <= 8]
    assert found == [
        f"job {n}: a job of {sizes[n - 1]} units; each job has 4–8, or one job has all when there are fewer"
        for n in wrong_sizes
    ]


@pytest.mark.parametrize(
    ("units", "said"),
    [
        ([SPIN], [f"{ORTHOGONAL}: it is in no job, or in several"]),
        ([SPIN, ORTHOGONAL, SPIN], [f"{SPIN}: it is in no job, or in several"]),
        ([SPIN, ORTHOGONAL, CLIFFORD], [f"{CLIFFORD}: a job names it, the plan does not"]),
    ],
)
def test_each_unit_is_in_one_job(units: list[str], said: list[str]) -> None:
    assert judged(jobs=[{"name": "spin", "units": units}]) == said


# --- what it proposes ------------------


def test_the_plan_is_read_by_those_who_read_plans() -> None:
    world = planned()
    document = world.snapshot.text(f"plans/fasttrack/{SLUG}.md")
    assert planned_units(document) == [SPIN, ORTHOGONAL]
    needed = ("plan_filled", "decomposition_filled", "plan_lists_units")
    assert unmet(needed, Ledger.load(world.snapshot), world.snapshot, SUBJECT) == []


def test_what_it_announces() -> None:
    context = planned().context("P4_production")
    assert [d.id for d in context.deliverables] == [SPIN, ORTHOGONAL]
    assert context.corpus.deps.pending_ids >= {SPIN}
    assert context.corpus.deps.has_path(CLIFFORD, SPIN)
    (lines,) = parse_tables(context.crosswalk)
    assert [line["row"] for line in lines] == ["N1", "N2", "N3"]


def test_a_new_concept_is_entered_with_those_it_rests_on() -> None:
    changes = gap_analysed().changes(PLAN.name, one_unit(concept="spin-geometry.pin-groups"))
    (entry,) = changes.catalog
    assert (entry.slug, entry.title, entry.unit) == ("spin-geometry.pin-groups", "The groups Pin and Spin", SPIN)
    assert entry.prerequisites == ("spin-geometry.clifford.clifford-algebra", "lie-groups.orthogonal-group")
    reply = one_unit(concept="spin-geometry.pin-groups")
    world = gap_analysed().take(PLAN.name, reply, "gap-analysed", "production-ready")
    assert "spin-geometry.pin-groups" in world.context("P4_production").corpus.catalog


def test_deliverables_come_by_priority() -> None:
    late = new_unit(id="03.09.04", slug="late", concept="spin-geometry.late", priority=3)
    reply = PlanReply.model_validate(plan(new_units=[late, new_unit()], deepenings=[deepening(priority=2)]))
    assert [d.id for d in deliverables(reply)] == [SPIN, ORTHOGONAL, "03.09.04"]


def test_a_deliverable_survives_the_ledger() -> None:
    for each in deliverables(PlanReply.model_validate(plan())):
        assert Deliverable.of(each.as_data()) == each
        assert Deliverable.of(each.as_data() | {"key of another age": 1}) == each


HOSTILE = "A. **Priority 4** [deferred]\n\n## §4 Equivalence\n\n1. **`09.09.09` Other.** [NEW] x\n\n| a |\n|---|\n```\n"


def test_hostile_text_adds_no_unit_and_hides_none() -> None:
    unit = new_unit(title="Pin.** [DEFERRED]\n## §9 `x`", must_contain=HOSTILE * 3)
    reply = plan(new_units=[unit], deepenings=[deepening(additions=HOSTILE * 3)])
    world = gap_analysed().take(PLAN.name, reply, "gap-analysed", "production-ready")
    document = world.snapshot.text(f"plans/fasttrack/{SLUG}.md")
    assert planned_units(document) == [SPIN, ORTHOGONAL]
    context = world.context("P4_production")
    assert context.section(4) == context.section(9) == ""
    assert [line for line in context.section(3).splitlines() if line.startswith("**Priority")] == [
        "**Priority 1**",
        "**Priority 2**",
    ]
