"""The prerequisite graph: what it says, how it is drawn, and the command."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codex.cli.app import run
from codex.corpus import deps
from codex.corpus.drawing import dot, shown_edges, svg
from codex.corpus.layers import layered
from codex.corpus.prerequisites import Prerequisites

IDS = [f"01.01.{number:02}" for number in range(1, 9)]
A, B, C, D, E, F, G, H = IDS


def graph_of(
    *edges: tuple[str, str], units: tuple[str, ...] = tuple(IDS), shipped: tuple[str, ...] = tuple(IDS)
) -> Prerequisites:
    listed = [{"from": start, "to": end, "state": "shipped"} for start, end in edges]
    return Prerequisites.of(deps.parse(json.dumps({"edges": listed})), units, shipped)


def test_a_chain_with_a_short_cut() -> None:
    found = graph_of((A, B), (B, C), (A, C), (C, D))
    assert [found.depth[unit] for unit in (A, B, C, D, E)] == [0, 1, 2, 3, 0]
    assert found.ancestors(D) == [A, B, C]
    assert found.dependants(A) == [B, C, D]
    assert (found.cycles, found.unmet) == ([], {})
    assert shown_edges(found) == [(A, B), (B, C), (C, D)]
    assert set(found.around(C).graph) == {A, B, C, D}
    assert set(found.around(A, 1).graph) == {A, B, C}


def test_cycles_are_found_and_do_no_harm() -> None:
    found = graph_of((A, B), (B, C), (C, A), (D, D), (C, E), (E, F), (F, E))
    assert found.cycles == [[A, B, C], [D], [E, F]]
    assert found.depth[A] == found.depth[C] == 0
    assert found.depth[E] == found.depth[F] == 1
    assert {(A, B), (C, A), (D, D), (F, E)} <= set(shown_edges(found))
    assert A in found.ancestors(F)


def test_what_waits() -> None:
    found = graph_of((A, B), (C, B), (C, D), (A, D), shipped=(A, B, E))
    assert found.unmet == {B: [C]}
    assert found.waits_for(D) == [C]


def test_broken_edges_are_counted_and_left_out() -> None:
    found = graph_of((A, B), ("[", B), ("0", "1"))
    assert (found.broken, found.graph.number_of_edges()) == (2, 1)


EDGES = st.lists(st.tuples(st.sampled_from(IDS), st.sampled_from(IDS)), max_size=16)


@settings(max_examples=80, deadline=None)
@given(EDGES, st.sets(st.sampled_from(IDS)))
def test_any_graph_can_be_judged_and_drawn(edges: list[tuple[str, str]], shipped: set[str]) -> None:
    found = graph_of(*edges, shipped=tuple(shipped))
    listed = set(edges)
    for cycle in found.cycles:
        assert all(edge in listed for edge in pairwise([*cycle, cycle[0]]))
    for start, end in listed:
        assert found.depth[start] <= found.depth[end]
        assert start in found.ancestors(end) or start == end
        assert start not in shipped or end not in found.unmet or start not in found.unmet[end]
    drawn = ET.fromstring(svg(found, {A: "<a & b>"}, A))
    assert len(drawn.findall("{http://www.w3.org/2000/svg}g")) == len(found.graph)
    assert dot(found, {}).count("->") == len(listed)


@settings(max_examples=50)
@given(
    st.dictionaries(st.integers(0, 200).map(str), st.integers(0, 5), max_size=120), st.randoms(use_true_random=False)
)
def test_layers_overlap_nowhere_and_edges_go_down(depth: dict[str, int], random: Any) -> None:
    nodes = sorted(depth)
    edges = [(a, b) for a in nodes for b in nodes if depth[a] < depth[b] and random.random() < 0.02]
    places = layered(depth, edges)
    assert len(set(places.values())) == len(depth) == len(places)
    assert all(places[a].row < places[b].row and 0 < places[a].across < 1 for a, b in edges)
    assert layered(dict(reversed(depth.items())), edges) == places


def test_a_drawing_says_what_is_what() -> None:
    found = graph_of((A, B), (B, A), (B, C), shipped=(A, B))
    text = svg(found.part({A, B, C}), {A: "a title much longer than its box"}, B)
    assert text.count('class="cycle"') == 2
    assert text.count('<g class="open">') == 1 and text.count('<g class="chosen">') == 1
    assert "a title much longer…" in text and "a title much longer than its box</title>" in text
    assert '"01.01.03" [label="01.01.03", style="rounded,dashed"];' in dot(found, {})
    assert '"01.01.01" -> "01.01.02" [color=red];' in dot(found, {})
    assert svg(found.part(()), {}).startswith("<svg ")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    edges = [(A, B), (B, C), (C, B), (D, E), ("[", "x")]
    document = {"edges": [{"from": a, "to": b, "state": "shipped"} for a, b in edges], "pending": ["02.01.01"]}
    files = {"manifests/deps.json": json.dumps(document)}
    for unit in (A, B, C, D, E):
        status = "draft" if unit == D else "shipped"
        files[f"content/01-a/01-b/{unit}-unit-{unit[-1]}.md"] = f"---\nid: {unit}\nstatus: {status}\n---\n"
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_the_command(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def output(*options: str, status: int = 0) -> str:
        assert run(["graph", "-w", str(workspace), *options]) == status
        return capsys.readouterr().out

    document = json.loads(output("--format", "json"))
    assert (document["nodes"], document["edges"], document["broken_edges"], document["shipped"]) == (6, 4, 1, 4)
    assert (document["cycles"], document["waiting"]) == ([[B, C]], {E: [D]})
    one = json.loads(output("--unit", B, "--format", "json"))
    assert (one["title"], one["depth"], one["prerequisites"], one["dependants"]) == ("unit 2", 1, [A, C], [C])
    assert f"1 cycle\n  {B} → {C} → {B}\n" in output()
    assert "1 shipped unit waits for a prerequisite" in output()
    assert json.loads(output("--cycles", "--format", "json", status=1)) == {"cycles": [[B, C]]}
    assert output("--cycles", "--format", "dot", status=1).count("->") == 2
    assert output("--unit", E, "--format", "svg").count("<rect ") == 2
    assert json.loads(output("--unit", "02.01.01", "--format", "json"))["shipped"] is False
    (workspace / "manifests" / "deps.json").write_text("{}")
    assert output("--cycles") == "0 cycles\n"


@pytest.mark.parametrize("arguments", [["--unit", "99.99.99"], ["--format", "png"], ["--cycles", "--unit", A]])
def test_wrong_calls(workspace: Path, arguments: list[str]) -> None:
    assert run(["graph", "-w", str(workspace), *arguments]) == 2
