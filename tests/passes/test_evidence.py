"""Quotes are looked up where they are said to stand: white space is folded, nothing else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codex.passes.evidence import BookName, cites, find_places, fold, locate
from codex.units import Unit, parse_unit
from tests.passes.worlds import CLIFFORD, QUOTES, path_of, registered

BOOK = BookName("Spin Geometry", ("Lawson", "Michelsohn"))


def clifford() -> Unit:
    return registered().context("P2_gap").units[CLIFFORD]


def located(heading: str, quote: str) -> str:
    place, problem = locate(clifford(), CLIFFORD, heading, quote)
    assert (place is None) == bool(problem)
    return problem


@pytest.mark.parametrize("heading", QUOTES)
def test_quotes_are_found_under_their_heading(heading: str) -> None:
    assert located(heading, QUOTES[heading]) == ""
    assert located(f"## {heading} [Master]", QUOTES[heading]) == ""


@pytest.mark.parametrize(("heading", "quote"), [(h, q) for h in QUOTES for o, q in QUOTES.items() if o != h][::7])
def test_and_under_no_other(heading: str, quote: str) -> None:
    if fold(quote) not in fold(find_places(clifford(), heading)[0].text):
        assert "does not occur under" in located(heading, quote)


WORDS = QUOTES["Synthesis"].split()


@given(st.lists(st.text(st.sampled_from(" \t\n\r\u00a0\u2003"), min_size=1, max_size=4), min_size=20, max_size=20))
def test_white_space_is_folded(blanks: list[str]) -> None:
    quote = "".join(blank + word for blank, word in zip(blanks, WORDS, strict=False))
    assert located("Synthesis", quote) == ""


@given(st.integers(0, len(WORDS) - 1), st.sampled_from(["", "the very", "Word", "lin-ear"]))
def test_and_nothing_else(place: int, other: str) -> None:
    """One word left out, put in another case or said otherwise is a paraphrase."""
    changed = [*WORDS[:place], other or WORDS[place].swapcase(), *WORDS[place + 1 :]]
    assert "does not occur" in located("Synthesis", " ".join(changed))


@pytest.mark.parametrize("cut", ["The foundational idea of the", "foundational idea of the unit", "", "   "])
def test_a_short_quote_proves_nothing(cut: str) -> None:
    assert located("Synthesis", cut) == "the quote is shorter than 6 words"


def test_what_does_not_exist_is_named() -> None:
    assert located("Simple modules", QUOTES["Bridge"]) == "unit 03.09.02 has no heading 'Simple modules'"
    assert locate(None, "03.09.77", "Bridge", "x")[1] == "there is no shipped unit '03.09.77'"


def test_typographic_quotation_marks_are_not_straightened() -> None:
    unit = parse_unit("---\nid: a\n---\n\n## A [Master]\n\nIt is “one of the” many here now.\n".encode(), "a.md")
    assert locate(unit, "a", "A", "It is “one of the” many here")[1] == ""
    assert locate(unit, "a", "A", 'It is "one of the" many here')[1]


NESTED = """---
id: 00.01.01
---

## Results [Intermediate+]

### Part one

Every word here stands in part one of it.

### Part two [Master]

Every word here stands in part two of it.

## Part two [Beginner]

The same title once more, in another tier altogether.
"""


def test_a_heading_holds_its_subsections_and_not_the_next() -> None:
    unit = parse_unit(NESTED.encode(), "a.md")
    one, two = "Every word here stands in part one", "Every word here stands in part two"
    assert not locate(unit, "a", "Results", one)[1]
    assert not locate(unit, "a", "Results", two)[1]
    assert locate(unit, "a", "Part one", two)[1]


def test_tiers_of_a_heading_without_a_marker_are_those_around_it() -> None:
    unit = parse_unit(NESTED.encode(), "a.md")
    (one,) = find_places(unit, "Part one")
    assert one.tiers == {"intermediate", "master"}
    assert one.titles == ("part one", "results")
    assert [sorted(place.tiers) for place in find_places(unit, "Part two")] == [["master"], ["beginner"]]


def test_of_several_headings_with_the_title_the_one_with_the_quote_counts() -> None:
    unit = parse_unit(NESTED.encode(), "a.md")
    place, problem = locate(unit, "a", "Part two", "The same title once more, in another tier")
    assert place and not problem
    assert place.tiers == {"beginner"}


def with_body(text: str, references: str = "references: []") -> Unit:
    return parse_unit(f"---\nid: a\n{references}\n---\n\n{text}\n".encode(), "a.md")


@pytest.mark.parametrize(
    "unit",
    [
        with_body("- H. B. Lawson and M.-L. Michelsohn, *Spin\n  Geometry*, Princeton, 1989."),
        with_body("The convention is that of Lawson and Michelsohn in their Spin geometry of 1989."),
        with_body("Text.", 'references:\n  - path: "Lawson — Spin Geometry (1989)"'),
    ],
)
def test_a_book_is_cited_by_title_and_author(unit: Unit) -> None:
    assert cites(unit, BOOK)


@pytest.mark.parametrize(
    "unit",
    [
        with_body("This is used throughout spin geometry."),
        with_body("- Lawson, Lectures on minimal submanifolds.\n- Friedrich, Dirac Operators in Spin Geometry."),
        with_body("Lawson found it.\n\nIt belongs to spin geometry."),
        with_body("Text.", "references: Lawson"),
        with_body("", ""),
    ],
)
def test_its_subject_or_its_author_alone_is_no_citation(unit: Unit) -> None:
    assert not cites(unit, BOOK)


@pytest.mark.parametrize(
    ("authors", "surnames"),
    [
        ("H. Blaine Lawson, Marie-Louise Michelsohn", ("Lawson", "Michelsohn")),
        ("William Fulton and Joe Harris", ("Fulton", "Harris")),
        ("Raoul Bott & Loring W. Tu", ("Bott", "Tu")),
        ("Alexandra Sandor", ("Sandor",)),
        ("", ()),
    ],
)
def test_surnames(authors: str, surnames: tuple[str, ...]) -> None:
    assert BookName.of("x", authors).surnames == surnames


def test_every_starter_unit_that_names_the_book_cites_it() -> None:
    for unit_id, unit in registered().context("P2_gap").units.items():
        named = re.search(r"Michelsohn", unit.text) is not None
        assert cites(unit, BOOK) == named, unit_id


def test_the_fixture_quotes_stand_where_they_should() -> None:
    text = registered().snapshot.text(path_of(CLIFFORD))
    assert all(fold(quote) in fold(text) for quote in QUOTES.values())
