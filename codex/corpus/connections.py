"""connections.json: the registry of connections between concepts (curriculum §3, unit-rubric §4.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from codex.corpus.jsonfile import insert_in_order, loads_object, rewrite, shared_object
from codex.corpus.memory import Memory
from codex.errors import DataError, UserError

PATH = "manifests/connections.json"

TYPES = (
    "generalisation",
    "specialisation",
    "analogy",
    "dual",
    "foundation-of",
    "limit",
    "equivalence",
    "recurrence",
    "bridging-theorem",
)
STRENGTHS = ("load-bearing", "synthesis", "lateral")


@dataclass(frozen=True, slots=True)
class Connection:
    """One registered connection; ``source`` and ``target`` (``from`` and ``to`` in the file) are catalog ids."""

    id: str
    source: str
    target: str
    type: str
    strength: str
    anchor_phrase: str
    units: tuple[str, ...] = ()
    flows: tuple[str, ...] = ()
    synthesis_note: str = ""

    @property
    def number(self) -> int:
        """The number in ``conn:012.some-slug``; 0 where there is none."""
        digits = self.id.removeprefix("conn:").partition(".")[0]
        return int(digits) if digits.isdecimal() else 0


@dataclass(frozen=True)
class Registry:
    """All connections, in the order of the file."""

    connections: tuple[Connection, ...]

    @cached_property
    def places(self) -> dict[str, list[int]]:
        """For each id where it stands in ``connections``: more than once if ids are doubled."""
        found: dict[str, list[int]] = {}
        for at, connection in enumerate(self.connections):
            found.setdefault(connection.id, []).append(at)
        return found

    def get(self, connection_id: str) -> Connection | None:
        places = self.places.get(connection_id)
        return self.connections[places[0]] if places else None

    def of_unit(self, unit_id: str) -> tuple[Connection, ...]:
        """The connections that the unit appears in."""
        return tuple(c for c in self.connections if unit_id in c.units)

    def between(self, concept: str, other: str) -> tuple[Connection, ...]:
        """The connections between two catalog ids, in either direction."""
        return tuple(c for c in self.connections if {c.source, c.target} == {concept, other})

    def next_id(self, slug: str) -> str:
        """The id of the next connection: one more than the highest number, in three digits at least."""
        return f"conn:{max((c.number for c in self.connections), default=0) + 1:03d}.{slug}"


_known: Memory[Registry] = Memory(4)


def parse(text: str) -> Registry:
    """The registry; entries that are no objects with an id are left out. Raises DataError when it is not JSON."""
    return _known.get(text) or _known.put(text, _parsed(text))


def _parsed(text: str) -> Registry:
    return Registry(tuple(_connection(entry) for entry in _entries(shared_object(text, PATH))))


def _entries(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    listed = document.get("connections", [])
    if not isinstance(listed, list):
        raise DataError(f"{PATH}: `connections` must be a list.", remedy="Mend the file.")
    return [listed[at] for at in _entry_places(listed)]


def _entry_places(listed: list[Any]) -> list[int]:
    return [at for at, entry in enumerate(listed) if isinstance(entry, dict) and isinstance(entry.get("id"), str)]


def _connection(entry: Mapping[str, Any]) -> Connection:
    return Connection(
        id=entry["id"],
        source=_text(entry, "from"),
        target=_text(entry, "to"),
        type=_text(entry, "type"),
        strength=_text(entry, "strength"),
        anchor_phrase=_text(entry, "anchor_phrase"),
        units=_texts(entry, "appears_in_units"),
        flows=_texts(entry, "appears_in_flows"),
        synthesis_note=_text(entry, "synthesis_note"),
    )


def _text(entry: Mapping[str, Any], key: str) -> str:
    value = entry.get(key)
    return value if isinstance(value, str) else ""


def _texts(entry: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = entry.get(key)
    return tuple(x for x in value if isinstance(x, str)) if isinstance(value, list) else ()


def add_unit(text: str, unit_id: str, connection_ids: Iterable[str]) -> str:
    """The registry with the unit in ``appears_in_units`` of the named connections; unknown ids are passed over."""
    document, registry = shared_object(text, PATH), parse(text)
    named = sorted(at for each in set(connection_ids) for at in registry.places.get(each, ()))
    if not named:
        return text
    entries, known = list(document["connections"]), list(registry.connections)
    places = range(len(entries)) if len(entries) == len(known) else _entry_places(entries)
    for at in named:
        entries[places[at]] = _with_unit(entries[places[at]], unit_id)
        known[at] = _connection(entries[places[at]])
    new = rewrite(text, document | {"connections": entries}, PATH, old=document, keep=True)
    _known.put(new, _followed(registry, known))
    return new


def _followed(registry: Registry, connections: Iterable[Connection]) -> Registry:
    """The registry with connections changed that keep their ids: what reading it would give."""
    made = Registry(tuple(connections))
    vars(made).update(places=registry.places)  # what the cached property would work out
    return made


def _with_unit(entry: dict[str, Any], unit_id: str) -> dict[str, Any]:
    return entry | {"appears_in_units": insert_in_order(list(_texts(entry, "appears_in_units")), unit_id)}


def add_connection(text: str, connection: Connection) -> str:
    """The registry with one more connection and its ``stats`` recomputed; unchanged when it is there as given.

    Only an approved proposal may come here (curriculum §3). Raises UserError when the id belongs to another
    connection, or type or strength is not one that the registry lists.
    """
    document = loads_object(text, PATH)
    entry = _entry(connection)
    there = next((e for e in _entries(document) if e["id"] == connection.id), None)
    if there is not None and any(there.get(key) != entry[key] for key in ("from", "to", "anchor_phrase")):
        raise UserError(f"{connection.id} is another connection in {PATH}.", remedy="Take the next free number.")
    if there is not None:
        return rewrite(text, _with_stats(document), PATH, old=document)
    _require_listed(document, connection)
    longer = document | {"connections": [*document.get("connections", []), entry]}
    return rewrite(text, _with_stats(longer), PATH, old=document)


def _require_listed(document: Mapping[str, Any], connection: Connection) -> None:
    for key, value, standard in (
        ("connection_types", connection.type, TYPES),
        ("strength_levels", connection.strength, STRENGTHS),
    ):
        listed = _texts(document, key) or standard
        if value not in listed:
            raise UserError(f"{connection.id}: {value!r} is not one of {', '.join(listed)}.")


def _entry(connection: Connection) -> dict[str, Any]:
    return {
        "id": connection.id,
        "from": connection.source,
        "to": connection.target,
        "type": connection.type,
        "strength": connection.strength,
        "anchor_phrase": connection.anchor_phrase,
        "appears_in_units": list(connection.units),
        "appears_in_flows": list(connection.flows),
        "synthesis_note": connection.synthesis_note,
    }


def recompute_stats(text: str) -> str:
    """The registry with ``stats`` counted again: totals, by type, by strength; other keys of it are kept."""
    document = loads_object(text, PATH)
    return rewrite(text, _with_stats(document), PATH, old=document)


def _with_stats(document: dict[str, Any]) -> dict[str, Any]:
    entries = _entries(document)
    stats = document.get("stats")
    before = stats if isinstance(stats, dict) else {}
    counted = {
        "total_connections": len(entries),
        "by_type": _counted(entries, "type", before.get("by_type")),
        "by_strength": _counted(entries, "strength", before.get("by_strength")),
    }
    return document | {"stats": before | counted}


def _counted(entries: Iterable[Mapping[str, Any]], key: str, before: object) -> dict[str, int]:
    """How many entries have each value of ``key``; values counted before keep their place, also at zero."""
    counts = dict.fromkeys(before, 0) if isinstance(before, dict) else {}
    for entry in entries:
        value = _text(entry, key)
        counts[value] = counts.get(value, 0) + 1
    return counts
