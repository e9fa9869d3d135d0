"""booklist.json and the table that is made from it."""

from __future__ import annotations

import json
from importlib import resources

import pytest

from codex.campaign.definition import load_campaign
from codex.corpus import booklist
from codex.errors import DataError

PATH = "manifests/fasttrack/booklist.json"


@pytest.fixture(scope="module")
def listing() -> booklist.Listing:
    text = resources.files("manifests").joinpath("fasttrack/booklist.json").read_text(encoding="utf-8")
    return booklist.parse_listing(text, PATH)


def test_the_fast_track_has_93_rows_in_four_sections(listing):
    """Unit-rubric §4.3: 93 rows, 0.1 … 3.48, one entry with a letter."""
    entries = [row.entry for row in listing.rows]
    assert (len(set(entries)), entries[0], entries[-1]) == (93, "0.1", "3.48")
    assert [entry for entry in entries if entry[-1].isalpha()] == ["1.05a"]
    assert entries.index("1.05a") == entries.index("1.05") + 1
    assert all(row.entry.startswith(f"{row.section}.") for row in listing.rows)
    assert set(listing.sections) == {0, 1, 2, 3}


def test_tiers_are_those_of_the_campaign(listing):
    tiers = load_campaign().tiers
    for letter in {row.tier for row in listing.rows if row.tier}:
        assert sum(row.tier == letter for row in listing.rows) <= tiers[letter].books
    assert {row.entry: row.tier for row in listing.rows}["3.35"] == "α"


def test_the_table_is_read_back_row_by_row(listing):
    books = booklist.parse(booklist.render(listing))
    assert [(b.entry, b.title, b.author) for b in books] == [(r.entry, r.title, r.author) for r in listing.rows]
    assert {book.status for book in books} == {booklist.UNKNOWN}
    assert len(booklist.unnamed(books)) == sum(not row.title for row in listing.rows)


def test_cells_cannot_break_the_table():
    odd = booklist.Listing({}, (booklist.Row("1.01", 1, title="A | B\n# C", author="D"),))
    (book,) = booklist.parse(booklist.render(odd))
    assert (book.title, book.author) == ("A / B # C", "D") and "## Section 1" in booklist.render(odd)


@pytest.mark.parametrize(
    "document", [{}, {"sections": {}, "rows": {}}, {"sections": {}, "rows": [{"x": 1}]}, {"rows": [1]}]
)
def test_another_shape_is_named(document):
    with pytest.raises(DataError, match=PATH):
        booklist.parse_listing(json.dumps(document), PATH)


def test_a_row_of_another_type_is_named():
    with pytest.raises(DataError, match="row 1 has another shape"):
        booklist.parse_listing('{"sections": {}, "rows": [7]}', PATH)
