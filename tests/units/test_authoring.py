"""The strict front-matter model for writers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codex.units import parse_unit
from codex.units.authoring import FrontMatter, frontmatter_problems, render_unit


def document() -> dict[str, Any]:
    return {
        "id": "00.01.02",
        "title": "Even numbers: a start",
        "slug": "even-numbers",
        "section": "numbers",
        "chapter": "integers",
        "concept_catalog_id": "numbers.parity",
        "prerequisites": ["00.01.01"],
        "tier_anchors": {"beginner": "a school book"},
        "tiers_present": ["beginner"],
        "references": [{"source": "TODO_REF", "path": "Euclid — Elements", "locator": "IX"}],
        "lean_status": "none",
        "lean_mathlib_gap": "Nothing is missing: Even is there.",
        "estimated_time": {"beginner": "10m"},
        "status": "draft",
        "mine": {"kept": [1, 2]},
    }


def test_good_front_matter_has_no_problems() -> None:
    assert frontmatter_problems(document()) == []


@pytest.mark.parametrize(
    ("change", "start"),
    [
        ({"id": "1.2"}, "id: "),
        ({"prerequisites": ["00.01.01", "x"]}, "prerequisites[1]: "),
        ({"references": [{"source": "a"}]}, "references[0]: "),
        ({"references": [{"source": "a", "path": 3}]}, "references[0].path: "),
        ({"references": []}, "references: "),
        ({"tier_anchors": {"beginner": "deferred"}}, "front matter: "),
        ({"estimated_time": {"beginner": "ten"}}, "estimated_time.beginner: "),
        ({"hooks_out": [{"target": "00.01.03", "kind": "proposed", "why": "short"}]}, "hooks_out[0].why: "),
        ({"lean_module": "A.B"}, "front matter: "),
        ({"lean_mathlib_gap": None}, "front matter: "),
        ({"status": "done"}, "status: "),
    ],
)
def test_problems_name_their_place(change: dict[str, Any], start: str) -> None:
    problems = frontmatter_problems(document() | change)
    assert len(problems) == 1
    assert problems[0].startswith(start), problems


def test_missing_keys_are_named() -> None:
    assert [p.split(":")[0] for p in frontmatter_problems({})][:3] == ["id", "title", "slug"]


@settings(deadline=None)
@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1).filter(str.strip),
    st.text("ab#\n "),
)
def test_rendered_units_are_read_back(title: str, body: str) -> None:
    front = FrontMatter.model_validate(document() | {"title": title})
    unit = parse_unit(render_unit(front, body), "x.md")
    assert unit.error is None
    assert unit.frontmatter == front.document()
    assert list(unit.frontmatter)[:3] == ["id", "title", "slug"]
    assert unit.body == body.lstrip()
