"""The progress matrix: a row a book, from the ledger, the booklist and the plans, and from nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codex.campaign.ledger import Ledger
from codex.campaign.matrix import DONE, LAYERS, ON_FILE, OPEN, SHORT, UNDER_WAY, Row, matrix, percent, render
from codex.snapshot import TreeSnapshot
from codex.tracks.fasttrack.books import BOOK

BOOKLIST = """
| # | Title | Author | Topic | Status |
|---|---|---|---|---|
| 1.01 | Linear Algebra | Shilov | linear | BUY |
| 2.04 | Generalized Functions Vol. 1 | Gel'fand | distributions | BUY |
| 2.05 | Generalized Functions Vol. 2 | Gel'fand | distributions | BUY |
| 3.21 | Algebraic Geometry | Robin Hartshorne | schemes | BUY |
| 3.35 | Spin Geometry | Lawson | spin | BUY |
"""
SCORES = "\n| Layer | Captured | Total | % | Status |\n|---|---|---|---|---|\n| Theorems | 34 | 126 | 42% | short |\n"


def rows(folder: Path, document: dict[str, Any], **plans: str) -> dict[str, Row]:
    files = {"docs/catalogs/FASTTRACK_BOOKLIST.md": BOOKLIST}
    files |= {f"plans/fasttrack/{name.replace('_', '-')}.md": text for name, text in plans.items()}
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return {row.entry or row.slug: row for row in matrix(document, TreeSnapshot(folder))}


def book(status: str, **passes: Any) -> dict[str, Any]:
    return {"books": {"spin": {"fasttrack_entry": "3.35", "tier": "alpha", "status": status, "passes": passes}}}


def test_every_book_of_the_list_has_a_row_and_books_of_the_ledger_alone_follow(tmp_path: Path) -> None:
    found = rows(tmp_path, {"books": {"other": {"status": "draft", "title": "Another"}}})
    assert list(found) == ["1.01", "2.04", "2.05", "3.21", "3.35", "other"]
    assert found["1.01"].title == "Shilov, Linear Algebra"
    assert set(found["1.01"].passes) == {OPEN}
    assert (found["other"].title, found["other"].state) == ("Another", "draft")


def test_a_plan_is_found_by_the_number_it_names_or_by_its_name(tmp_path: Path) -> None:
    found = rows(
        tmp_path, {}, shilov="# Shilov (Fast Track 1.01)", gelfand="# G (Fast Track 2.04–2.05)",
        hartshorne_algebraic_geometry="# An audit", elsewhere="# Fast Track 9.99",
    )  # fmt: skip
    assert {entry: row.passes[0] for entry, row in found.items()} == dict.fromkeys(
        ("1.01", "2.04", "2.05", "3.21"), ON_FILE
    ) | {"3.35": OPEN}
    assert found["3.21"].slug == "hartshorne-algebraic-geometry"


@pytest.mark.parametrize(
    ("status", "passes", "words"),
    [
        ("draft", {}, [OPEN] * 7),
        ("gap-analysed", {}, [DONE] * 2 + [OPEN] * 5),
        ("audited", {"P2_gap": {"status": "in-progress"}}, [DONE, UNDER_WAY] + [OPEN] * 5),
        ("production-ready", {"P5_verification": {"status": "failed"}}, [DONE] * 3 + [OPEN, SHORT, OPEN, OPEN]),
        ("equivalence-covered", {"P4_production": {"status": "pending"}}, [DONE] * 7),
        ("equivalence-covered-and-continuity-verified", {}, [DONE] * 7),
        ("audit-degraded", {"P1_audit": {"status": "failed"}}, [DONE] + [OPEN] * 6),
        ("a state of another age", {"P1_audit": {"status": "completed"}}, [DONE] + [OPEN] * 6),
        ("draft", {"P1_audit": "pending", "P2_gap": 3}, [OPEN] * 7),
    ],
)
def test_a_state_proves_the_passes_that_lead_to_it(tmp_path: Path, status: str, passes: Any, words: list[str]) -> None:
    assert list(rows(tmp_path, book(status, **passes))["3.35"].passes) == words


def test_a_book_that_waits_for_a_person_keeps_what_it_has_done(tmp_path: Path) -> None:
    document = book("escalated")
    document["books"]["spin"]["escalation"] = {"from": "production-complete"}
    assert list(rows(tmp_path, document)["3.35"].passes) == [DONE] * 4 + [OPEN] * 3


def test_layers_are_those_of_the_newest_gate(tmp_path: Path) -> None:
    gap = {"coverage": [{"layer": "theorem", "percentage": 10.0}]}
    verified = {"coverage": [{"layer": "theorem", "percentage": 97.25}, {"layer": "exercise", "percentage": None}]}
    found = rows(tmp_path, book("verified", P2_gap=gap, P5_verification=verified))["3.35"].layers
    assert dict(zip(LAYERS, found, strict=True)) == dict.fromkeys(LAYERS) | {"theorem": 97.25}


def test_a_plans_scorecard_counts_until_production_and_not_after(tmp_path: Path) -> None:
    plan = f"# Spin (Fast Track 3.35)\n{SCORES}"
    assert rows(tmp_path, book("gap-analysed"), spin=plan)["3.35"].layers[0] == 42.0
    assert rows(tmp_path, book("equivalence-covered"), spin=plan)["3.35"].layers[0] is None


def test_titles_cannot_break_the_table(tmp_path: Path) -> None:
    titles = ["<img src=x onerror=1>", "&lt;", "a | b", "x\n| y", "<script>", "[l](javascript:x)", "`c`"]
    document = {"books": {f"b{n}": {"status": "draft", "title": title} for n, title in enumerate(titles)}}
    lines = render(tuple(rows(tmp_path, document).values())).splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert len(table) == 2 + 5 + len(titles)
    columns = 4 + len(BOOK.passes) + len(LAYERS)
    assert {line.replace("\\|", "").count("|") for line in table} == {columns + 1}
    assert "<" not in "".join(table)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=8), each, max_size=3),
    max_leaves=12,
)
KEYS = ("fasttrack_entry", "status", "passes", "title", "tier", "escalation")


@given(st.dictionaries(st.text(max_size=5), st.dictionaries(st.sampled_from(KEYS), JSON) | JSON, max_size=3) | JSON)
def test_a_ledger_of_any_age_is_rendered(tmp_path_factory: pytest.TempPathFactory, shelf: Any) -> None:
    folder = tmp_path_factory.getbasetemp() / "any-age"
    folder.mkdir(exist_ok=True)
    text = render(matrix({"books": shelf}, TreeSnapshot(folder)))
    assert text.startswith("# Coverage\n") and text.endswith("\n")


@given(st.floats(0, 100))
def test_percentages_are_short(share: float) -> None:
    shown = percent(share)
    assert shown.endswith(" %") and ".0 " not in shown
    assert abs(float(shown.removesuffix(" %")) - share) <= 0.05 + 1e-9


def test_the_published_corpus(fasttrack: Path) -> None:
    snapshot = TreeSnapshot(fasttrack)
    found = matrix(Ledger.load(snapshot).document(), snapshot)
    assert len(found) == 93
    assert [row.entry for row in found if row.state] == ["1.17", "3.35"]
    assert sum(row.passes[0] in (DONE, ON_FILE) for row in found) >= 85
