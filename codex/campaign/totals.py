"""The totals of the ledger document.

Names are those of the protocol (§2) and of the real campaign; ``books_<state>`` counts the books that have come at
least so far, ``books_by_state`` those that are there now. Keys of another age that are not counted here are kept.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from codex.tracks.fasttrack.books import BOOK
from codex.tracks.fasttrack.flows import FLOW
from codex.tracks.machine import Machine

#: Totals that count a book from this state on.
_REACHED = {
    "books_audited": "audited",
    "books_gap_analysed": "gap-analysed",
    "books_production_ready": "production-ready",
    "books_in_production": "in-production",
    "books_production_complete": "production-complete",
    "books_verified": "verified",
    "books_woven": "woven",
    "books_equivalence_covered": "equivalence-covered",
}


def count(document: dict[str, Any]) -> dict[str, Any]:
    """The totals block for a document; ``cost_usd_total`` and ``agent_invocations_total`` are taken over from it."""
    books = _states(document.get("books"), BOOK)
    flows = _states(document.get("flows"), FLOW)
    kept: dict[str, Any] = dict(document["totals"])
    counted: dict[str, Any] = {"books_total": len(books), "books_in_scope": sum(s != "deferred" for _, s in books)}
    there = Counter(reached for reached, _ in books)
    for key, state in _REACHED.items():
        counted[key] = sum(count for reached, count in there.items() if BOOK.rank(reached) >= BOOK.rank(state))
    counted["books_by_state"] = dict(sorted(Counter(state for _, state in books).items()))
    counted["flows_total"] = len(flows)
    counted["flows_in_scope"] = sum(s != "deferred" for _, s in flows)
    counted["flows_attenuation_verified"] = sum(state == "attenuation-verified" for _, state in flows)
    counted["cost_usd_total"] = kept.get("cost_usd_total", 0.0)
    counted["agent_invocations_total"] = kept.get("agent_invocations_total", 0)
    return counted | {key: value for key, value in kept.items() if key not in counted}


def _states(shelf: object, machine: Machine) -> list[tuple[str, str]]:
    """For each entry the state that counts as reached (before an escalation) and the one it is in."""
    entries = shelf.values() if isinstance(shelf, dict) else ()
    return [_state(entry, machine) for entry in entries if isinstance(entry, dict)]


def _state(entry: dict[str, Any], machine: Machine) -> tuple[str, str]:
    status = str(entry.get("status"))
    state = machine.aliases.get(status, status)
    escalation = entry.get("escalation")
    before = escalation.get("from") if isinstance(escalation, dict) else None
    reached = machine.aliases.get(str(before), str(before)) if before else state
    return reached, state
