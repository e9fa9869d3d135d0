"""The connection registry against catalog and units."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from codex.corpus import connections
from codex.corpus.jsonfile import insert_in_order, rewrite
from codex.integration.adoption.kind import Found, Kind, Repair
from codex.integration.adoption.view import View
from codex.integration.steps.register import named_connections


def _at(view: View, connection: str, text: str) -> Found:
    return Found(connections.PATH, view.connection_lines.get(connection), text)


def _find_ends(view: View) -> Iterator[Found]:
    for each in view.registry.connections:
        unknown = [end for end in (each.source, each.target) if end not in view.catalog]
        if unknown:
            yield _at(view, each.id, f"{each.id}: the catalog has no {', '.join(unknown)}")


def _find_units(view: View) -> Iterator[Found]:
    for each in view.registry.connections:
        unknown = [unit for unit in each.units if unit not in view.shipped]
        if unknown:
            yield _at(view, each.id, f"{each.id} appears in {', '.join(unknown)}, which have no shipped unit here")


def _find_unlisted(view: View) -> Iterator[Found]:
    for connection, units in _unlisted(view).items():
        yield _at(view, connection, f"{connection} lacks {', '.join(units)}, whose front matter names it")


def _unlisted(view: View) -> dict[str, list[str]]:
    """Registered connection → units that name it and that its entry does not list."""
    listed = {each.id: set(each.units) for each in view.registry.connections}
    found: dict[str, list[str]] = {}
    for unit_id, unit in view.shipped.items():
        for name in named_connections(unit):
            if name in listed and unit_id not in listed[name]:
                found.setdefault(name, []).append(unit_id)
    return found


def _repair_unlisted(view: View, now: datetime) -> Repair:
    wanted = _unlisted(view)
    if not wanted:
        return Repair()
    document = view.document(connections.PATH)
    entries = [_with(entry, wanted) for entry in document["connections"]]
    text = rewrite(view.text(connections.PATH), document | {"connections": entries}, connections.PATH, old=document)
    return Repair({connections.PATH: text.encode("utf-8")}, (f"connections that list more units now: {len(wanted)}",))


def _with(entry: Any, wanted: dict[str, list[str]]) -> Any:
    if not isinstance(entry, dict) or entry.get("id") not in wanted:
        return entry
    units = entry.get("appears_in_units")
    listed: list[Any] = units if isinstance(units, list) else []
    for unit in wanted[entry["id"]]:
        listed = insert_in_order(listed, unit)
    return entry | {"appears_in_units": listed}


def _find_unregistered(view: View) -> Iterator[Found]:
    known = {each.id for each in view.registry.connections}
    for unit in view.shipped.values():
        for name in named_connections(unit):
            if name not in known:
                yield Found(
                    unit.path, unit.line_of_key("connections"), f"{unit.id} names {name}, which is not registered"
                )


def _counted(view: View) -> dict[str, Any]:
    """The ``stats`` block as the entries give it; types and strengths in the order of their first use there."""
    stats = view.document(connections.PATH).get("stats")
    old: dict[str, Any] = stats if isinstance(stats, dict) else {}
    by_type = Counter(each.type for each in view.registry.connections)
    by_strength = Counter(each.strength for each in view.registry.connections)
    counts = {"by_type": by_type, "by_strength": by_strength}
    shown = {key: _ordered(old.get(key), count) for key, count in counts.items()}
    return old | {"total_connections": len(view.registry.connections)} | shown


def _ordered(old: Any, new: Counter[str]) -> dict[str, int]:
    known = [key for key in old if key in new or old[key] == 0] if isinstance(old, dict) else []
    return {key: new[key] for key in [*known, *(key for key in new if key not in known)]}


def _find_stats(view: View) -> Iterator[Found]:
    old, new = view.document(connections.PATH).get("stats"), _counted(view)
    if not isinstance(old, dict):
        return
    line = next(
        (view.line(connections.PATH, m.start) for m in view.members(connections.PATH) if m.key == "stats"), None
    )
    for key, value in new.items():
        if old.get(key) != value:
            yield Found(connections.PATH, line, f"stats.{key} is {old.get(key)}; the entries give {value}")


def _repair_stats(view: View, now: datetime) -> Repair:
    if not any(True for _ in _find_stats(view)):
        return Repair()
    document = view.document(connections.PATH)
    text = rewrite(view.text(connections.PATH), document | {"stats": _counted(view)}, connections.PATH, old=document)
    return Repair({connections.PATH: text.encode("utf-8")}, ("the counts of the registry were made anew",))


ENDS = Kind(
    name="connections-of-unknown-concepts",
    group="connections",
    title="connections with an end that the catalog lacks",
    means="The concept was renamed, or the connection was registered before its concept.",
    mends="Correct the end, or add the concept to the catalog.",
    find=_find_ends,
)

UNITS = Kind(
    name="connections-of-unknown-units",
    group="connections",
    title="connections that list units without a file",
    means="The unit was withdrawn or renumbered, or belongs to a part of the corpus that is not here.",
    mends="In a part of a corpus leave them; otherwise correct `appears_in_units`.",
    find=_find_units,
)

UNLISTED = Kind(
    name="connections-without-their-units",
    group="connections",
    title="connections that lack a unit whose front matter names them",
    means="The unit was integrated by hand, and the registry was not told.",
    mends="Adds the unit to `appears_in_units`.",
    find=_find_unlisted,
    repair=_repair_unlisted,
)

UNREGISTERED = Kind(
    name="unregistered-connections",
    group="connections",
    title="connections that units name and the registry lacks",
    means="A unit invented the connection, or it waits in connection_proposals.md for a decision.",
    mends="Decide with `codexctl connections`, or take the name out of the unit's front matter.",
    find=_find_unregistered,
)

STATS = Kind(
    name="connection-counts",
    group="connections",
    title="counts of the registry that its entries contradict",
    means="`stats` was not counted again after a change.",
    mends="Counts again.",
    find=_find_stats,
    repair=_repair_stats,
)
