"""Setting a front-matter key in place."""

from __future__ import annotations

import difflib
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from codex.errors import ContentError
from codex.units import parse_unit, set_frontmatter_value

TEXT = """---
id: 00.01.02  # the id
prerequisites:
  - 00.01.01  # first
  - 00.01.03  # last
pending_prereqs: false   # not yet
note: |
  two
  lines
tags: {a: 1}
---

Body: with pending_prereqs: false in it.
"""


def changed(before: str, after: str) -> list[str]:
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in lines if line[0] in "+-"]


@pytest.mark.parametrize(
    ("key", "value", "lines"),
    [
        ("pending_prereqs", True, ["- pending_prereqs: false   # not yet", "+ pending_prereqs: true   # not yet"]),
        ("id", "00.01.09", ["- id: 00.01.02  # the id", "+ id: 00.01.09  # the id"]),
        (
            "prerequisites",
            [],
            ["- prerequisites:", "-   - 00.01.01  # first", "-   - 00.01.03  # last", "+ prerequisites: []"],
        ),
        ("note", "short", ["- note: |", "-   two", "-   lines", "+ note: short"]),
        ("status", "draft", ["+ status: draft"]),
        ("tags", {"b": [1]}, ["- tags: {a: 1}", "+ tags:", "+   b:", "+   - 1"]),
    ],
)
def test_only_the_key_changes(key: str, value: Any, lines: list[str]) -> None:
    edited = set_frontmatter_value(TEXT, key, value)
    assert sorted(changed(TEXT, edited)) == sorted(lines)
    assert parse_unit(edited.encode(), "x.md").frontmatter[key] == value
    assert set_frontmatter_value(TEXT.replace("\n", "\r\n"), key, value) == edited.replace("\n", "\r\n")


def test_a_block_scalar_at_the_end_keeps_its_meaning() -> None:
    text = "---\nid: x\nnote: |\n  last line\n---\n"
    edited = set_frontmatter_value(text, "status", "draft")
    assert parse_unit(edited.encode(), "x.md").frontmatter == {"id": "x", "status": "draft", "note": "last line"}


def test_the_last_of_two_equal_keys_is_the_one() -> None:
    assert set_frontmatter_value("---\na: 1\na: 2\n---\n", "a", 3) == "---\na: 1\na: 3\n---\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no front matter",
        "---\n- a\n---\n",
        "---\na: b: c\n---\n",
        "---\n{b: 1}\n---\n",
        "---\na: &x 1\nb: *x\n---\n",
    ],
)
def test_what_cannot_be_edited_is_refused(text: str) -> None:
    with pytest.raises(ContentError):
        set_frontmatter_value(text, "a", 2)


SCALARS = st.none() | st.booleans() | st.integers(-999, 999) | st.text(max_size=20)


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from("abcd"), SCALARS, min_size=1),
    st.sampled_from("abcde"),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=20) | st.booleans(),
)
def test_edit_is_parse_then_update(document: dict[str, Any], key: str, value: Any) -> None:
    head = yaml.safe_dump(document, allow_unicode=True, sort_keys=False, default_flow_style=False)
    text = f"---\n{head}---\nbody\n"
    before = parse_unit(text.encode(), "x.md")
    if before.error:  # a few control characters cannot be written in YAML
        return
    after = parse_unit(set_frontmatter_value(text, key, value).encode(), "x.md")
    assert after.frontmatter == {**before.frontmatter, key: value}
    assert after.body == before.body
