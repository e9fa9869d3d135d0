"""Ids that carry quotation marks: harmless in YAML, but not for what reads the line as text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from codex.corpus.jsonfile import rewrite
from codex.corpus.planfile import PATH as PRODUCTION_PLAN
from codex.integration.adoption.kind import Found, Kind, Repair
from codex.integration.adoption.view import View
from codex.units import Unit, is_id, parse_unit

_QUOTED = re.compile(r"^(id:[ \t]+)([\"'])([^\"'\n]+)\2(?=[ \t]*(?:#|\r?$))", re.MULTILINE)
_MARKS = "\"'"


def _find(view: View) -> Iterator[Found]:
    for unit in view.units:
        quoted = _quoted(unit)
        if quoted:
            yield Found(unit.path, unit.line_of_key("id"), f"id: {quoted[2]}{quoted[3]}{quoted[2]}")
    for key, line in view.plan_lines.items():
        if _bare(key) != key:
            yield Found(PRODUCTION_PLAN, line, f"the unit {key} of the plan")


def _quoted(unit: Unit) -> re.Match[str] | None:
    found = _QUOTED.search(unit.frontmatter_text) if not unit.error else None
    return found if found and is_id(found[3]) else None


def _bare(key: str) -> str:
    bare = key.strip(_MARKS)
    return bare if is_id(bare) else key


def _repair(view: View, now: datetime) -> Repair:
    changes = {unit.path: data for unit in view.units if (data := _without_marks(unit)) is not None}
    notes = [f"units whose id has no quotation marks any more: {len(changes)}"] if changes else []
    keys = [key for key in view.plan if _bare(key) != key]
    if keys:
        document = view.document(PRODUCTION_PLAN)
        text = rewrite(view.text(PRODUCTION_PLAN), _plan(document), PRODUCTION_PLAN)
        changes[PRODUCTION_PLAN] = text.encode("utf-8")
        notes.append(f"keys of the plan likewise: {len(keys)}")
    return Repair(changes, tuple(notes))


def _without_marks(unit: Unit) -> bytes | None:
    """The unit's bytes with its id bare; None where there is nothing to do, or where YAML would read it otherwise."""
    if not _quoted(unit):
        return None
    text = unit.data.decode("utf-8")
    changed = _QUOTED.sub(r"\1\3", text, count=1).encode("utf-8")
    return changed if parse_unit(changed, unit.path).frontmatter == unit.frontmatter else None


def _plan(document: dict[str, Any]) -> dict[str, Any]:
    """The plan with bare keys; where both stand, the bare one keeps what it says and takes what only the other says."""
    units: dict[str, Any] = {}
    for key, unit in document["units"].items():
        bare = _bare(key)
        entry = unit | {"id": bare} if isinstance(unit, dict) and bare != key else unit
        other = document["units"].get(bare) if bare != key else None
        units[bare] = entry | other if isinstance(entry, dict) and isinstance(other, dict) else other or entry
    return document | {"units": units}


KIND = Kind(
    name="quoted-ids",
    group="units",
    title="ids in quotation marks",
    means='A script that read the line `id: "03.17.01"` as text took the marks for a part of the id: such units were '
    "listed twice in the plan, once without title and path, and audits went on asking for them.",
    mends="Takes the marks out of the units' front matter (nothing else in it changes) and out of the plan's keys.",
    find=_find,
    repair=_repair,
)
