"""deps.json: the graph and its edits."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codex.corpus import deps
from codex.corpus.deps import Edge
from codex.errors import DataError, UserError

from .test_jsonfile import changed_lines

IDS = st.integers(1, 9).map(lambda n: f"01.01.{n:02d}")
PAIRS = st.tuples(IDS, IDS)
STATES = st.sampled_from(["shipped", "pending"])
EDGES = st.lists(
    st.builds(lambda p, s: {"from": p[0], "to": p[1], "state": s, "by": "hand"}, PAIRS, STATES)
    | st.just({"from": "01.01.01", "to": "[", "state": "shipped"}),
    max_size=12,
)
DOCUMENTS = st.fixed_dictionaries(
    {"edges": EDGES, "pending": st.lists(IDS, max_size=4), "shipped": st.lists(IDS, max_size=6), "own": st.just(1)},
    optional={"_notes": st.dictionaries(IDS, st.text(max_size=5), max_size=3)},
)
TEXTS = st.builds(
    lambda d, i: json.dumps(d, indent=i, ensure_ascii=False) + "\n", DOCUMENTS, st.sampled_from([None, 2])
)

SMALL = """{
  "_comment": "kept",
  "version": 1,
  "edges": [
    {"from": "01.01.01", "to": "01.01.02", "state": "pending"},
    {"from": "01.01.02", "to": "[", "state": "shipped"}
  ],
  "pending": ["01.01.02", "01.01.03"],
  "shipped": ["01.01.01", "01.01.04"],
  "_notes": {}
}
"""


def test_the_document_is_read() -> None:
    found = deps.parse(SMALL)
    assert found.edges == (Edge("01.01.01", "01.01.02", "pending"), Edge("01.01.02", "[", "shipped"))
    assert found.broken == (Edge("01.01.02", "[", "shipped"),)
    assert found.pending_ids == {"01.01.01", "01.01.02", "01.01.03"}
    assert found.ids == {"01.01.01", "01.01.02", "01.01.03", "01.01.04"}
    assert found.prerequisites == {"01.01.02": ["01.01.01"]}
    assert found.dependants == {"01.01.01": ["01.01.02"]}


def test_shipping_a_unit_changes_the_lines_that_say_so() -> None:
    assert deps.ship_unit(SMALL, "01.01.02") == SMALL.replace('"state": "pending"', '"state": "shipped"').replace(
        '["01.01.02", "01.01.03"]', '["01.01.03"]'
    ).replace('"01.01.01", "01.01.04"', '"01.01.01", "01.01.02", "01.01.04"')


def test_an_edge_is_shipped_when_both_ends_are() -> None:
    text = deps.add_edges(SMALL, [("01.01.01", "01.01.04"), ("01.01.04", "01.01.05")])
    assert deps.parse(text).edges[2:] == (
        Edge("01.01.01", "01.01.04", "shipped"),
        Edge("01.01.04", "01.01.05", "pending"),
    )
    lagging = deps.add_edges(SMALL, [("01.01.04", "01.01.05")], shipped={"01.01.05"})
    assert deps.parse(lagging).edges[-1].state == "shipped"


@pytest.mark.parametrize("pair", [("01.01.01", "["), ("0", "01.01.01"), ("", "01.01.01"), ("a.b", "01.01.01")])
def test_a_broken_edge_is_never_written(pair: tuple[str, str]) -> None:
    with pytest.raises(UserError, match="both ends must be ids"):
        deps.add_edges(SMALL, [pair])
    with pytest.raises(UserError, match="is no unit id"):
        deps.ship_unit(SMALL, pair[0] if pair[0] != "01.01.01" else pair[1])


@given(TEXTS, st.lists(PAIRS, max_size=4), IDS, st.text(max_size=6))
def test_edits_are_idempotent_and_change_nothing_else(
    text: str, pairs: list[tuple[str, str]], unit: str, note: str
) -> None:
    before = json.loads(text)
    for edit in (
        lambda t: deps.add_edges(t, pairs),
        lambda t: deps.ship_unit(t, unit),
        lambda t: deps.add_pending(t, [unit]),
        lambda t: deps.set_note(t, unit, note),
    ):
        edited = edit(text)
        assert edit(edited) == edited
        after = json.loads(edited)
        assert after["own"] == 1
        assert [e for e in after["edges"] if len(e["to"]) == 1] == [e for e in before["edges"] if len(e["to"]) == 1]
        kept = [{k: v for k, v in edge.items() if k != "state"} for edge in after["edges"][: len(before["edges"])]]
        assert kept == [{k: v for k, v in edge.items() if k != "state"} for edge in before["edges"]]


@given(TEXTS, IDS)
def test_a_shipped_unit_is_listed_once_not_pending_and_its_edges_follow(text: str, unit: str) -> None:
    before, after = deps.parse(text), deps.parse(deps.ship_unit(text, unit))
    assert unit in after.shipped and unit not in after.pending
    assert set(after.shipped) == {*before.shipped, unit}
    for old, new in zip(before.edges, after.edges, strict=True):
        ends = {old.before, old.after}
        if unit in ends and ends <= set(after.shipped):
            assert new.state == "shipped"
        else:
            assert new == old


@given(TEXTS, st.lists(PAIRS, min_size=1, max_size=4), IDS, IDS)
def test_paths_and_cycles_are_those_of_networkx(text: str, pairs: list[tuple[str, str]], one: str, other: str) -> None:
    found = deps.parse(text)
    graph = found.graph()
    assert set(graph.nodes) == found.ids
    graph.add_nodes_from([one, other])
    assert found.has_path(one, other) is nx.has_path(graph, one, other)
    graph.add_edges_from(pairs)
    cycle = found.cycle_through(pairs)
    closes = any(nx.has_path(graph, after, before) for before, after in pairs)
    assert (cycle is not None) is closes
    if cycle:
        steps = list(pairwise(cycle))
        assert cycle[0] == cycle[-1]
        assert all(graph.has_edge(*step) for step in steps)
        assert set(steps) & set(pairs)


def test_a_cycle_is_named_from_start_to_start() -> None:
    assert deps.parse(SMALL).cycle_through([("01.01.02", "01.01.01")]) == ["01.01.02", "01.01.01", "01.01.02"]
    assert deps.parse(SMALL).cycle_through([("01.01.01", "01.01.01")]) == ["01.01.01", "01.01.01"]
    assert deps.parse(SMALL).cycle_through([("01.01.01", "01.01.03")]) is None


@pytest.mark.parametrize("text", ['{"edges": {}}', '{"pending": "x"}', "[]", "{"])
def test_a_document_of_another_shape_is_an_error_of_the_file(text: str) -> None:
    with pytest.raises(DataError, match=r"manifests/deps\.json"):
        deps.parse(text)


def test_what_is_of_another_shape_inside_is_kept() -> None:
    text = '{"edges": [7, {"from": 1, "to": "x"}], "shipped": [null], "_notes": [1]}'
    assert deps.parse(text).edges == ()
    assert json.loads(deps.ship_unit(text, "01.01.01"))["shipped"] == [None, "01.01.01"]


def test_the_published_graph(fasttrack: Path) -> None:
    text = (fasttrack / deps.PATH).read_bytes().decode()
    found = deps.parse(text)
    assert len(found.edges) == 6425
    assert len(found.broken) == 2687
    assert len(found.pending_ids) == 105
    assert found.has_path("01.01.03", "03.09.02")
    assert found.cycle_through([("03.09.02", "01.01.03")]) is not None
    for edit in (deps.add_edges, deps.ship_unit):
        assert edit(text, () if edit is deps.add_edges else "01.01.03") == text  # type: ignore[operator]
    removed, added = changed_lines(text, deps.add_edges(text, [("03.09.02", "03.09.99")]))
    assert len(added) - len(removed) == 5 and len(removed) <= 1
    removed, added = changed_lines(text, deps.ship_unit(text, "03.09.99"))
    assert (removed, added) == ([], ['+    "03.09.99",'])
    removed, added = changed_lines(text, deps.set_note(text, "03.09.99", "a\nnew note"))
    assert (len(removed), added[-1]) == (1, '+    "03.09.99": "a new note"')
