"""The order of production: prerequisites first, then what counts most."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import networkx as nx

from codex.corpus.deps import Pair


@dataclass(frozen=True, slots=True)
class Order:
    """``queue`` in order. ``counts_as``: id → the priority with which it queues, its own or that of what needs it."""

    queue: tuple[str, ...]
    counts_as: Mapping[str, str]


def queue_order(priorities: Mapping[str, str], edges: Iterable[Pair]) -> Order:
    """The queue of the units in ``priorities`` (id → P0 … P?, in the order of the plan).

    A unit comes after its prerequisites, before others of lesser priority, and among equals in the order of the plan.
    It queues with the best priority among itself and all that waits for it. ``edges`` must have no cycle.
    """
    graph = waiting_graph(priorities, edges)
    counts_as = dict(priorities)
    for unit in reversed(list(nx.topological_sort(graph))):
        counts_as[unit] = min([counts_as[unit], *(counts_as[after] for after in graph.successors(unit))])
    place = {unit: number for number, unit in enumerate(priorities)}
    queue = nx.lexicographical_topological_sort(graph, key=lambda unit: (counts_as[unit], place[unit]))
    return Order(tuple(queue), counts_as)


def waiting_graph(units: Collection[str], edges: Iterable[Pair]) -> nx.DiGraph[str]:
    """The edges between units that are still to be written."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(units)
    graph.add_edges_from((before, after) for before, after in edges if before in graph and after in graph)
    return graph
