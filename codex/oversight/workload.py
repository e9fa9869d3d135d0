"""What the campaign has finished and what it still has to do, pass by pass, for the forecast."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from codex.campaign.events import Kind
from codex.campaign.ledger import Ledger
from codex.campaign.matrix import DONE, ON_FILE, Row
from codex.campaign.owed import owed, owed_ids
from codex.oversight.forecast import Item
from codex.tracks.fasttrack.books import BOOK
from codex.tracks.fasttrack.names import PRODUCTION
from codex.tracks.naming import name_of, unit_of


def finished(ledger: Ledger) -> frozenset[Item]:
    """Items that are over for good: passes that the ledger calls completed, units that were shipped."""
    found: set[Item] = set()
    for subject in ledger.subjects("book"):
        passes = ledger.entry(subject).get("passes")
        for name, record in passes.items() if isinstance(passes, dict) else ():
            if isinstance(record, dict) and record.get("status") == "completed":
                found.add((name, name_of(subject), ""))
    for event in ledger.events():
        if event.kind == Kind.UNIT_SHIPPED:
            slug, unit = name_of(event.subject), event.about_unit or ""
            found.add((event.of_pass, slug, "" if unit_of(event.subject) else unit))
            found.add((event.of_pass, slug, unit))
    return frozenset(found)


def left(plan: Mapping[str, Any], ledger: Ledger, rows: tuple[Row, ...]) -> dict[str, int]:
    """Items to come by pass: units queued or owed; for each book in scope the passes that are not done.

    Units that audits to come will ask for are not known and not in it; deferred books are out of scope.
    """
    found = dict.fromkeys(BOOK.passes, 0)
    for row in rows:
        if row.state == "deferred":
            continue
        for name, said in zip(BOOK.passes, row.passes, strict=True):
            found[name] += name != PRODUCTION and said not in (DONE, ON_FILE)
    found[PRODUCTION] = len(set(plan["queue_topo_order"]) | owed_units(ledger))
    return found


def owed_units(ledger: Ledger) -> set[str]:
    """Ids of units that books in the ledger still owe."""
    entries = [ledger.entry(subject) for subject in ledger.subjects("book")]
    return {unit for entry in entries for unit in owed_ids(entry)}


def owed_deepenings(ledger: Ledger) -> set[str]:
    """Those of them that exist and are to become deeper."""
    entries = [ledger.entry(subject) for subject in ledger.subjects("book")]
    return {each.id for entry in entries for each in owed(entry) if each.action == "deepen"}


def deepened(ledger: Ledger) -> int:
    """Deepenings done: those that events tell of, and those that a ledger of another age lists by book."""
    by_event = {
        (event.subject, event.about_unit)
        for event in ledger.events()
        if event.kind == Kind.UNIT_SHIPPED and event.data.get("action") == "deepen"
    }
    return len(by_event) + sum(_listed(ledger.entry(subject)) for subject in ledger.subjects("book"))


def _listed(part: object, depth: int = 4) -> int:
    """How many deepenings are listed in an entry; batches may stand beside the pass or in it."""
    if not isinstance(part, dict) or not depth:
        return 0
    own = part.get("deepenings_shipped")
    return (len(own) if isinstance(own, list) else 0) + sum(_listed(each, depth - 1) for each in part.values())
