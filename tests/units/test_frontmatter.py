"""Where front matter begins and ends, and what its YAML means (unit-rubric §1.2)."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from codex.units.frontmatter import split_frontmatter
from codex.units.yamlsafe import YamlFault, load_yaml

#: The reference's meaning, word for word; too slow on hostile input to be used in earnest.
LITERAL = re.compile(r"---\s*\n(.*?)\n---\s*\n(.*)", re.DOTALL)

PIECES = ["---", "----", "\n", "\n\n", " ", "\t", "a: 1", "---\n", "\n---\n", "\n--- \n", "x", "\u00a0", "\x0b"]


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_split_means_what_the_literal_pattern_means(text: str) -> None:
    match = LITERAL.match(text)
    split = split_frontmatter(text)
    assert (split is None) == (match is None)
    if match and split:
        assert text[split.start : split.end] == match[1]
        assert text[split.body :] == match[2]


def test_split_takes_linear_time() -> None:
    assert split_frontmatter("---" + "\n" * 2_000_000 + "x") is None
    assert split_frontmatter("---\nx" + "\n--- y" * 500_000) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1\na: 2", {"a": 2}),
        ("a: yes\nb: Off", {"a": True, "b": False}),
        ("a: 03.17\nb: 03.17.01", {"a": 3.17, "b": "03.17.01"}),
        ("a: ~\nb:\nc: none", {"a": None, "b": None, "c": "none"}),
        ("a: 2026-07-05", {"a": date(2026, 7, 5)}),
        ("a: 1:30", {"a": 90}),
        ("a: 'it''s'\nb: \"\\u00e9\"", {"a": "it's", "b": "é"}),
        ("a: why? because!\nb: [x, y]", {"a": "why? because!", "b": ["x", "y"]}),
    ],
)
def test_yaml_is_version_1_1(text: str, value: object) -> None:
    assert load_yaml(text) == value


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("a: 1\nb: c: d", 2, "mapping values"),
        ("a: \x00", 1, "not allowed"),
        ("a: 1\nb: *nowhere", 2, "undefined alias"),
        ("a:\n\t- b", 2, "cannot start any token"),
        ("a: 2026-13-45", 1, "does not fit its type"),
        ("a: 0x_", 1, "does not fit its type"),
        ("a: 0x" + "f" * 5_000, 1, "too many digits"),
        ("a: " + "[" * 300_000, 1, "nested too deeply"),
        ("a:\n " + "- " * 300_000, 1, "nested too deeply"),
        ("? [a]\n: b", 1, "unhashable"),
    ],
)
def test_faults_have_a_line_and_a_reason(text: str, line: int, part: str) -> None:
    fault = load_yaml(text)
    assert isinstance(fault, YamlFault)
    assert (fault.line, part in fault.problem) == (line, True), fault


def test_alias_bomb_is_a_fault() -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40)]
    assert isinstance(load_yaml("\n".join(lines)), YamlFault)
    merges = ["a0: &a0 {x: 1}"] + [f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, 40)]
    assert isinstance(load_yaml("\n".join(merges)), YamlFault)


def test_a_value_inside_itself_is_loaded() -> None:
    loaded: Any = load_yaml("a: &a [*a]")
    assert loaded["a"][0] is loaded["a"]


TOKENS = [
    *"[]{},:?!-#&*|>%@`'\"\n ",
    ": ",
    "- ",
    "? ",
    "\n  ",
    "a",
    "b: c",
    "1",
    "yes",
    "&x ",
    "*x",
    "|#",
    "!!str ",
    "é",
    "\t",
]


@settings(deadline=None)
@given(st.lists(st.sampled_from(TOKENS), max_size=12).map("".join))
def test_fast_loader_agrees_with_the_reference_loader(text: str) -> None:
    try:
        wanted: object = repr(yaml.safe_load(text))
    except (yaml.YAMLError, ValueError, KeyError, AttributeError, TypeError, IndexError, OverflowError):
        wanted = YamlFault
    loaded = load_yaml(text)
    assert (YamlFault if isinstance(loaded, YamlFault) else repr(loaded)) == wanted
