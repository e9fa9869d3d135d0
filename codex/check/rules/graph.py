"""The prerequisite graph's file: XG001 (level full, on manifests/deps.json)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from codex.check.answers import Answers
from codex.check.depsfile import DEPS, Unreadable, edges, listed, load
from codex.check.rule import Example, Finding, Place, Rule, fail, fail_at, show
from codex.units import Unit, is_id


def _graph(unit: Unit, answers: Answers) -> Finding | None:
    if unit.path != DEPS:
        return None
    try:
        document = load(unit.data)
    except Unreadable as unreadable:
        return fail(unreadable.why, unreadable.line)
    there = edges(document)
    sound = [edge for edge in there if _good_end(edge.get("from")) and _good_end(edge.get("to"))]
    return fail_at(
        [
            *_garbage(there, len(there) - len(sound)),
            *_duplicates(sound),
            *_cycles([(edge["from"], edge["to"]) for edge in sound]),
            *_shipped_pending(listed(document, "pending"), answers),
        ]
    )


def _good_end(end: object) -> bool:
    return isinstance(end, str) and is_id(end)


def _garbage(edges: list[Mapping[str, Any]], touched: int) -> Iterator[Place]:
    bad = Counter(show(edge.get(key)) for edge in edges for key in ("from", "to") if not _good_end(edge.get(key)))
    if bad:
        examples = ", ".join(end for end, _ in bad.most_common(5))
        yield Place(f"{touched} edges have an end that is no id, such as {examples}")


def _duplicates(edges: list[Mapping[str, Any]]) -> Iterator[Place]:
    states: dict[tuple[str, str], list[str]] = {}
    for edge in edges:
        states.setdefault((edge["from"], edge["to"]), []).append(show(edge.get("state")))
    for (start, end), found in states.items():
        if len(found) > 1:
            yield Place(f"edge {start} → {end} is listed {len(found)} times (state {', '.join(found)})")


def _cycles(edges: list[tuple[str, str]]) -> Iterator[Place]:
    """One cycle of each strongly connected component."""
    import networkx as nx  # takes a moment to import; only this rule needs it

    graph: nx.DiGraph[str] = nx.DiGraph(edges)
    yield from (Place(f"{node} is its own prerequisite") for node in nx.nodes_with_selfloops(graph))
    for component in nx.strongly_connected_components(graph):
        if len(component) > 1:
            cycle = [a for a, _ in nx.find_cycle(graph.subgraph(component), min(component))]
            yield Place(f"cycle: {' → '.join([*cycle, cycle[0]])}")


def _shipped_pending(pending: list[Any], answers: Answers) -> Iterator[Place]:
    for name in pending:
        if answers.is_shipped(str(name)):
            yield Place(f"{show(name)} is listed as pending, but it is shipped")


XG001 = Rule(
    code="XG001",
    name="the prerequisite graph is sound",
    level="full",
    severity="error",
    reads=("manifests/deps.json", "ids and statuses of the corpus"),
    why="Order of production and of reading come from this graph: ends must be ids, edges unique, no cycles, and what "
    "is pending must not be shipped.",
    failing=Example(files=((DEPS, '{"edges": [{"from": "[", "to": "00.01.02", "state": "shipped"}], "pending": []}'),)),
    passing=Example(files=((DEPS, '{"edges": [{"from": "00.01.01", "to": "00.01.02", "state": "shipped"}]}'),)),
    hint="Remove edges whose ends are no ids, duplicates and one edge of each cycle; take shipped ids out of pending.",
    constraint="",
    check=_graph,
)
