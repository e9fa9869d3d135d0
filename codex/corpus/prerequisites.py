"""What the prerequisite graph says: cycles, what is not shipped, what a unit rests on and what rests on it, depth."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import networkx as nx

from codex.corpus.deps import Deps


@dataclass(frozen=True)
class Prerequisites:
    """The graph (edges go from the prerequisite to what depends on it) with what of it is shipped.

    ``graph`` has a node for each unit of the corpus and each id that the document knows; broken edges are left out.
    """

    graph: nx.DiGraph[str]
    shipped: frozenset[str]
    broken: int = 0

    @classmethod
    def of(cls, deps: Deps, units: Iterable[str], shipped: Collection[str]) -> Prerequisites:
        """``units`` are the ids of the corpus, ``shipped`` those of them that are shipped."""
        graph = deps.graph()
        graph.add_nodes_from(sorted(units))
        return cls(graph, frozenset(shipped), len(deps.broken))

    @cached_property
    def cycles(self) -> list[list[str]]:
        """One cycle of each strongly connected part, from its lowest id on; a unit that needs itself is one."""
        found = [[node] for node in nx.nodes_with_selfloops(self.graph)]
        for component in nx.strongly_connected_components(self.graph):
            if len(component) > 1:
                part = self.graph.subgraph(component).copy()
                part.remove_edges_from(list(nx.selfloop_edges(part)))
                found.append([start for start, _ in nx.find_cycle(part, min(component))])
        return sorted(_from_lowest(cycle) for cycle in found)

    @cached_property
    def unmet(self) -> dict[str, list[str]]:
        """Shipped units with the prerequisites that they still wait for, in the order of ids."""
        waiting = {unit: self.waits_for(unit) for unit in sorted(self.shipped & set(self.graph))}
        return {unit: missing for unit, missing in waiting.items() if missing}

    def waits_for(self, unit: str) -> list[str]:
        """The unit's direct prerequisites that are not shipped."""
        return sorted(set(self.graph.predecessors(unit)) - self.shipped)

    @cached_property
    def depth(self) -> dict[str, int]:
        """The longest chain of prerequisites below each unit; the units of a cycle count as one and share theirs."""
        whole = nx.condensation(self.graph)
        found: dict[str, int] = {}
        below: dict[Any, int] = {}
        for part in nx.topological_sort(whole):
            below[part] = max((below[each] + 1 for each in whole.predecessors(part)), default=0)
            found |= dict.fromkeys(whole.nodes[part]["members"], below[part])
        return found

    def ancestors(self, unit: str) -> list[str]:
        """All units that this one rests on, directly or not: nearest to the foundations first."""
        return self._ordered(nx.ancestors(self.graph, unit))

    def dependants(self, unit: str) -> list[str]:
        """All units that rest on this one, directly or not: nearest first."""
        return self._ordered(nx.descendants(self.graph, unit))

    def _ordered(self, units: Iterable[str]) -> list[str]:
        return sorted(units, key=lambda unit: (self.depth[unit], unit))

    def around(self, unit: str, steps: int = 0) -> Prerequisites:
        """The part that a unit rests on or that rests on it; with ``steps``, as many edges away at most."""
        limit = steps or None
        before = nx.single_source_shortest_path_length(self.graph.reverse(copy=False), unit, limit)
        after = nx.single_source_shortest_path_length(self.graph, unit, limit)
        return self.part({*before, *after})

    def part(self, units: Collection[str]) -> Prerequisites:
        """The graph with these units alone."""
        return Prerequisites(self.graph.subgraph(units).copy(), self.shipped)


def _from_lowest(cycle: list[str]) -> list[str]:
    at = cycle.index(min(cycle))
    return cycle[at:] + cycle[:at]
