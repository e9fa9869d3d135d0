"""Tables go out and come back the same, whatever the cells hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codex.passes.tables import cell, first_table, parse_tables, render_table

#: Text rich in what tables, LaTeX and Markdown are made of.
ODD = st.text(st.sampled_from("ab |\\`#-:*$~<\n\r\t \u2028\x85\u00a0—é"), max_size=30)
CELLS = st.one_of(ODD, st.text(max_size=20), st.sampled_from(["---", ":---:", "|---|", "\\|x\\|", "\\\\|", "\\", "|"]))


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=5))
def test_what_is_rendered_is_read_back(rows: list[list[str]]) -> None:
    text = "Before.\n\n" + render_table(("one", "two", "three"), rows) + "\nAfter | all.\n"
    (found,) = parse_tables(text)
    assert found == [dict(zip(("one", "two", "three"), map(cell, row), strict=True)) for row in rows]


@given(CELLS)
def test_a_cell_is_one_line_and_settled(value: str) -> None:
    once = cell(value)
    assert once == cell(once)
    assert len(once.splitlines()) <= 1


@given(CELLS)
def test_a_cell_keeps_all_but_white_space_and_the_norm(value: str) -> None:
    if "\\|" not in value:
        assert cell(value) == " ".join(value.split())


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (r"$\|x\|$", r"$\Vert x\Vert $"),
        (r"$|x|$", r"$|x|$"),
        (r"a \\| b", r"a \\| b"),  # a line break of LaTeX before a bar
        (r"a \\\| b", r"a \\\Vert b"),  # a line break before a norm
        ("two\nlines", "two lines"),
        ("ends in \\", "ends in \\"),
    ],
)
def test_bars_and_backslashes(written: str, kept: str) -> None:
    assert cell(written) == kept
    assert parse_tables(render_table(("a", "b"), [(written, "x")])) == [[{"a": kept, "b": "x"}]]


def test_a_row_of_rules_begins_no_table_of_its_own() -> None:
    rows = [("row", "status"), ("---", "---"), ("T1", "covered")]
    assert parse_tables(render_table(("row", "status"), rows)) == [
        [{"row": "row", "status": "status"}, {"row": "---", "status": "---"}, {"row": "T1", "status": "covered"}]
    ]


def test_short_rows_are_filled_and_long_ones_cut() -> None:
    (rows,) = parse_tables("| a | b |\n|---|---|\n| 1 |\n| 1 | 2 | 3 |\n")
    assert rows == [{"a": "1", "b": ""}, {"a": "1", "b": "2"}]


def test_lines_with_bars_are_no_table_without_a_rule() -> None:
    assert parse_tables("| a | b |\n| 1 | 2 |\n\n| c |\n\n|---|\n| d |\n") == []


def test_the_first_table_with_the_columns() -> None:
    text = render_table(("x",), [("1",)]) + "\n" + render_table(("x", "y"), [("2", "3")])
    assert first_table(text, having=("y",)) == [{"x": "2", "y": "3"}]
    assert first_table(text, having=("z",)) == []
    assert first_table("no table | here\n") == []
