"""The ledger document: what ``campaign.json`` says, folded from the events and from nothing else.

    {"version": 1, "campaign_started": "2026-04-29",
     "books": {"<slug>": {"tier", "fasttrack_entry", "title", "status",
                          "passes": {"P1_audit": {"status", "attempt", "started", "completed", "cost_usd", …}},
                          "current_owner", "owner_until", "plan_path", "outstanding_deliverables"}},
     "flows": {…}, "units": {…}, "totals": {"books_total", …, "cost_usd_total", "agent_invocations_total"}}

One function for each kind of event, in ``FOLDS``. The fold is pure (times come from the events) and total: whatever an
event carries in ``data``, it never raises, because a log that somebody edited must still be shown. Keys that nobody
here knows are kept. ``units`` is there when a unit was a subject of its own.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from codex.campaign.entries import (
    Entry,
    add_cost,
    cost_text,
    drop_deliverable,
    fill_registered,
    pass_record,
    reopen_passes,
    texts,
    unblock,
    unit_record,
    whole,
)
from codex.campaign.events import Event, Kind
from codex.campaign.owed import KEY as OWED
from codex.campaign.totals import count
from codex.tracks.fasttrack.names import IN_PRODUCTION
from codex.tracks.naming import name_of
from codex.tracks.registry import machine_of, shelves

Document = dict[str, Any]

#: Shelves that are there before anything stands on them (protocol §2); the others come with their first subject.
_FIRST = ("books", "flows")

#: Keys of a pass that figures reported with an event cannot overwrite.
_OWN_KEYS = frozenset(
    {"status", "attempt", "started", "completed", "cost_usd", "units", "defects", "next", "why", "blocked_by"}
)


_ENDS = frozenset({Kind.PASS_COMPLETED, Kind.PASS_FAILED})


def empty() -> Document:
    """The document of a campaign without events."""
    return {"version": 1, "campaign_started": None, "books": {}, "flows": {}, "totals": {}}


def fold(events: Iterable[Event]) -> Document:
    """The document that the events make. Raises nothing; unknown kinds count only with their cost."""
    return fold_into(empty(), events)


def fold_into(document: Document, events: Iterable[Event]) -> Document:
    """Add events to a document, in place, and return it: folding in two parts gives what folding at once gives."""
    for event in events:
        apply(document, event)
    return finish(document)


def apply(document: Document, event: Event) -> None:
    """Add one event. Totals are right only after ``finish``."""
    if document["campaign_started"] is None:
        document["campaign_started"] = event.at[:10]
    totals = document["totals"]
    add_cost(totals, "cost_usd_total", event.cost_usd)
    calls = max(whole(event.data.get("agent_invocations")), 0)
    totals["agent_invocations_total"] = whole(totals.get("agent_invocations_total")) + calls
    if event.kind == Kind.REGISTERED:
        _register(document, event)
        return
    entry = entry_of(document, event.subject)
    act = FOLDS.get(event.kind)
    if entry is None or act is None:
        return
    act(entry, event)
    _charge(entry, event)
    machine = machine_of(event.subject)
    if machine is not None:
        unblock(entry, machine)


def finish(document: Document) -> Document:
    """Count the totals and bring the top-level keys into their order."""
    totals = count(document)
    for shelf in shelves().values():
        found = document.pop(shelf, {})
        if found or shelf in _FIRST:
            document[shelf] = found
    document.pop("totals")
    document["totals"] = totals
    return document


def entry_of(document: Document, subject: str) -> Entry | None:
    """The entry of a subject in the document itself, made when its kind needs no registration; None without one."""
    machine, name = machine_of(subject), subject.partition(":")[2]
    if machine is None or not name:
        return None
    entries: dict[str, Entry] = document.setdefault(machine.shelf, {})
    if machine.made_by_naming:
        return entries.setdefault(name, {"status": machine.initial, "current_owner": None, "owner_until": None})
    return entries.get(name)


def opened(document: Document) -> Document:
    """A document for more events, which shares its entries with this one until they are made its own."""
    copied = {shelf: dict(document[shelf]) for shelf in shelves().values() if isinstance(document.get(shelf), dict)}
    return document | copied | {"totals": copy.deepcopy(document["totals"])}


def own_entry(document: Document, subject: str) -> None:
    """Give an opened document an entry of its own for a subject, to be changed."""
    kind, _, name = subject.partition(":")
    entries = document.get(shelves().get(kind, ""), {})
    if name in entries:
        entries[name] = copy.deepcopy(entries[name])


def render(document: Document) -> bytes:
    """The bytes of campaign.json: indented by two, letters as they are, keys in their order, a final newline."""
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "surrogatepass")


def _register(document: Document, event: Event) -> None:
    kind, _, name = event.subject.partition(":")
    data = copy.deepcopy(event.data)
    if kind == "campaign":
        _describe(document, data)
    elif kind in shelves() and name:
        document.setdefault(shelves()[kind], {})[name] = fill_registered(event.subject, data)


def _describe(document: Document, data: dict[str, Any]) -> None:
    """Free keys of the campaign, in their order before ours; money and calls of another age are added to ours."""
    head = {k: v for k, v in data.items() if k not in {*shelves().values(), "totals"}}
    rest = {k: v for k, v in document.items() if k not in head}
    brought, counted = data.get("totals"), document["totals"]
    if isinstance(brought, dict):
        add_cost(counted, "cost_usd_total", cost_text(brought.get("cost_usd_total")))
        calls = whole(counted.get("agent_invocations_total")) + whole(brought.get("agent_invocations_total"))
        rest["totals"] = brought | counted | {"agent_invocations_total": calls}
    document.clear()
    document.update(head | rest)


def _charge(entry: Entry, event: Event) -> None:
    """Add the event's cost to its pass, and to the unit that it names: the cost of a pass includes its units."""
    name = event.of_pass
    if not name or (not Decimal(event.cost_usd) and event.kind not in _ENDS):
        return
    record = pass_record(entry, name)
    add_cost(record, "cost_usd", event.cost_usd)
    if event.unit:
        add_cost(unit_record(record, event.unit), "cost_usd", event.cost_usd)


def _claimed(entry: Entry, event: Event) -> None:
    entry["current_owner"] = event.owner
    entry["owner_until"] = event.data.get("until")


def _released(entry: Entry, event: Event) -> None:
    entry["current_owner"] = None
    entry["owner_until"] = None


def _started(entry: Entry, event: Event) -> None:
    record = _record(entry, event)
    record["status"] = "in-progress"
    record["attempt"] = _attempt(record, event)
    record["started"] = event.at
    record.pop("completed", None)


def _completed(entry: Entry, event: Event) -> None:
    record = _ended(entry, event, "completed")
    record["completed"] = event.at
    record.pop("defects", None)
    record.pop("next", None)


def _failed(entry: Entry, event: Event) -> None:
    record = _ended(entry, event, "failed")
    defects = event.data.get("defects")
    record["defects"] = len(defects) if isinstance(defects, list) else 0
    record["next"] = event.data.get("next")


def _ended(entry: Entry, event: Event, status: str) -> Entry:
    record = _record(entry, event)
    record["status"] = status
    record["attempt"] = _attempt(record, event, started=record.get("started") is not None)
    record.update({k: copy.deepcopy(v) for k, v in event.data.items() if k not in _OWN_KEYS})
    return record


def _record(entry: Entry, event: Event) -> Entry:
    """What the event is about: a pass of the entry, or one unit within that pass."""
    record = pass_record(entry, event.pass_name or "")
    return unit_record(record, event.unit) if event.unit else record


def _attempt(record: Entry, event: Event, *, started: bool = False) -> int:
    """The attempt that the event names; else the one under way, or one more than the last."""
    named = event.data.get("attempt")
    if isinstance(named, int):
        return named
    return max(whole(record.get("attempt")) + (not started), 1)


def _transition(entry: Entry, event: Event) -> None:
    machine = machine_of(event.subject)
    if event.to_state is None:
        return
    before = entry.get("status")
    entry["status"] = event.to_state
    entry.pop("escalation", None)
    reached = machine.state(event.to_state) if machine else None
    entry.update(reached.sets if reached else {})
    if machine is not None and isinstance(before, str):
        reopen_passes(entry, machine, before, event.to_state)


def _unit_shipped(entry: Entry, event: Event) -> None:
    record = _unit(entry, event, "shipped")
    record.pop("defects", None)
    for key in ("action", "checks", "path"):
        if key in event.data:
            record[key] = copy.deepcopy(event.data[key])
    passes = entry.get("passes")
    own = passes.get(event.pass_name or "") if record is entry and isinstance(passes, dict) else None
    if isinstance(own, dict):  # of a subject of its own, the pass ends with the unit
        own |= {"status": "completed", "completed": event.at}
    drop_deliverable(entry, event.about_unit or name_of(event.subject))


def _unit_rejected(entry: Entry, event: Event) -> None:
    defects = event.data.get("defects")
    status = entry.get("status") if event.subject.startswith("unit:") else None
    record = _unit(entry, event, "rejected")
    record["defects"] = len(defects) if isinstance(defects, list) else 0
    if status == IN_PRODUCTION:  # a subject of its own: its next attempt is due
        record["status"] = status


def _unit_withdrawn(entry: Entry, event: Event) -> None:
    _unit(entry, event, "withdrawn")


def _unit(entry: Entry, event: Event, status: str) -> Entry:
    """The unit's record, its status set: the entry itself for the subject ``unit:<id>``, else one within the pass."""
    if event.subject.startswith("unit:"):
        record = entry
    else:
        record = unit_record(pass_record(entry, event.of_pass), event.about_unit or name_of(event.subject))
    record["status"] = status
    record["attempt"] = _attempt(record, event, started=record.get("started") is not None)
    return record


def _deliverables(entry: Entry, event: Event) -> None:
    outstanding = event.data.get("outstanding")
    if isinstance(outstanding, list):
        entry[OWED] = copy.deepcopy(outstanding)
    deferred = event.data.get("deferred")
    if isinstance(deferred, list) and deferred:
        known = entry.get("deferred")
        entry["deferred"] = [*(known if isinstance(known, list) else ()), *copy.deepcopy(deferred)]
    blocked = event.data.get("blocked_by")
    for pass_name, subjects in blocked.items() if isinstance(blocked, dict) else ():
        pass_record(entry, pass_name)["blocked_by"] = texts(subjects)


def _escalated(entry: Entry, event: Event) -> None:
    entry["escalation"] = {
        "from": entry.get("status"),
        "pass": event.pass_name,
        "unit": event.unit,
        "reason": event.data.get("reason") or event.rationale,
        "choices": texts(event.data.get("choices")),
        "since": event.at,
    }
    entry["status"] = event.to_state or "escalated"


def _answered(entry: Entry, event: Event) -> None:
    escalation = entry.pop("escalation", {})
    entry["answer"] = {"choice": event.data.get("choice"), "hint": event.data.get("hint"), "at": event.at}
    back = escalation.get("from") if isinstance(escalation, dict) else None
    waited = entry.get("status")
    entry["status"] = event.to_state or back or waited
    machine = machine_of(event.subject)
    if machine is not None and isinstance(waited, str):
        reopen_passes(entry, machine, waited, str(entry["status"]))


def _recovered(entry: Entry, event: Event) -> None:
    """The last recovery as the dashboard shows it; all of them stand in the log."""
    told = {key: copy.deepcopy(event.data.get(key)) for key in ("action", "items", "outcome")}
    entry["recovery"] = told | {"at": event.at}


def _noted(entry: Entry, event: Event) -> None:
    """A note stands in the log; of the document only its cost changes something."""


#: Every kind of event and what it does to its subject's entry. ``registered`` makes the entry (``apply``).
FOLDS: dict[str, Callable[[Entry, Event], None]] = {
    Kind.CLAIMED: _claimed,
    Kind.RELEASED: _released,
    Kind.PASS_STARTED: _started,
    Kind.PASS_COMPLETED: _completed,
    Kind.PASS_FAILED: _failed,
    Kind.TRANSITION: _transition,
    Kind.UNIT_SHIPPED: _unit_shipped,
    Kind.UNIT_REJECTED: _unit_rejected,
    Kind.UNIT_WITHDRAWN: _unit_withdrawn,
    Kind.DELIVERABLES: _deliverables,
    Kind.ESCALATED: _escalated,
    Kind.ANSWERED: _answered,
    Kind.RECOVERY: _recovered,
    Kind.NOTED: _noted,
}
