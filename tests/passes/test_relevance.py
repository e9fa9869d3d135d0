"""Briefs on a corpus of thousands show what matters for the book, within their budget, and say that there is more."""

from __future__ import annotations

import json
import re

import pytest

from codex.corpus.catalog import PATH as CATALOG
from codex.passes.bookcontext import BookContext as Context
from codex.passes.registry import FASTTRACK as PASSES
from codex.passes.relevance import connection_shelf, outline_shelf, relevant_units
from codex.prompts import load_pattern, render_brief
from codex.prompts.fitting import size
from tests.passes.worlds import CLIFFORD, SUBJECT, World, audited, gap_analysed, produced

MANY = 2500

CITY = """\
---
id: {unit}
title: The sewage of town number {n}
status: shipped
concept_catalog_id: towns.n{n}
---

## Pipes [Master]
"""


def crowded(world: World) -> World:
    """A world with MANY units of other subjects, each with its concept."""
    ids = [f"{n // 180 + 30:02d}.{n // 9 % 20:02d}.{n % 9 + 10}" for n in range(MANY)]
    files = {f"content/30-towns/01-x/{unit}-town.md": CITY.format(unit=unit, n=n) for n, unit in enumerate(ids)}
    entries = "".join(f"\n### towns.n{n}\n\n- **title**: Town {n}\n" for n in range(MANY))
    files[CATALOG] = world.snapshot.text(CATALOG) + entries
    return world.write(files)


SITUATIONS = {"P2_gap": audited, "P3_plan": gap_analysed, "P5_verification": produced}


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_brief_keeps_its_budget_whatever_the_corpus(name: str) -> None:
    each, world = PASSES[name], crowded(SITUATIONS[name]())
    prefix, prompt = render_brief(each, Context(world.snapshot, "0" * 40, SUBJECT, name, 1), each.tools)
    budget = load_pattern(each.prompt).limits.bytes
    assert size(prefix) + size(prompt) <= budget
    assert f"`{CLIFFORD}`" in prompt
    assert prompt.index(f"`{CLIFFORD}`") < prompt.index("The sewage of town")
    cut = prompt.partition("## What this brief leaves out")[2]
    assert re.search(r"- units: 300 of 25\d\d; search_corpus and read_unit find the others", cut)
    small = SITUATIONS[name]()
    whole = render_brief(each, Context(small.snapshot, "0" * 40, SUBJECT, name, 1), each.tools)[1]
    assert "leaves out" not in whole


def test_what_earlier_passes_named_comes_first() -> None:
    context = Context(crowded(audited()).snapshot, "0" * 40, SUBJECT, "P2_gap", 1)
    starter = set(audited().context("P2_gap").shipped)
    found = relevant_units(context, ["30.00.12", "99.99.99"])
    assert found[0] == "30.00.12"
    assert set(found[1 : len(starter) + 1]) == starter
    assert f"`{CLIFFORD}` The Clifford algebra of a quadratic form (prerequisites: " in "".join(
        outline_shelf(context).items
    )


def test_headings_that_half_of_the_units_have_are_not_listed() -> None:
    context = Context(crowded(audited()).snapshot, "0" * 40, SUBJECT, "P2_gap", 1)
    assert "Pipes" not in "".join(outline_shelf(context).items)
    small = Context(audited().snapshot, "0" * 40, SUBJECT, "P2_gap", 1)
    assert "Formal definition [Intermediate+]" in outline_shelf(small).items[0]


def test_connections_between_relevant_concepts_come_first() -> None:
    ends = {"conn:001.far": ("towns.n1", "towns.n2"), "conn:002.near": ("linalg.vector-space", "linalg.bilinear-form")}
    listed = [{"id": name, "from": a, "to": b, "anchor_phrase": "they meet"} for name, (a, b) in ends.items()]
    world = crowded(audited()).write({"manifests/connections.json": json.dumps({"connections": listed})})
    items = connection_shelf(Context(world.snapshot, "0" * 40, SUBJECT, "P3_plan", 1)).items
    assert [item.partition(": ")[0] for item in items] == ["conn:002.near", "conn:001.far"]
