"""Cycles among prerequisites: found, reported, and broken where the fewest sources stand for an edge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import networkx as nx

from codex.corpus.deps import Pair


@dataclass(frozen=True, slots=True)
class Cycle:
    """A cycle and the edge at which it was broken. ``members`` in order, from what the cut edge leads to."""

    members: tuple[str, ...]
    cut: Pair
    sources: tuple[str, ...]

    def as_data(self) -> dict[str, Any]:
        cut = {"from": self.cut[0], "to": self.cut[1]}
        return {"members": list(self.members), "cut": cut, "support": len(self.sources), "sources": list(self.sources)}


def break_cycles(edges: Mapping[Pair, Iterable[str]]) -> list[Cycle]:
    """One cycle after the other until none is left; the edges that are cut are those of the result.

    Of a strongly connected part the edge with the fewest sources goes first; of several the first by its ids.
    """
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_edges_from(sorted(edges))
    found: list[Cycle] = []
    waiting = _parts(graph)
    while waiting:
        part = _part(graph, waiting.pop())
        cycle = _weakest(part, edges)
        found.append(cycle)
        part.remove_edge(*cycle.cut)
        graph.remove_edge(*cycle.cut)
        waiting += _parts(part)
    return sorted(found, key=lambda cycle: cycle.cut)


def _part(graph: nx.DiGraph[str], members: set[str]) -> nx.DiGraph[str]:
    """The graph of these alone. Built in order: a subgraph of networkx goes through its nodes in the order of a set."""
    part: nx.DiGraph[str] = nx.DiGraph()
    part.add_edges_from(sorted((one, other) for one in members for other in graph.successors(one) if other in members))
    return part


def _parts(graph: nx.DiGraph[str]) -> list[set[str]]:
    """The parts in which everything leads to everything, smallest ids last (they are taken from the end)."""
    loops = [{node} for node in nx.nodes_with_selfloops(graph)]
    parts = [part for part in nx.strongly_connected_components(graph) if len(part) > 1]
    covered = set().union(*parts)
    return sorted([*parts, *(loop for loop in loops if not loop & covered)], key=min, reverse=True)


def _weakest(part: nx.DiGraph[str], edges: Mapping[Pair, Iterable[str]]) -> Cycle:
    before, after = min(part.edges, key=lambda edge: (len(list(edges[edge])), edge))
    return Cycle(tuple(nx.shortest_path(part, after, before)), (before, after), tuple(edges[before, after]))
