"""Rows, their evidence and the percentages: computed from what is found, layer by layer."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codex.passes.coverage import render_scorecard
from codex.passes.equivalence import RowAnswer, Status, crosswalk_rows, place_problem, scores
from codex.passes.evidence import BookName, find_places
from codex.passes.gap import GAP
from codex.passes.inventory import LAYERS, Inventory, Layer, Row
from codex.passes.tables import parse_tables, render_table
from codex.passes.verify import VERIFY
from codex.units import parse_unit
from tests.passes.worlds import (
    CLIFFORD,
    QUOTES,
    SLUG,
    SPIN,
    answered,
    audited,
    covered,
    defects,
    gap,
    only,
    path_of,
    produced,
    verification,
)

# --- every row is answered exactly once ------------------


@pytest.mark.parametrize("row", ["T1", "E6", "X1", "N2", "S1", "I2", "A1"])
def test_a_missing_row_is_named(row: str) -> None:
    answers = [a for a in gap()["answers"] if a["row"] != row]
    assert only(audited().judge(GAP.name, gap(answers=answers))) == f"{row}: this row is not answered"


def test_a_doubled_row_is_named() -> None:
    twice = [*gap()["answers"], covered("T1", "Formal definition")]
    assert only(audited().judge(GAP.name, gap(answers=twice))) == "T1: this row is answered more than once"


def test_an_unknown_row_is_named() -> None:
    more = [*gap()["answers"], covered("T77", "Formal definition")]
    assert only(audited().judge(GAP.name, gap(answers=more))) == "T77: there is no such row in the inventory"


@pytest.mark.parametrize("pass_name", [GAP.name, VERIFY.name])
def test_a_reply_with_a_claim_that_is_not_found_has_no_figures(pass_name: str) -> None:
    """What the event of a failed attempt records is never taken for the book's figures."""
    world, reply = (audited(), gap()) if pass_name == GAP.name else (produced(), verification())
    verdict = world.judge(pass_name, answered(reply, "T1", quote="a sentence that nobody has ever written down"))
    assert verdict.defects
    assert verdict.figures == {}


# --- each claim is looked up ------------------


def verdict_on(row: str, **changed: Any) -> list[str]:
    return defects(produced().judge(VERIFY.name, answered(verification(), row, **changed)))


CLAIMS: list[tuple[str, dict[str, Any], str]] = [
    ("T1", {"unit": "03.09.88"}, "T1: there is no shipped unit '03.09.88'"),
    ("T1", {"unit": ""}, "T1: there is no shipped unit ''"),
    ("T1", {"heading": "Formal definitions"}, "T1: unit 03.09.02 has no heading 'Formal definitions'"),
    ("T1", {"quote": "a Clifford algebra is the tensor algebra modulo a quadratic relation"}, "does not occur under"),
    ("T1", {"quote": QUOTES["Bridge"]}, "T1: the quote does not occur under 'Formal definition' of 03.09.02"),
    ("T1", {"quote": "modulo one quadratic relation"}, "T1: the quote is shorter than 6 words"),
    ("T1", {"heading": "Intuition", "quote": QUOTES["Intuition"]}, "T1: 'Intuition' is not an Intermediate or Master"),
    (
        "T1",
        {"heading": "Historical & philosophical context", "quote": QUOTES["Historical & philosophical context"]},
        "T1: 'Historical & philosophical context' is not an Intermediate or Master section that states and proves",
    ),
    ("T2", {"heading": "Synthesis", "quote": QUOTES["Synthesis"]}, "T2: no proof stands under 'Synthesis'"),
    ("E1", {"heading": "Synthesis", "quote": QUOTES["Synthesis"]}, "E1: 'Synthesis' is neither an exercise section"),
    (
        "X1",
        {"heading": "Historical & philosophical context", "quote": QUOTES["Historical & philosophical context"]},
        "X1: 'Historical & philosophical context' is neither a worked example",
    ),
    ("X1", {"heading": "Intuition", "quote": QUOTES["Intuition"]}, "X1: 'Intuition' is neither a worked example"),
    ("A1", {"unit": CLIFFORD, "heading": "Bridge", "quote": QUOTES["Bridge"]}, "A1: 'Bridge' is neither a Connections"),
    ("S1", {"unit": SPIN, "other_unit": CLIFFORD}, "S1: no covered row of §1 is answered with unit 03.09.03"),
    ("S1", {"unit": "03.09.88"}, "S1: there is no shipped unit '03.09.88'"),
    ("S1", {"other_unit": ""}, "S1: there is no shipped unit ''"),
    ("S1", {"other_unit": "01.01.03"}, "S1: no covered row of §2 is answered with unit 01.01.03"),
    ("A1", {"status": "exception", "reason": "not needed"}, "A1: an exception needs its reason"),
    ("A1", {"status": "exception", "reason": "x" + " " * 30}, "A1: an exception needs its reason"),
]


@pytest.mark.parametrize(("row", "changed", "said"), CLAIMS)
def test_a_claim_without_its_evidence_is_a_defect(row: str, changed: dict[str, Any], said: str) -> None:
    found = verdict_on(row, **changed)
    assert any(said in each for each in found), found


def test_a_quote_is_folded_and_only_folded() -> None:
    spread = QUOTES["Formal definition"].replace(" ", "\n   ")
    assert verdict_on("T1", quote=spread) == []
    assert verdict_on("T1", quote=spread.replace("Clifford", "clifford"))


def test_a_definition_needs_no_proof_and_a_theorem_does() -> None:
    assert verdict_on("T1", heading="Synthesis", quote=QUOTES["Synthesis"]) == []
    partly = answered(gap(), "T2", heading="Synthesis", quote=QUOTES["Synthesis"], status="partial")
    assert defects(audited().judge(GAP.name, partly)) == []


def test_intuition_is_for_beginners_or_masters() -> None:
    text = "---\nid: a\n---\n\n## Why [Intermediate]\n\nBecause of this and that and more.\n"
    (place,) = find_places(parse_unit(text.encode(), "a.md"), "Why")
    row = Row("I1", "intuition", "§1", "x", "y")
    assert place_problem(place, row, BookName("x")) == "'Why' is neither a Beginner nor a Master section"


def test_a_unit_that_does_not_cite_the_book_covers_no_theorem() -> None:
    def forget(text: str) -> str:
        return text.replace("Michelsohn", "M.").replace("Lawson", "L.")

    world = produced().edit(path_of(CLIFFORD), forget)
    found = defects(world.judge(VERIFY.name, verification()))
    assert found == [
        f"{row}: unit 03.09.02 does not cite the book (Lawson & Michelsohn, Spin Geometry)" for row in ("T1", "T2")
    ]


def test_a_draft_covers_nothing() -> None:
    world = produced().edit(path_of(SPIN, produced()), lambda text: text.replace("status: shipped", "status: draft"))
    found = defects(world.judge(VERIFY.name, verification()))
    assert "T3: there is no shipped unit '03.09.03'" in found


def test_a_notation_row_needs_its_line() -> None:
    crosswalk = f"notation/{SLUG}.md"
    gone = produced().edit(crosswalk, lambda text: text.replace("| N2 | $x$ | the same |  |\n", ""))
    assert defects(gone.judge(VERIFY.name, verification())) == ["N2: the notation crosswalk has no line for N2"]
    empty = produced().edit(crosswalk, lambda text: text.replace("| N2 | $x$ | the same |", "| N2 | $x$ |  |"))
    assert defects(empty.judge(VERIFY.name, verification())) == ["N2: the notation crosswalk has no line for N2"]
    assert "N1: the notation crosswalk has no line for N1" in defects(
        audited().judge(GAP.name, answered(gap(), "N1", status="covered"))
    )


def test_a_line_of_the_crosswalk_is_a_row_of_its_table() -> None:
    text = "# Notation\n\n| N8 | not in the table |\n\n" + render_table(
        ("row", "book", "ours", "note"), [("N1", "x", "y", "| N9 | a | b |")]
    )
    assert crosswalk_rows(text) == {"N1"}


def test_sequencing_needs_a_path() -> None:
    world = produced().edit("manifests/deps.json", lambda text: text.replace('"to": "03.09.03"', '"to": "03.09.04"'))
    assert defects(world.judge(VERIFY.name, verification())) == [
        "S1: there is no prerequisite path from 03.09.02 to 03.09.03"
    ]


def test_a_path_leads_through_shipped_units_alone() -> None:
    def detour(text: str) -> str:
        edge = '{\n      "from": "%s",\n      "to": "%s",\n      "state": "pending"\n    }'
        direct = '"from": "03.09.02",\n      "to": "03.09.03"'
        assert direct in text
        text = text.replace(direct, '"from": "03.09.02",\n      "to": "03.09.44"')
        return text.replace('"edges": [', f'"edges": [\n    {edge % ("03.09.44", SPIN)},')

    world = produced().edit("manifests/deps.json", detour)
    assert world.context("P5_verification").corpus.deps.has_path(CLIFFORD, SPIN)
    assert defects(world.judge(VERIFY.name, verification())) == [
        "S1: there is no prerequisite path from 03.09.02 to 03.09.03"
    ]


def test_one_unit_that_covers_both_ends_is_a_path() -> None:
    reply = answered(verification(), "I2", unit=CLIFFORD)
    reply = answered(reply, "S1", other_unit=CLIFFORD)
    assert defects(produced().judge(VERIFY.name, reply)) == []


@pytest.mark.parametrize(
    ("row", "claim"),
    [
        ("N3", {"status": "covered"}),
        ("A1", {"status": "exception", "reason": "of no use to readers of this corpus"}),
        ("A1", {"status": "gap", "reason": "nothing"}),
    ],
)
def test_a_row_without_evidence_covers_no_section(row: str, claim: dict[str, Any]) -> None:
    """A unit is said to cover a section only by a row for which a quote was found."""
    reply = answered(verification(), row, unit="01.01.03", **claim)
    reply = answered(reply, "S1", other_unit="01.01.03")
    assert "S1: no covered row of §2 is answered with unit 01.01.03" in defects(produced().judge(VERIFY.name, reply))


def test_exceptions_are_for_single_rows() -> None:
    reason = "This exercise repeats another one word for word."
    reply = verification()
    for row in ("E1", "E2"):
        reply = answered(reply, row, status="exception", reason=reason)
    found = defects(produced().judge(VERIFY.name, reply))
    assert found == ["E1, E2: 2 of 6 exercise rows are excepted; at most a quarter may be"]
    one = produced().judge(VERIFY.name, answered(verification(), "E1", status="exception", reason=reason))
    assert not one.defects
    assert one.figures["coverage"][1]["excepted"] == 1
    assert one.figures["layers"]["exercise"] == 100.0


def test_an_exercise_may_be_covered_by_a_worked_example() -> None:
    text = produced().snapshot.text(path_of(CLIFFORD))
    sentence = next(line for line in text.split("## Worked example [Beginner]")[1].splitlines() if len(line) > 60)
    assert verdict_on("E1", heading="Worked example", quote=sentence) == []


# --- percentages ------------------

STATUSES: list[Status] = ["covered", "partial", "gap", "exception"]
LETTERS = {letter: layer for layer, (letter, _, _) in LAYERS.items()}


@given(
    st.dictionaries(
        st.sampled_from([f"{letter}{n}" for letter in LETTERS for n in range(1, 30)]),
        st.one_of(st.none(), st.sampled_from(STATUSES)),
    ),
    st.fixed_dictionaries({layer: st.integers(0, 100) for layer in LAYERS}),
)
def test_percentages_are_computed_from_the_rows(
    given_rows: dict[str, Status | None], thresholds: dict[Layer, int]
) -> None:
    rows = {row: Row(row, LETTERS[row[0]], "§1", "x", "y") for row in given_rows}
    answers = [RowAnswer(row=row, status=status) for row, status in given_rows.items() if status]
    card = scores(Inventory(rows, (), {}, ""), answers, {layer: float(t) for layer, t in thresholds.items()})
    assert [score.layer for score in card] == list(LAYERS)
    for score in card:
        points, total = _oracle([given_rows[r] for r in rows if LETTERS[r[0]] == score.layer])
        assert (score.share is None) == (total == 0)
        assert score.met == (total == 0 or points * 100 >= thresholds[score.layer] * total)
        if total:
            shown = Fraction(str(score.percentage))
            exact = points * 100 / total
            assert shown <= exact < shown + Fraction(1, 10)


def _oracle(statuses: list[Status | None]) -> tuple[Fraction, int]:
    """Points and rows that count: a row without an answer is a gap, an exception does not count."""
    points, total = Fraction(0), 0
    for status in statuses:
        if status == "exception":
            continue
        total += 1
        points += {"covered": Fraction(1), "partial": Fraction(1, 2)}.get(str(status), Fraction(0))
    return points, total


def test_a_share_just_below_is_never_shown_as_met() -> None:
    rows = {f"T{n}": Row(f"T{n}", "theorem", "§1", "x", "y") for n in range(1, 10_000)}
    answers = [RowAnswer(row=row, status="covered") for row in list(rows)[:9_499]]
    (theorem, *_) = scores(Inventory(rows, (), {}, ""), answers, dict.fromkeys(LAYERS, 95.0))
    assert theorem.share is not None
    assert theorem.share < theorem.threshold
    assert not theorem.met
    (table,) = parse_tables(render_scorecard([theorem]))
    assert table[0]["share"] == "94.9 %"
    assert table[0]["status"] == "short"
