"""Edits change what they name and leave every other byte alone."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from codex.units import parse_unit
from codex.units.edits import EditProblem, UnitEdit, apply_edits
from codex.units.titles import headings_titled

TEXT = """\
---
id: 00.01.02
title: Even numbers   # a comment
---

# Even numbers

## Intuition [Beginner]

Pairs of shoes. Pairs of socks.

## Formal definition [Intermediate+]

A number is even if two divides it.

### An example

Four is even; so is six.

### The ring k[x]

Polynomials.

### The ring k[y]

Others.

## Empty [Master]

## Bibliography [Master]

- Euclid, Elements."""
TITLES = ("Intuition", "Formal definition", "An example", "The ring k[x]", "Empty", "Bibliography")


def edit(op: str, heading: str, text: str, find: str = "") -> UnitEdit:
    return UnitEdit.model_validate({"op": op, "heading": heading, "find": find, "text": text, "reason": "for a test"})


def applied(text: str, *edits: UnitEdit) -> str:
    return apply_edits(parse_unit(text.encode(), "content/a/b/00.01.02-even.md"), edits)


def test_append_goes_behind_the_last_line_of_the_section_with_its_subsections() -> None:
    assert applied(TEXT, edit("append", "Formal definition", "New.\n")) == TEXT.replace(
        "Others.\n", "Others.\n\nNew.\n"
    )
    assert applied(TEXT, edit("append", "An example", "New.")) == TEXT.replace("is six.\n", "is six.\n\nNew.\n")
    assert applied(TEXT, edit("append", "Bibliography", "- Pappus.")) == TEXT + "\n\n- Pappus."
    assert applied(TEXT, edit("append", "Empty", "Full.")) == TEXT.replace(
        "Empty [Master]\n", "Empty [Master]\n\nFull.\n"
    )


def test_append_at_the_end_keeps_the_final_line_end() -> None:
    assert applied(TEXT + "\n", edit("append", "Bibliography", "- Pappus.\n\n")) == TEXT + "\n\n- Pappus.\n"


def test_append_before_a_heading_that_follows_at_once_gets_a_blank_line() -> None:
    tight = TEXT.replace("socks.\n\n##", "socks.\n##")
    assert "socks.\n\nNew.\n\n## Formal" in applied(tight, edit("append", "Intuition", "New."))


def test_new_section_goes_before_the_heading() -> None:
    new = "## Visual [Beginner]\n\nA table.\n"
    assert applied(TEXT, edit("new_section", "Formal definition", new)) == TEXT.replace(
        "## Formal", "## Visual [Beginner]\n\nA table.\n\n## Formal"
    )


def test_replace_changes_the_one_passage() -> None:
    changed = applied(TEXT, edit("replace", "Intuition", "Pairs of gloves.", "Pairs of socks."))
    assert changed == TEXT.replace("Pairs of socks.", "Pairs of gloves.")


def test_edits_build_on_each_other() -> None:
    first = edit("append", "Intuition", "### Hands\n\nTwo of them.")
    assert "Two hands." in applied(TEXT, first, edit("replace", "Hands", "Two hands.", "Two of them."))


@pytest.mark.parametrize(
    "given_title", ["## Formal definition [Intermediate+]", " formal definition", "Formal  definition"]
)
def test_titles_as_people_write_them(given_title: str) -> None:
    found = headings_titled(parse_unit(TEXT.encode(), "a.md"), given_title)
    assert found == ([] if given_title == " formal definition" else [1])


def test_brackets_that_belong_to_a_title_tell_headings_apart() -> None:
    unit = parse_unit(TEXT.encode(), "a.md")
    assert headings_titled(unit, "The ring k[x]") == headings_titled(unit, "### The ring  k[x]") == [3]
    assert headings_titled(unit, "The ring k[y]") == [4]
    assert headings_titled(unit, "The ring k") == [3, 4]
    assert headings_titled(unit, "") == []
    assert headings_titled(unit, "[Master]") == []


PROBLEMS = [
    (edit("append", "Nowhere", "x"), "edit 1 (append under 'Nowhere'): there is no such heading"),
    (edit("replace", "Intuition", "x", "Pairs of"), "occurs more than once there"),
    (edit("replace", "Intuition", "x", "Four is even"), "does not occur there"),
    (edit("replace", "Intuition", "x"), "does not occur there"),
    (edit("new_section", "Intuition", "No heading here."), "begins with its own heading line"),
    (edit("new_section", "Intuition", "Text first.\n\n## Then a heading"), "begins with its own heading line"),
]


@pytest.mark.parametrize(("wrong", "said"), PROBLEMS)
def test_what_does_not_fit_is_named(wrong: UnitEdit, said: str) -> None:
    with pytest.raises(EditProblem, match="edit 1") as caught:
        applied(TEXT, wrong)
    assert said in str(caught.value)


def test_overlapping_occurrences_are_two() -> None:
    with pytest.raises(EditProblem, match="more than once"):
        applied(TEXT.replace("Polynomials.", "aaa."), edit("replace", "The ring k[x]", "b", "aa"))


def test_two_headings_of_one_title_are_not_guessed_between() -> None:
    twice = TEXT.replace("### The ring k[y]", "### An example")
    with pytest.raises(EditProblem, match="more than one heading"):
        applied(twice, edit("append", "An example", "x"))


def test_a_file_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(EditProblem, match="not UTF-8"):
        apply_edits(parse_unit(b"---\nid: \xff\n---\n\n## A\n", "a.md"), [edit("append", "A", "x")])


def test_an_edit_says_what_it_is() -> None:
    for bad in ({"op": "delete"}, {"text": ""}, {"reason": "short"}, {"path": "/etc/passwd"}):
        with pytest.raises(ValidationError):
            UnitEdit.model_validate({"op": "append", "heading": "A", "text": "x", "reason": "for a test"} | bad)


LINE_ENDS = st.sampled_from(["\n", "\r\n", "\r"])
NEW = st.text(st.sampled_from("ab #|$`\n*-"), min_size=1, max_size=30).filter(str.strip)


@given(NEW, st.sampled_from(TITLES), LINE_ENDS, st.booleans())
def test_an_insertion_is_nothing_but_an_insertion(new: str, title: str, line_end: str, section: bool) -> None:
    """Taking out what was put in gives the file back, byte for byte, whatever its line ends."""
    before = TEXT.replace("\n", line_end)
    new = f"## New [Master]\n\n{new}" if section else new
    after = applied(before, edit("new_section" if section else "append", title, new))
    start = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), len(before))
    length = len(after) - len(before)
    assert length > 0
    assert any(before == after[:i] + after[i + length :] for i in range(max(start - length, 0), start + 1))
    put_in = after.replace(line_end, "\n")
    assert all(line in put_in for line in new.strip("\n").split("\n"))
    assert ("\r" in after) == (line_end != "\n")
    if line_end == "\r\n":
        assert after.count("\r") == after.count("\n")


@given(st.data(), LINE_ENDS)
def test_a_replacement_touches_only_the_passage(data: st.DataObject, line_end: str) -> None:
    unit = parse_unit(TEXT.encode(), "a.md")
    index = data.draw(st.sampled_from([headings_titled(unit, title)[0] for title in TITLES]))
    section = unit.section_text(unit.sections[index])
    assume(len(section) > 2)
    start = data.draw(st.integers(0, len(section) - 2))
    find = section[start : data.draw(st.integers(start + 1, len(section)))]
    assume(section.count(find) == 1 and find.strip())
    new = data.draw(NEW)
    offset = unit.body_offset + unit.sections[index].start + start
    wanted = TEXT[:offset] + new + TEXT[offset + len(find) :]
    title = unit.body[unit.headings[index].start :].partition("\n")[0]
    try:
        after = applied(TEXT.replace("\n", line_end), edit("replace", title, new, find))
    except EditProblem as exc:
        # Seldom: it stands in a sub-section of the heading as well.
        assert "more than once" in str(exc)  # noqa: PT017 (what is refused is refused for this)
        return
    assert after == wanted.replace("\n", line_end)


@given(st.text(max_size=200), st.text(max_size=10), NEW)
def test_no_text_breaks_it(text: str, title: str, new: str) -> None:
    with suppress(EditProblem):
        applied(text, edit("append", title, new))
