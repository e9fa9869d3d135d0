"""Lists of deps.json that lag behind the files: what they call pending, or leave out, has shipped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from codex.corpus import deps
from codex.corpus.jsonfile import insert_in_order
from codex.integration.adoption.graph import sound, with_keys
from codex.integration.adoption.kind import Found, Kind, Repair
from codex.integration.adoption.view import View

_KEYS = ("pending", "edges", "shipped")


def _find(view: View) -> Iterator[Found]:
    for line, name in _listed(view, "pending"):
        if name in view.shipped:
            yield Found(deps.PATH, line, f"{name} is listed as pending; it is {view.shipped[name].path}")
    for line, before, after, state in view.edges():
        if state == "pending" and before in view.shipped and after in view.shipped:
            yield Found(deps.PATH, line, f"{before} → {after} is pending; both are shipped")
    listed = set(view.deps.shipped)
    for unit_id, unit in view.shipped.items():
        if unit_id not in listed:
            yield Found(unit.path, None, f"{unit_id} is shipped; the list `shipped` of {deps.PATH} lacks it")


def _listed(view: View, key: str) -> Iterator[tuple[int, str]]:
    """Line and text of each entry of a list of deps.json."""
    listed = view.document(deps.PATH).get(key)
    spans = view.members(deps.PATH, key)
    for name, span in zip(listed if isinstance(listed, list) else [], spans, strict=False):
        if isinstance(name, str):
            yield view.line(deps.PATH, span.start), name


def _repair(view: View, now: datetime) -> Repair:
    if deps.PATH in view.damaged:
        return Repair()
    document = view.document(deps.PATH)
    pending, shipped = document.get("pending", []), document.get("shipped", [])
    waiting = [each for each in pending if not (isinstance(each, str) and each in view.shipped)]
    done = shipped
    for unit_id in sorted(set(view.shipped) - set(view.deps.shipped)):
        done = insert_in_order(done, unit_id)
    edges = [_shipped(edge, view) for edge in view.raw_edges]
    turned = sum(new is not old for new, old in zip(edges, view.raw_edges, strict=True))
    counts = (len(pending) - len(waiting), turned, len(done) - len(shipped))
    if not any(counts):
        return Repair()
    said = "taken out of `pending`: {}; pending edges now shipped: {}; ids added to `shipped`: {}".format(*counts)
    changed = {key: value for key, value, count in zip(_KEYS, (waiting, edges, done), counts, strict=True) if count}
    return Repair({deps.PATH: with_keys(view, changed)}, (said,))


def _shipped(edge: Any, view: View) -> Any:
    if not sound(edge) or edge.get("state") != "pending":
        return edge
    both = edge["from"] in view.shipped and edge["to"] in view.shipped
    return edge | {"state": "shipped"} if both else edge


def _find_fileless(view: View) -> Iterator[Found]:
    for line, name in _listed(view, "shipped"):
        if name not in view.shipped:
            yield Found(deps.PATH, line, f"{name} has no shipped unit here")


KIND = Kind(
    name="stale-graph",
    group="graph",
    title="places of deps.json that call shipped units pending, or leave them out",
    means="The lists were not brought up to date when the units shipped. What is pending counts as announced, so a "
    "prerequisite may look allowed that is long there, or a unit unwritten.",
    mends="Brings `pending`, `shipped` and the states of the edges to what the files say; ids without a file stay as "
    "they are.",
    find=_find,
    repair=_repair,
)

FILELESS = Kind(
    name="shipped-without-file",
    group="graph",
    title="ids that deps.json lists as shipped and that have no file",
    means="The units were withdrawn or renumbered, or this is a part of a larger corpus.",
    mends="In a part of a corpus leave them; otherwise take them out of `shipped`, or bring the files back.",
    find=_find_fileless,
)
