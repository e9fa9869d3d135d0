"""Headings and tier markers (unit-rubric §1.3)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codex.units.headings import find_headings, tiers_of_marker

#: The reference's meaning, word for word.
LITERAL = re.compile(r"^(#{2,4})\s+(.+?)(?:\s*\[(\w+\+?)\])?\s*$", re.MULTILINE)
LITERAL_H2 = re.compile(r"^(##)\s+(.+?)(?:\s*\[(\w+\+?)\])?\s*$", re.MULTILINE)

PIECES = [
    "#",
    "##",
    "###",
    "#####",
    " ",
    "  ",
    "\n",
    "\n\n",
    "a",
    "Title",
    "[Master]",
    "[Beginner]",
    "[x+]",
    "[All tiers]",
    "\t",
    "\u2028",
]


@pytest.mark.parametrize("level_two_only", [False, True])
@settings(deadline=None)
@given(text=st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_headings_mean_what_the_literal_pattern_means(level_two_only: bool, text: str) -> None:
    pattern = LITERAL_H2 if level_two_only else LITERAL
    wanted = [
        (len(m[1]), m[2], m[3] or "", m.start(), m.end()) for m in pattern.finditer(text) if m[2].strip()
    ]  # a title of white space can only stand at the very end
    found = find_headings(text, level_two_only=level_two_only)
    assert [(h.level, h.title, h.marker, h.start, h.end) for h in found] == wanted


@pytest.mark.parametrize(
    ("line", "title", "marker"),
    [
        ("## Title [Beginner]", "Title", "Beginner"),
        ("## Title[Master]", "Title", "Master"),
        ("## Title [Intermediate+]  ", "Title", "Intermediate+"),
        ("## Title [All tiers]", "Title [All tiers]", ""),
        ("## Title [Intermediate-Master]", "Title [Intermediate-Master]", ""),
        ("## Title (Master)", "Title (Master)", ""),
        ("## Title [a] [Master]", "Title [a]", "Master"),
        ("## [Beginner]", "[Beginner]", ""),
        ("## Title\n\n[Master]\ntext", "Title", "Master"),
        ("##\n\nTitle [Master]", "Title", "Master"),
        ("```\n## Title [Master]\n```", "Title", "Master"),
    ],
)
def test_titles_and_markers(line: str, title: str, marker: str) -> None:
    heading = find_headings(line)[0]
    assert (heading.title, heading.marker) == (title, marker)


@pytest.mark.parametrize("line", ["# Title", "##### Title", "##Title", " ## Title", "text ## Title"])
def test_no_headings(line: str) -> None:
    assert find_headings(line) == ()


@pytest.mark.parametrize(
    ("marker", "tiers"),
    [
        ("Beginner", {"beginner"}),
        ("beginner+", {"beginner", "intermediate", "master"}),
        ("Intermediate+", {"intermediate", "master"}),
        ("Master+", {"master"}),
        ("Begginer", set()),
        ("", set()),
    ],
)
def test_tiers_of_markers(marker: str, tiers: set[str]) -> None:
    assert tiers_of_marker(marker) == tiers


def test_headings_take_linear_time() -> None:
    assert find_headings("## a" + " " * 1_000_000 + "b")[0].title.endswith("b")
    assert find_headings("##" + "\n" * 1_000_000 + "b")[0].title == "b"
    assert len(find_headings("## a\n\n" * 100_000)) == 100_000
