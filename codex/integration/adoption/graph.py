"""What deps.json ought to hold by the units' own front matter, and how an edge list is rewritten."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from codex.corpus import deps
from codex.corpus.jsonfile import loads_object, rewrite
from codex.integration.adoption.view import View
from codex.integration.steps.register import unit_edges
from codex.units import is_id

Pair = tuple[str, str]


@dataclass(frozen=True)
class Wanted:
    """Edges that units name and the graph lacks.

    ``ready``: both ends are done, and no cycle closes; ``closing``: a cycle would, with its ids; ``unknown``: an end is
    neither a shipped unit nor listed as one.
    """

    ready: tuple[Pair, ...]
    closing: Mapping[Pair, tuple[str, ...]]
    unknown: tuple[Pair, ...]


def wanted_edges(view: View) -> Wanted:
    """What the units' prerequisites and successors ask for. The same state always gives the same edges."""
    known = {(edge.before, edge.after) for edge in view.deps.edges}
    done = frozenset(view.shipped) | frozenset(view.deps.shipped)
    adjacent = {unit: list(others) for unit, others in view.deps.dependants.items()}
    ready: list[Pair] = []
    closing: dict[Pair, tuple[str, ...]] = {}
    unknown: list[Pair] = []
    for unit in view.shipped.values():
        for pair in unit_edges(unit, view.index):
            if pair in known:
                continue
            known.add(pair)
            if not set(pair) <= done:
                unknown.append(pair)
            elif cycle := path_between(adjacent, pair[1], pair[0]):
                closing[pair] = (pair[0], *cycle)
            else:
                ready.append(pair)
                adjacent.setdefault(pair[0], []).append(pair[1])
    return Wanted(tuple(ready), closing, tuple(unknown))


def path_between(adjacent: Mapping[str, list[str]], start: str, goal: str) -> tuple[str, ...]:
    """A shortest way from one unit to another; empty when there is none."""
    came_from = {start: start}
    waiting = deque([start])
    while waiting and goal not in came_from:
        here = waiting.popleft()
        for following in adjacent.get(here, ()):
            if following not in came_from:
                came_from[following] = here
                waiting.append(following)
    if goal not in came_from:
        return ()
    way = [goal]
    while way[-1] != start:
        way.append(came_from[way[-1]])
    return tuple(reversed(way))


def sound(edge: Any) -> bool:
    """True for an edge of deps.json with two ids as its ends."""
    return isinstance(edge, dict) and all(isinstance(edge.get(k), str) and is_id(edge[k]) for k in ("from", "to"))


def with_edges(view: View, edges: Iterable[Any]) -> bytes:
    """deps.json with another list of edges, everything else as it is."""
    return with_keys(view, {"edges": list(edges)})


def with_keys(view: View, values: Mapping[str, Any]) -> bytes:
    """deps.json with these keys replaced; it must not be damaged."""
    text = view.text(deps.PATH) or deps.EMPTY
    return rewrite(text, {**loads_object(text, deps.PATH), **values}, deps.PATH).encode("utf-8")


def as_edge(pair: Pair) -> dict[str, str]:
    """A new edge between two units that are done."""
    return {"from": pair[0], "to": pair[1], "state": "shipped"}
