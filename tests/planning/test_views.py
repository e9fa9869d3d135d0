"""What people get to see of a plan: why a unit is where it is, batches, the comparison, drift, the page."""

from __future__ import annotations

from typing import Any

import pytest

from codex.corpus.booklist import Book
from codex.errors import UserError
from codex.planning.batches import analyse, classify, pick, ready
from codex.planning.books import entries_of, unaudited
from codex.planning.build import build_plan
from codex.planning.bullets import Audit
from codex.planning.compare import compare
from codex.planning.explain import explain
from codex.planning.rollup import render, table
from codex.snapshot import Snapshot
from tests.planning.world import audit, edges, files, plan_of, unit

_LISTED = """\
**Priority 1:**

1. **`01.01.05` Sets.** x
2. **`02.01.01` Maps.** x

**Priority 3:**

3. **`03.01.01` Bundles.** x Prereqs: `02.01.02`.
4. **`02.01.02` Sheaves.** x

**Priority 0:**

5. **`04.01.01` Curves.** x Prereqs: `03.01.01`.
"""


@pytest.fixture(scope="module")
def small() -> dict[str, Any]:
    return plan_of(files(audit_a=_LISTED, **unit("01.01.01", "Numbers"), deps=edges(("01.01.01", "01.01.05"))))


# --- explain -------------------------------------------------------------------------------------------------------


def test_the_queue_goes_by_what_waits(small: dict[str, Any]) -> None:
    assert small["queue_topo_order"] == ["02.01.02", "03.01.01", "04.01.01", "01.01.05", "02.01.01"]


def test_a_unit_is_explained(small: dict[str, Any]) -> None:
    about = explain(small, "02.01.02")
    assert about["place"]["rank"] == 1
    assert "it is P3 itself and counts as P0, for 04.01.01 waits for it" in about["place"]["why"]
    assert about["sources"] == ["plans/fasttrack/a.md:9"]
    assert about["unblocks"] == {"direct": ["03.01.01"], "further": ["04.01.01"]}
    rests = explain(small, "unit:01.01.05")
    assert rests["prerequisites"] == [{"id": "01.01.01", "title": "Numbers", "state": "shipped"}]
    assert "it is ready" in rests["place"]["why"]
    waits = explain(small, "03.01.01")
    assert "the last of which (02.01.02) has place 1" in waits["place"]["why"]
    assert explain(small, "01.01.01")["place"] == {
        "rank": None, "of": 5, "why": "it is written: content/x/01.01.01-unit.md",
    }  # fmt: skip


@pytest.mark.parametrize(("wanted", "near"), [("02.01.03", "02.01.02"), ("sheaves", "02.01.02"), ("§§", "")])
def test_an_unknown_unit_names_the_nearest(small: dict[str, Any], wanted: str, near: str) -> None:
    with pytest.raises(UserError, match="The plan has no unit") as caught:
        explain(small, wanted)
    assert near in caught.value.remedy


def test_every_unit_of_the_shared_corpus_can_be_explained(reduced: Snapshot) -> None:
    plan = build_plan(reduced)
    ranks = {explain(plan, unit_id)["place"]["rank"] for unit_id in plan["queue_topo_order"][::25]}
    assert ranks == set(range(1, len(plan["queue_topo_order"]) + 1, 25))


# --- batches -------------------------------------------------------------------------------------------------------


def test_a_batch_is_ready_and_of_distinct_chapters(small: dict[str, Any]) -> None:
    assert ready(small) == ["02.01.02", "01.01.05", "02.01.01"]
    report = analyse(small, 4)
    assert report.batch == ("02.01.02", "01.01.05")
    assert report.groups == (("02.01.02", "01.01.05"),)
    assert report.critical_path == ("02.01.02", "03.01.01", "04.01.01")
    assert [len(level) for level in report.levels] == [3, 1, 1]
    assert report.waves == (("02.01.02", "01.01.05"), ("03.01.01", "02.01.01"), ("04.01.01",))
    assert report.parallel == (4, 5)
    assert report.stuck == ()


def test_classes(small: dict[str, Any]) -> None:
    needs = {i: small["units"][i]["missing"] for i in small["queue_topo_order"]}
    assert classify(small, "02.01.02", "04.01.01", needs).sort == "hard"
    assert classify(small, "01.01.05", "02.01.01", needs).sort == "soft"
    other = plan_of(files(audit_a=audit(("01.01.01", "Sets")), audit_b=audit(("02.01.01", "Maps"))))
    assert classify(other, "01.01.01", "02.01.01", {}).sort == "zero"


def test_what_waits_for_nobody_is_stuck_and_said_so() -> None:
    plan = plan_of(files(audit_a=audit(("01.01.01", "Sets")), deps=edges(("09.09.09", "01.01.01"))))
    report = analyse(plan, 2)
    assert (report.batch, report.stuck, report.parallel) == ((), ("01.01.01",), (0, 0))


@pytest.mark.parametrize("number", [0, -1, 101])
def test_a_batch_of_no_size_is_an_error(small: dict[str, Any], number: int) -> None:
    with pytest.raises(UserError, match=f"A batch of {number}"):
        analyse(small, number)


def test_picking() -> None:
    assert pick(["01.01.02", "01.01.01", "02.01.01"], 5) == ["01.01.02", "02.01.01"]
    assert pick(["01.01.02", "02.01.01"], 1) == ["01.01.02"]
    assert pick(["01.01.02", "02.01.01"], 5, ["01.01"]) == ["02.01.01"]


def test_batches_of_the_shared_corpus(reduced: Snapshot) -> None:
    plan = build_plan(reduced)
    report = analyse(plan, 4)
    assert len(report.batch) == 4
    assert len({unit_id.rpartition(".")[0] for unit_id in report.batch}) == 4
    written = {unit_id for wave in report.waves for unit_id in wave}
    assert written | set(report.stuck) == set(plan["queue_topo_order"])
    done: set[str] = set()
    for wave in report.waves:
        assert all(set(plan["units"][unit_id]["missing"]) <= done for unit_id in wave)
        done |= set(wave)


# --- compare, drift, books, page ------------------------------------------------------------------------------------


def test_the_comparison_lists_what_compat_loses() -> None:
    wrapped = "1. **`01.01.01` A title that\n   wraps.** x"
    text = f"### Priority 1 — first\n\n{wrapped}\n2. **`01.01.02` Maps.** **[ENRICH]** x\n"
    found = compare(files(audit_a=text))
    assert found["totals"]["compat"]["bullets"] == 1
    assert [(each["place"], each["id"]) for each in found["beyond"]] == [("plans/fasttrack/a.md:3", "01.01.01")]
    assert found["otherwise"][0]["changes"] == {"priority": "P? → P1", "kind": "new_unit → enrich"}
    assert found["units"]["only_extended"] == ["01.01.01"]


def test_the_comparison_of_the_shared_corpus(reduced: Snapshot) -> None:
    found = compare(reduced)
    assert found["totals"]["compat"]["bullets"] == 720
    assert found["totals"]["extended"]["bullets"] == 720 + len(found["beyond"])
    assert not [each for each in found["otherwise"] if "not read" in each["changes"].get("id", "")]


def test_drift_is_found_with_examples() -> None:
    quoted = unit('"01.01.02"', "Quoted", "01.01.09", concept="a.c")
    snapshot = files(
        **unit("01.01.01", concept="a.b"), **quoted, catalog="## X\n\n### a.b\n- **unit**: `01.01.07`\n",
        deps='{"edges": [{"from": "[", "to": "01.01.01"}], "pending": ["01.01.01"], "shipped": ["01.01.08"]}',
    )  # fmt: skip
    found = {each["sort"]: each["examples"] for each in plan_of(snapshot)["drift"]}
    assert found == {
        "quoted-id": ["01.01.02 in content/x/01.01.02-unit.md"],
        "broken-edge": ["[ → 01.01.01"],
        "shipped-not-listed": ["01.01.01", "01.01.02"],
        "listed-without-file": ["01.01.08"],
        "pending-but-shipped": ["01.01.01"],
        "edge-not-in-graph": ["01.01.09 → 01.01.02 in content/x/01.01.02-unit.md"],
        "prerequisite-of-nobody": ["01.01.09 → 01.01.02 (content/x/01.01.02-unit.md)"],
        "concept-not-in-catalog": ["a.c of 01.01.02"],
        "concept-of-another-unit": ["a.b: the catalog says 01.01.07, content/x/01.01.01-unit.md is 01.01.01"],
    }


def test_the_drift_of_the_shared_corpus(reduced: Snapshot) -> None:
    found = {each["sort"]: each["count"] for each in build_plan(reduced)["drift"]}
    assert found["broken-edge"] == 2687
    assert found["quoted-id"] == 6


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# Shilov — *Algebra* (Fast Track 1.01) — Audit\n", ["1.01"]),
        ("# Vols. 1–6 (Fast Track 2.04–2.09)\n", ["2.04", "2.05", "2.06", "2.07", "2.08", "2.09"]),
        ("---\nfasttrack_entry: 3.35\n---\n# Spin\n", ["3.35"]),
        ("# A book\n\n**Fast Track entry:** 1.05a\n", ["1.05a"]),
        ("# A book\n", []),
    ],
)
def test_the_entries_of_an_audit(text: str, expected: list[str]) -> None:
    assert entries_of(Audit("x", "plans/fasttrack/x.md", (), (), text)) == expected


def test_books_without_an_audit() -> None:
    books = [Book("1.01", "Algebra", "Serge Lang", "", ""), Book("1.02", "Basic Algebra", "Nathan Jacobson", "", "")]
    about = Audit("serge-lang-algebra", "plans/fasttrack/serge-lang-algebra.md", (), (), "# Lang\n")
    assert [book.entry for book in unaudited(books, [about], "extended")] == ["1.02"]
    assert list(unaudited(books, [about], "compat")) == []


def test_the_unaudited_books_of_the_shared_corpus(reduced: Snapshot) -> None:
    found = [book["ft_entry"] for book in build_plan(reduced)["books_unaudited"]]
    assert found == ["1.09", "2.14", "3.36", "3.37", "3.43", "3.44", "3.46"]


def test_the_page_shows_the_queue_and_what_is_wrong(small: dict[str, Any]) -> None:
    page = render(small)
    assert "| 1 | `02.01.02` | Sheaves | P3 as P0 | new unit | a.md:9 | nothing | 1 + 1 |" in page
    assert "| 2 | `03.01.01` | Bundles | P3 as P0 | new unit | a.md:8 | 02.01.02 | 1 |" in page
    assert "Ready to be written (all prerequisites are there): 3 of 5." in page
    assert "## Cycles" not in page
    compat = render(build_plan(files(audit_a=_LISTED), "compat"))
    assert "(mode compat)" in compat


def test_nothing_in_a_cell_breaks_a_table() -> None:
    (_, _, row) = table(("a",), [("x | y\n<b>" + "z" * 200,)])
    assert row.count(" | ") == 0
    assert "\\<b>" in row
    assert len(row) < 140
