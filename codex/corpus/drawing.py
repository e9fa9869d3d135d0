"""The prerequisite graph as a drawing: DOT for Graphviz, and SVG without any other program."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from html import escape

import networkx as nx

from codex.corpus.layers import layered
from codex.corpus.prerequisites import Prerequisites

#: Width and height of a node's box, gaps between boxes, and how many characters of a title a box shows.
_BOX, _GAP, _TITLE = (132, 34), (14, 46), 20
_STYLE = """
svg { background: #fff; font: 11px system-ui, sans-serif }
rect { fill: #e8f1ea; stroke: #3f7d54 } .open rect { fill: #fff4dc; stroke: #b7791f; stroke-dasharray: 4 3 }
.chosen rect { stroke-width: 3 } text { fill: #1b1b1b; text-anchor: middle } .id { font-weight: 600 }
path { fill: none; stroke: #8a8f98; stroke-width: 1 } .cycle { stroke: #c0392b; stroke-width: 2 }
"""


def dot(prerequisites: Prerequisites, titles: Mapping[str, str], chosen: str = "") -> str:
    """A digraph for Graphviz. What is not shipped is dashed; edges of cycles are red."""
    return "\n".join(_dot_lines(prerequisites, titles, chosen)) + "\n"


def _dot_lines(prerequisites: Prerequisites, titles: Mapping[str, str], chosen: str) -> Iterator[str]:
    yield "digraph prerequisites {"
    yield '  node [shape=box, style="rounded", fontname="sans-serif"];'
    for node in sorted(prerequisites.graph):
        label = f"{node}\\n{titles[node]}" if titles.get(node) else node
        marks = ["rounded"] + ["dashed"] * (node not in prerequisites.shipped) + ["bold"] * (node == chosen)
        yield f'  "{_quoted(node)}" [label="{_quoted(label)}", style="{",".join(marks)}"];'
    red = _cycle_edges(prerequisites)
    for start, end in sorted(prerequisites.graph.edges):
        mark = " [color=red]" if (start, end) in red else ""
        yield f'  "{_quoted(start)}" -> "{_quoted(end)}"{mark};'
    yield "}"


def _quoted(text: str) -> str:
    return text.replace('"', '\\"')


def _cycle_edges(prerequisites: Prerequisites) -> set[tuple[str, str]]:
    """Edges within a strongly connected part."""
    part_of = {
        node: number
        for number, component in enumerate(nx.strongly_connected_components(prerequisites.graph))
        for node in component
    }
    return {(start, end) for start, end in prerequisites.graph.edges if part_of[start] == part_of[end]}


def shown_edges(prerequisites: Prerequisites) -> list[tuple[str, str]]:
    """The edges worth a line: those that a longer chain implies are left out, those of cycles never."""
    red = _cycle_edges(prerequisites)
    plain = prerequisites.graph.copy()
    plain.remove_edges_from(red)
    return sorted({*nx.transitive_reduction(plain).edges, *red})


def svg(prerequisites: Prerequisites, titles: Mapping[str, str], chosen: str = "") -> str:
    """A drawing in layers by depth, prerequisites on top. Edges that a longer chain implies are not drawn."""
    edges, red = shown_edges(prerequisites), _cycle_edges(prerequisites)
    places = layered({node: prerequisites.depth[node] for node in prerequisites.graph}, edges)
    rows = Counter(place.row for place in places.values())
    width = max(rows.values(), default=1) * (_BOX[0] + _GAP[0])
    height = max(len(rows), 1) * (_BOX[1] + _GAP[1])
    spots = {node: (place.across * width, (place.row + 0.5) * (_BOX[1] + _GAP[1])) for node, place in places.items()}
    lines = [_line(spots[start], spots[end], cycle=(start, end) in red) for start, end in edges]
    boxes = [
        _box(node, spots[node], titles.get(node, ""), _marks(prerequisites, node, chosen)) for node in sorted(spots)
    ]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
    return "\n".join([head, f"<style>{_STYLE}</style>", *lines, *boxes, "</svg>"]) + "\n"


def _marks(prerequisites: Prerequisites, node: str, chosen: str) -> str:
    return " ".join(["open"] * (node not in prerequisites.shipped) + ["chosen"] * (node == chosen))


def _line(start: tuple[float, float], end: tuple[float, float], *, cycle: bool) -> str:
    """A curve from the bottom of one box to the top of another."""
    (x1, y1), (x2, y2) = (start[0], start[1] + _BOX[1] / 2), (end[0], end[1] - _BOX[1] / 2)
    bend = max(abs(y2 - y1) / 2, _GAP[1] / 2)
    mark = ' class="cycle"' if cycle else ""
    return f'<path{mark} d="M{x1:.1f} {y1:.1f} C{x1:.1f} {y1 + bend:.1f} {x2:.1f} {y2 - bend:.1f} {x2:.1f} {y2:.1f}"/>'


def _box(node: str, spot: tuple[float, float], title: str, marks: str) -> str:
    x, y = spot
    short = title if len(title) <= _TITLE else title[: _TITLE - 1] + "…"
    return (
        f'<g class="{marks}"><title>{escape(f"{node} {title}".strip())}</title>'
        f'<rect x="{x - _BOX[0] / 2:.1f}" y="{y - _BOX[1] / 2:.1f}" width="{_BOX[0]}" height="{_BOX[1]}" rx="5"/>'
        f'<text class="id" x="{x:.1f}" y="{y - 3:.1f}">{escape(node)}</text>'
        f'<text x="{x:.1f}" y="{y + 11:.1f}">{escape(short)}</text></g>'
    )
