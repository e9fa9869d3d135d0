"""Prerequisites: what audits state, cycles and where they break, the order that follows."""

from __future__ import annotations

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codex.planning.audits import read_audits
from codex.planning.cycles import break_cycles
from codex.planning.order import queue_order, waiting_graph
from codex.planning.statements import needs_of, read_statements
from tests.planning.world import audit, edges, files, plan_of, unit

_IDS = [f"01.01.{n:02d}" for n in range(1, 9)]
_PAIRS = st.dictionaries(
    st.tuples(st.sampled_from(_IDS), st.sampled_from(_IDS)), st.integers(1, 3).map(lambda n: ["x"] * n), max_size=30
)


def stated(text: str) -> list[tuple[str, str]]:
    (only,) = read_audits(files(audit_a=f"**DAG edges to add.** Below:\n\n{text}\n\n---\n"))
    return [(before, after) for before, after, _ in read_statements(only)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- `01.01.03` ← `01.01.01`", [("01.01.01", "01.01.03")]),
        ("- `01.01.03` (a unit) ← {`01.01.01` sets,\n  `01.01.02-maps.md` (soft)}",
         [("01.01.01", "01.01.03"), ("01.01.02", "01.01.03")]),
        ("`01.01.03` ← {`01.01.01`; `01.01.02`}; `01.01.04` ← `01.01.03`.",
         [("01.01.01", "01.01.03"), ("01.01.02", "01.01.03"), ("01.01.03", "01.01.04")]),
        ("- `01.01.01` ← `01.01.02` and → `01.01.03`", [("01.01.02", "01.01.01"), ("01.01.01", "01.01.03")]),
        ("- `01.01.03` ← `01.01.01`, lateral to `01.01.02`", [("01.01.01", "01.01.03")]),
        ("- `01.01.03` ← (`01.01.02`) `01.01.01`", [("01.01.01", "01.01.03")]),
        ("| From | To |\n|---|---|\n| `01.01.01` | `01.01.03` |", [("01.01.01", "01.01.03")]),
        ("| 1 | `01.01.01` | `01.01.03` | why |", [("01.01.01", "01.01.03")]),
        ("Nothing here.", []),
        ("## A heading\n\n- `01.01.03` ← `01.01.01`", []),
    ],
)  # fmt: skip
def test_statements(text: str, expected: list[tuple[str, str]]) -> None:
    assert stated(text) == expected


def test_an_audit_that_writes_its_arrows_the_other_way_is_understood() -> None:
    text = audit(("01.01.05", "Sets")) + "\n**DAG edges:**\n\n- `01.01.05` → `01.01.01`, `01.01.02`\n"
    plan = plan_of(files(audit_a=text, **unit("01.01.01"), **unit("01.01.02")))
    assert plan["units"]["01.01.05"]["prereqs"] == ["01.01.01", "01.01.02"]


def test_the_needs_of_a_bullet() -> None:
    (only,) = read_audits(
        files(audit_a="1. **`01.01.05` A.** x. Prereqs: `01.01.01` (sets), 01.01.02. See `01.01.03`.")
    )
    assert needs_of(only.bullets[0]) == ["01.01.01", "01.01.02"]


def test_what_a_shipped_unit_needs_it_says_itself() -> None:
    text = audit(("01.01.05", "A unit")) + "\n**DAG edges:** `01.01.05` ← `01.01.06`\n"
    plan = plan_of(files(audit_a=text, **unit("01.01.05", prerequisites="01.01.01")))
    assert plan["units"]["01.01.05"]["prereqs"] == ["01.01.01"]


def test_a_cycle_is_broken_where_the_fewest_sources_stand_for_it() -> None:
    text = audit(("01.01.01", "One"), ("01.01.02", "Two")) + "\n**DAG edges:** `01.01.02` ← `01.01.01`\n"
    plan = plan_of(files(audit_a=text, deps=edges(("01.01.01", "01.01.02"), ("01.01.02", "01.01.01"))))
    assert plan["cycles"] == [
        {
            "members": ["01.01.01", "01.01.02"], "cut": {"from": "01.01.02", "to": "01.01.01"}, "support": 1,
            "sources": ["manifests/deps.json"],
        }
    ]  # fmt: skip
    assert plan["queue_topo_order"] == ["01.01.01", "01.01.02"]
    assert plan["units"]["01.01.01"]["prereqs"] == []


@given(_PAIRS)
def test_broken_cycles_leave_none_and_each_cut_was_the_weakest_of_its_cycle(
    pairs: dict[tuple[str, str], list[str]],
) -> None:
    found = break_cycles(pairs)
    left: nx.DiGraph[str] = nx.DiGraph(list(pairs.keys() - {cycle.cut for cycle in found}))
    assert nx.is_directed_acyclic_graph(left)
    for cycle in found:
        ring = list(zip(cycle.members, (*cycle.members[1:], cycle.members[0]), strict=True))
        assert cycle.cut in ring
        assert all(edge in pairs for edge in ring)
        assert len(cycle.sources) == min(len(pairs[edge]) for edge in ring)
    assert found == break_cycles(dict(reversed(pairs.items()))), "the order of the edges decides nothing"


@given(_PAIRS, st.dictionaries(st.sampled_from(_IDS), st.sampled_from(["P0", "P1", "P4", "P?"]), min_size=1))
def test_the_queue_respects_prerequisites_and_then_priorities(
    pairs: dict[tuple[str, str], list[str]], priorities: dict[str, str]
) -> None:
    kept = pairs.keys() - {cycle.cut for cycle in break_cycles(pairs)}
    order = queue_order(priorities, kept)
    assert sorted(order.queue) == sorted(priorities)
    place = {unit_id: number for number, unit_id in enumerate(order.queue)}
    graph = waiting_graph(priorities, kept)
    assert all(place[before] < place[after] for before, after in graph.edges)
    for unit_id in priorities:
        waiting = nx.descendants(graph, unit_id) | {unit_id}
        assert order.counts_as[unit_id] == min(priorities[each] for each in waiting)
    for one, other in zip(order.queue, order.queue[1:], strict=False):
        if not graph.has_edge(one, other):
            assert order.counts_as[one] <= order.counts_as[other] or nx.has_path(graph, one, other)
