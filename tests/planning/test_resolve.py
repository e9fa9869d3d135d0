"""Collisions between audits and provisional ids: found, resolved by proposal, and resolved the same way again."""

from __future__ import annotations

from typing import Any

import pytest

from codex.corpus.titles import Titles, likeness, overlap, telling_words
from codex.planning.build import build_plan
from codex.snapshot import Snapshot
from codex.units.ids import is_id
from tests.planning.world import audit, edges, files, plan_of, unit, written


def resolved(plan: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    return [(each["sort"], each["written"], each["resolved_to"], each["how"]) for each in plan["collisions"]]


def test_one_id_with_two_titles_gets_the_next_free_id() -> None:
    plan = plan_of(
        files(
            audit_a=audit(("01.01.05", "Tensor algebra")),
            audit_b=audit(("01.01.05", "Morse lemma and critical points"), ("01.01.07", "Sheaves")),
        )
    )
    assert resolved(plan) == [("one-id-two-titles", "01.01.05", "01.01.08", "next free id")]
    assert plan["units"]["01.01.05"]["source_audits"] == ["a"]
    assert plan["units"]["01.01.08"]["title"] == "Morse lemma and critical points"
    assert plan["units"]["01.01.08"]["found_at"] == ["plans/fasttrack/b.md:3"]


def test_an_id_shipped_under_another_title_leaves_the_wish_in_the_queue() -> None:
    plan = plan_of(
        files(audit_a=audit(("01.01.05", "Hilbert schemes of points")), **unit("01.01.05", "Tensor algebra"))
    )
    assert resolved(plan) == [("shipped-under-another-title", "01.01.05", "01.01.06", "next free id")]
    assert plan["queue_topo_order"] == ["01.01.06"]
    assert plan["units"]["01.01.05"]["title"] == "Tensor algebra"


def test_a_wish_that_was_shipped_under_another_id_is_done() -> None:
    plan = plan_of(
        files(
            audit_a=audit(("01.01.05", "Hilbert schemes of points")),
            **unit("01.01.05", "Tensor algebra"),
            **unit("01.01.09", "Hilbert schemes of points"),
        )
    )
    assert resolved(plan)[0][2:] == ("01.01.09", "shipped there already")
    assert plan["queue_topo_order"] == []


def test_two_ids_for_one_title_are_one_unit_the_first_that_was_asked_for() -> None:
    one, other = (
        ("01.01.05", "Poincaré group and its Lie algebra"),
        ("02.01.01", "The Poincaré group and its Lie algebra"),
    )
    plan = plan_of(files(audit_a=audit(one), audit_b=audit(other)))
    assert resolved(plan) == [("two-ids-one-title", "02.01.01", "01.01.05", "planned there already")]
    assert plan["units"]["01.01.05"]["source_audits"] == ["a", "b"]


def test_the_same_unit_in_other_words_is_no_collision() -> None:
    plan = plan_of(
        files(
            audit_a=audit(("01.01.05", "Stokes' theorem on manifolds")),
            audit_b=audit(("01.01.05", "Stokes theorem")),
            **unit("01.01.05", "The general Stokes theorem"),
        )
    )
    assert plan["collisions"] == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("01.01.X1", "01.01.06"),
        ("01.01.0a", "01.01.06"),
        ("01.01.NN", "01.01.06"),
        ("01.01.NN+1", "01.01.06"),
        ("01.NN.01", "01.02.01"),
        ("XX.YY.03", "01.02.01"),
        ("01.0?.??", "01.01.06"),
        ("01.01.*", "01.01.06"),
        ("01.E1", "01.01.E1"),
    ],
)
def test_provisional_ids_are_proposed_one(name: str, expected: str) -> None:
    plan = plan_of(files(audit_a=audit(("01.01.05", "Sets"), (name, "Morse lemma"))))
    assert resolved(plan) == [("provisional-id", name, expected, "next free id")]
    assert plan["units"][expected]["status"] == "queued"


def test_entries_without_an_id_get_one_where_they_say_they_belong() -> None:
    text = (
        "**Priority 2:**\n\n"
        "1. **Calabi-Yau manifold.** Goes into `04-geometry/07-curves/`.\n"
        "2. **More of Kähler.** Add a Master section to `03.02.01`.\n"
        "3. **A pointer to mirrors.** Add as a pointer paragraph in `03.02.01`.\n"
        "4. **Notation crosswalk.** Optional.\n"
        "5. **Numerics.** [OUT OF SCOPE] Not here.\n"
    )
    plan = plan_of(files(audit_a=text, **unit("03.02.01")))
    assert {i: (u["title"], u["kind"]) for i, u in plan["units"].items() if u["status"] == "queued"} == {
        "04.07.01": ("Calabi-Yau manifold", "new_unit"),
        "03.02.02": ("Numerics", "out_of_scope"),
    }
    assert plan["units"]["03.02.01"]["found_at"] == ["plans/fasttrack/a.md:4", "plans/fasttrack/a.md:5"]
    assert [each["text"] for each in plan["audits_done"]["a"]["left_out"]] == ["Notation crosswalk"]
    assert plan["queue_topo_order"] == ["04.07.01"]


def test_one_provisional_name_with_one_title_is_one_unit_in_all_audits() -> None:
    title = "Levi-Civita connection, geodesics, Hopf-Rinow"
    plan = plan_of(files(audit_a=audit(("01.01.X1", title)), audit_b=audit(("01.01.X1", title), ("01.01.X2", "Sard"))))
    assert [each[2] for each in resolved(plan)] == ["01.01.01", "01.01.01", "01.01.02"]
    assert plan["units"]["01.01.01"]["source_audits"] == ["a", "b"]


def test_edges_follow_the_unit_that_the_audit_means() -> None:
    listed = audit(("01.01.05", "Morse lemma"), ("01.01.06", "Handles")) + "\n**DAG edges:** `01.01.06` ← `01.01.05`\n"
    plan = plan_of(files(audit_b=listed, **unit("01.01.05", "Tensor algebra")))
    assert plan["units"]["01.01.06"]["prereqs"] == ["01.01.07"]


def test_a_proposal_is_kept_when_an_audit_comes_before_it() -> None:
    first = files(audit_m=audit(("01.01.X1", "Morse lemma")))
    kept = written(first).with_changes({"plans/fasttrack/a.md": audit(("01.01.X9", "Handles")).encode()})
    assert plan_of(first)["queue_topo_order"] == ["01.01.01"]
    plan = plan_of(kept)
    assert {plan["units"][i]["title"]: i for i in plan["queue_topo_order"]} == {
        "Morse lemma": "01.01.01", "Handles": "01.01.02",
    }  # fmt: skip


def test_a_proposed_unit_that_has_shipped_is_not_proposed_again() -> None:
    first = written(files(audit_m=audit(("01.01.X1", "Morse lemma"))))
    path, text = next(iter(unit("01.01.01", "The lemma of Morse on critical points").items()))
    then = first.with_changes({path: text.encode()})
    assert plan_of(then)["queue_topo_order"] == []
    assert plan_of(written(then))["queue_topo_order"] == []


def test_planning_the_shared_corpus_twice_changes_nothing(reduced: Snapshot) -> None:
    plan = build_plan(reduced)
    assert build_plan(written(reduced)) == plan
    assert all(is_id(each["resolved_to"]) for each in plan["collisions"])
    proposed = [each for each in plan["collisions"] if each["how"] == "next free id"]
    assert len(proposed) > 200
    for each in proposed:
        assert each["place"] in plan["units"][each["resolved_to"]]["found_at"]


def test_a_full_chapter_leads_to_a_new_one() -> None:
    taken = edges(*((f"01.01.{n:02d}", "02.01.01") for n in range(1, 100)))
    plan = plan_of(files(audit_a=audit(("01.01.X1", "Morse lemma")), deps=taken))
    assert plan["collisions"][0]["resolved_to"] == "01.02.01"


def test_titles_are_compared_by_their_telling_words() -> None:
    assert telling_words("The Poincaré–Hopf theorem for $\\mathcal{S}'(M)$") == {"poincar", "hopf", "sprim", "m"}
    assert likeness("Killing form", "The Killing form") == 1
    assert overlap("Survey", "Morse lemma") == 1, "a title that says nothing is no evidence"
    known = Titles({"a": "Baker-Campbell-Hausdorff formula", "b": "Killing form"})
    assert known.nearest("Killing form", without="b") is None
    assert known.nearest("The Killing form") == "b"
    assert known.holding("Campbell-Hausdorff formula in low orders, Baker's form", "a") == "a"
