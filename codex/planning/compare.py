"""What the extended reading of the audits finds beyond the compat one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from codex.planning.bullets import Bullet
from codex.planning.merge import Unit
from codex.snapshot import Snapshot


def compare(snapshot: Snapshot) -> dict[str, Any]:
    """Both readings side by side.

    ``totals``: reading → bullets, units, queued. ``audits``: slug → bullets of each reading and what was left out.
    ``beyond``: every bullet that only extended has. ``otherwise``: bullets that both have and read otherwise
    (priority, kind, id), with both values. ``units``: queued units that only one of the two plans has, or of which
    priority or kind differ.
    """
    from codex.planning.audits import read_audits
    from codex.planning.build import build_plan

    old, new = read_audits(snapshot, "compat"), read_audits(snapshot, "extended")
    plans = {mode: build_plan(snapshot, mode) for mode in ("compat", "extended")}
    resolved = {place: unit_id for unit_id, unit in plans["extended"]["units"].items() for place in _places(unit)}
    seen = {bullet.place: bullet for audit in old for bullet in audit.bullets}
    found = [bullet for audit in new for bullet in audit.bullets]
    return {
        "totals": {
            mode: {
                "bullets": sum(len(audit.bullets) for audit in audits),
                "queued": plans[mode]["counts"]["queued"],
                "units": len(plans[mode]["units"]),
            }
            for mode, audits in (("compat", old), ("extended", new))
        },
        "audits": {
            after.slug: {
                "compat": len(before.bullets),
                "extended": len(after.bullets),
                "left_out": [{"line": e.line, "text": e.text, "reason": e.reason} for e in after.left_out],
            }
            for before, after in zip(old, new, strict=True)
        },
        "beyond": [_row(bullet, resolved) for bullet in found if bullet.place not in seen],
        "otherwise": list(_differences(seen, found, resolved)),
        "units": _units(plans["compat"]["units"], plans["extended"]["units"]),
    }


def _places(unit: Unit) -> Iterable[str]:
    places: list[str] = unit.get("found_at", [])
    return places


def _row(bullet: Bullet, resolved: dict[str, str]) -> dict[str, str]:
    return {
        "place": bullet.place,
        "written": bullet.id or bullet.provisional,
        "id": resolved[bullet.place],
        "title": bullet.title,
        "priority": bullet.priority,
        "kind": bullet.kind,
    }


def _differences(
    seen: dict[str, Bullet], found: list[Bullet], resolved: dict[str, str]
) -> Iterable[dict[str, dict[str, str] | str]]:
    for bullet in found:
        before = seen.get(bullet.place)
        after = {"id": resolved[bullet.place], "priority": bullet.priority, "kind": bullet.kind}
        old = {"id": before.id, "priority": before.priority, "kind": before.kind} if before else after
        changed = [key for key in after if after[key] != old[key]]
        if changed:
            values = {key: f"{old[key]} → {after[key]}" for key in changed}
            yield {"place": bullet.place, "title": bullet.title, "changes": values}
    for place in sorted(seen.keys() - {bullet.place for bullet in found}):
        yield {"place": place, "title": seen[place].title, "changes": {"id": f"{seen[place].id} → not read"}}


def _units(old: dict[str, Unit], new: dict[str, Unit]) -> dict[str, list[str]]:
    was = {unit_id for unit_id, unit in old.items() if unit["status"] == "queued"}
    now = {unit_id for unit_id, unit in new.items() if unit["status"] == "queued"}
    both = sorted(was & now)
    return {
        "only_compat": sorted(was - now),
        "only_extended": sorted(now - was),
        "priority": [i for i in both if old[i]["priority"] != new[i]["priority"]],
        "kind": [i for i in both if old[i]["kind"] != new[i]["kind"]],
    }
