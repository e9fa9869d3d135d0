"""Places for the nodes of a graph drawn in layers: prerequisites above, what depends on them below."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

#: How often the order within layers is improved; more makes no visible difference.
_SWEEPS = 8


#: Boxes side by side at most; a longer layer goes on in the next row.
_IN_A_ROW = 40


class Place(NamedTuple):
    """Row from the top, and position in it as a fraction of the longest row (0 is left, 1 is right)."""

    row: int
    across: float


def layered(depth: Mapping[str, int], edges: Iterable[tuple[str, str]]) -> dict[str, Place]:
    """A place for each node of ``depth`` (its layer); nodes joined by edges are brought below one another.

    Each sweep orders a layer by the mean position of the neighbours (barycentres: Sugiyama, Tagawa and Toda, 1981).
    The same graph always gives the same places.
    """
    neighbours: dict[str, list[str]] = {node: [] for node in depth}
    for start, end in edges:
        neighbours[start].append(end)
        neighbours[end].append(start)
    layers = [sorted(node for node in depth if depth[node] == layer) for layer in sorted(set(depth.values()))]
    across = {node: at for layer in layers for node, at in _spread(layer, len(layer)).items()}
    for sweep in range(_SWEEPS):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            layer.sort(key=lambda node: (_mean(neighbours[node], across, across[node]), node))
            across |= _spread(layer, len(layer))
    rows = [layer[at : at + _IN_A_ROW] for layer in layers for at in range(0, len(layer), _IN_A_ROW)]
    longest = max(map(len, rows), default=1)
    return {node: Place(row, at) for row, nodes in enumerate(rows) for node, at in _spread(nodes, longest).items()}


def _spread(nodes: list[str], places: int) -> dict[str, float]:
    """The nodes side by side in the middle of so many places."""
    left = (places - len(nodes)) / 2
    return {node: (left + number + 0.5) / places for number, node in enumerate(nodes)}


def _mean(nodes: list[str], across: Mapping[str, float], otherwise: float) -> float:
    return sum(across[node] for node in nodes) / len(nodes) if nodes else otherwise
