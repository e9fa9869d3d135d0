"""Circles in the prerequisite graph, and edges that no unit names."""

from __future__ import annotations

from collections.abc import Iterator

from codex.corpus import deps
from codex.corpus.prerequisites import Prerequisites
from codex.integration.adoption.kind import Found, Kind
from codex.integration.adoption.view import View
from codex.units import is_id


def _find(view: View) -> Iterator[Found]:
    graph = Prerequisites.of(view.deps, view.shipped, frozenset(view.shipped))
    if not graph.cycles:
        return
    lines = {(before, after): line for line, before, after, _ in view.edges()}
    for cycle in graph.cycles:
        line = lines.get((cycle[-1], cycle[0]))
        yield Found(deps.PATH, line, " → ".join([*cycle, cycle[0]]))


def _find_unnamed(view: View) -> Iterator[Found]:
    for line, before, after, _ in view.edges():
        unit, source = view.shipped.get(after), view.shipped.get(before)
        if unit is None or not is_id(before) or before in unit.prerequisites:
            continue
        listed = source.frontmatter.get("successors") if source else None
        if not isinstance(listed, list) or after not in map(str, listed):
            yield Found(deps.PATH, line, f"{before} → {after}: neither unit names the other")


KIND = Kind(
    name="cycles",
    group="graph",
    title="circles of prerequisites",
    means="Each unit of the circle must be read before itself, so there is no order of production. One circle of each "
    "knot is shown.",
    mends="Take the edge that is least needed out of deps.json and out of the unit's front matter.",
    find=_find,
)

UNNAMED = Kind(
    name="unnamed-edges",
    group="graph",
    title="edges that neither unit names",
    means="An edge was entered by hand or by a plan, or the unit's front matter was changed afterwards.",
    mends="Add the prerequisite to the unit's front matter, or take the edge out of deps.json.",
    find=_find_unnamed,
)
