"""manifests/units/<id>.json: where a unit stands in the pipeline, its flags and attestations.

Written by the integrator, in the same commit as the events that say it: the unit's last figures, and lists that only
grow or are resolved. Keys that are unknown here are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from codex.corpus.jsonfile import loads_object, rewrite
from codex.corpus.jsonstyle import dumps
from codex.errors import UserError
from codex.units.ids import is_id

FOLDER = "manifests/units"


@dataclass(frozen=True, slots=True)
class UnitStatus:
    """The document. ``validator`` is passed/total as text (``27/27``); ``continuity`` maps metric → figure."""

    id: str
    path: str = ""
    status: str = ""
    book: str = ""
    validator: str = ""
    continuity: Mapping[str, float] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    attestations: tuple[Mapping[str, Any], ...] = ()


def path_of(unit_id: str) -> str:
    """The path of a unit's status; raises UserError for what is no id."""
    if not is_id(unit_id):
        raise UserError(f"{unit_id!r} is no unit id.")
    return f"{FOLDER}/{unit_id}.json"


def parse(text: str, where: str = FOLDER) -> UnitStatus:
    """The status; what has another type is left out. Raises DataError when it is no JSON object."""
    document = loads_object(text, where)
    return UnitStatus(
        **{key: str(document.get(key) or "") for key in ("id", "path", "status", "book", "validator")},
        continuity=_figures(document.get("continuity")),
        flags=tuple(f for f in _listed(document.get("flags")) if isinstance(f, str)),
        attestations=tuple(a for a in _listed(document.get("attestations")) if isinstance(a, dict)),
    )


def record(text: str, status: UnitStatus) -> str:
    """The document with a unit's newest state; ``text`` is "" for a unit without one.

    Figures are replaced; flags and attestations of ``status`` join those that are there.
    """
    path_of(status.id)
    document = loads_object(text, FOLDER) if text else {}
    document |= {
        "id": status.id,
        "path": status.path,
        "status": status.status,
        "book": status.book,
        "validator": status.validator,
        "continuity": dict(status.continuity),
        "flags": _joined(document.get("flags"), status.flags),
        "attestations": _joined(document.get("attestations"), status.attestations),
    }
    return rewrite(text, document) if text else dumps(document)


def add_flag(text: str, flag: str) -> str:
    """The document with a flag, once."""
    document = loads_object(text, FOLDER)
    return rewrite(text, document | {"flags": _joined(document.get("flags"), [flag])})


def clear_flag(text: str, flag: str) -> str:
    """The document without a flag."""
    document = loads_object(text, FOLDER)
    if flag not in _listed(document.get("flags")):
        return text
    return rewrite(text, document | {"flags": [f for f in _listed(document["flags"]) if f != flag]})


def add_attestation(text: str, attestation: Mapping[str, Any]) -> str:
    """The document with an attestation (who read the unit, when, what was found), once."""
    document = loads_object(text, FOLDER)
    return rewrite(text, document | {"attestations": _joined(document.get("attestations"), [attestation])})


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _figures(value: object) -> dict[str, float]:
    return {k: v for k, v in value.items() if isinstance(v, int | float)} if isinstance(value, dict) else {}


def _joined(there: object, more: Iterable[Any]) -> list[Any]:
    """The list with more items at its end, each once."""
    listed = list(_listed(there))
    for item in more:
        plain = dict(item) if isinstance(item, Mapping) else item
        if plain not in listed:
            listed.append(plain)
    return listed
