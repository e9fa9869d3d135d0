"""One entry of the ledger document: how it begins and how its parts change.

An entry is JSON data, and may come from another age or from a careless hand: every function here accepts any value in
any place, and replaces what cannot be used rather than raise.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from codex.campaign.owed import KEY as OWED
from codex.campaign.owed import Deliverable
from codex.tracks.machine import Machine
from codex.tracks.naming import name_of
from codex.tracks.registry import machine_of

Entry = dict[str, Any]


def fill_registered(subject: str, data: Entry) -> Entry:
    """The entry that a ``registered`` event makes.

    A record that has ``passes`` comes whole from another age: its keys and their order stay, what it lacks is added
    after them. Other data describes a new subject.
    """
    name = name_of(subject)
    machine = machine_of(subject)
    if machine is None or isinstance(data.get("passes"), dict):
        entry = data
    else:
        entry = dict(machine.blank) | {k: v for k, v in data.items() if k != "passes"}
        entry["passes"] = {p: {"status": "pending"} for p in machine.passes}
        unblock(entry, machine)
    if not isinstance(entry.get("status"), str):
        entry["status"] = machine.initial if machine else "queued"
    entry.setdefault("passes", {})
    entry.setdefault("current_owner", None)
    entry.setdefault("owner_until", None)
    if machine and machine.document:
        entry.setdefault(machine.document_key, machine.path_of(name))
    if not isinstance(entry.get(OWED), list):
        entry[OWED] = []
    return entry


def add_cost(record: Entry, key: str, cost: str) -> None:
    """Add US dollars to a number of the record, exactly (sums of cents stay sums of cents)."""
    record[key] = float(Decimal(cost_text(record.get(key))) + Decimal(cost))


def cost_text(value: object) -> str:
    """A finite number of a document as text; ``0`` for anything else."""
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return str(value) if number else "0"


def whole(value: object) -> int:
    """A whole number of a document; 0 for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def pass_record(entry: Entry, name: str) -> Entry:
    """The record of a pass, made when it is missing."""
    return _child(_child(entry, "passes"), name, {"status": "pending"})


def unit_record(record: Entry, unit: str) -> Entry:
    """The record of a unit within a pass, made when it is missing."""
    return _child(_child(record, "units"), unit, {"status": "pending"})


def _child(parent: Entry, key: str, blank: Entry | None = None) -> Entry:
    found = parent.get(key)
    if not isinstance(found, dict):
        found = parent[key] = dict(blank or {})
    return found


def texts(value: object) -> list[str]:
    """The texts in a list; nothing for whatever is no list."""
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def unblock(entry: Entry, machine: Machine) -> None:
    """Keep ``blocked_by`` true: a pending pass waits for the one before it, and for subjects named explicitly."""
    passes = entry.get("passes")
    if not isinstance(passes, dict):
        return
    before = None
    for name in machine.passes:
        record = passes.get(name)
        if isinstance(record, dict) and record.get("status") == "pending":
            named = [each for each in texts(record.get("blocked_by")) if each not in machine.passes]
            record["blocked_by"] = ([before] if before and not _done(passes, before) else []) + named
        elif isinstance(record, dict):
            record.pop("blocked_by", None)
        before = name


def _done(passes: Entry, name: str) -> bool:
    record = passes.get(name)
    return isinstance(record, dict) and record.get("status") == "completed"


def reopen_passes(entry: Entry, machine: Machine, source: str, target: str) -> None:
    """After a step back, the passes that come again are pending once more; a failed one stays failed until then."""
    passes = entry.get("passes")
    row = machine.between(_name(machine, source), target)
    steps_back = row is not None and (row.outcome != "success" or row.source == row.target)
    again = next((t.pass_name for t in machine.leaving(target) if t.outcome == "success" and not t.when), None)
    if not steps_back or not isinstance(passes, dict) or again not in machine.passes:
        return
    for name in machine.passes[machine.passes.index(again) :]:
        record = passes.get(name)
        if isinstance(record, dict) and record.get("status") == "completed":
            record["status"] = "pending"


def _name(machine: Machine, status: str) -> str:
    return machine.aliases.get(status, status)


def drop_deliverable(entry: Entry, unit: str) -> None:
    """Take a shipped unit off the list of what is still owed."""
    listed = entry.get(OWED)
    if isinstance(listed, list):
        entry[OWED] = [each for each in listed if Deliverable.of(each).id != unit]
