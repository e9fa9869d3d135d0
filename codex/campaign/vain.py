"""Which calls were paid in vain: those of attempts that were sent back, and those that got no answer."""

from __future__ import annotations

from codex.campaign.costs import Cost
from codex.campaign.events import Kind
from codex.campaign.ledger import Ledger
from codex.tracks.naming import name_of, unit_of

#: Subject without its kind, pass, unit ("" for a pass as a whole), attempt.
Attempt = tuple[str, str, str, int]

#: Outcomes of calls with whose answer the conversation went on (docs/faults.md); "" is a line of another age.
_SERVED = frozenset({"", "ok", "max_tokens", "pause_turn", "empty", "no_submit", "wrong_arguments", "invalid_reply"})


def failed_attempts(ledger: Ledger) -> frozenset[Attempt]:
    """Attempts that a gate or the integrator sent back. A verification that finds a shortfall has done its work."""
    found = set()
    for event in ledger.events():
        if event.kind not in {Kind.PASS_FAILED, Kind.UNIT_REJECTED} or event.fell_short:
            continue
        unit = "" if unit_of(event.subject) else event.about_unit or ""
        attempt = event.data.get("attempt")
        if isinstance(attempt, int):
            found.add((name_of(event.subject), event.of_pass, unit, attempt))
    return frozenset(found)


def in_vain(cost: Cost, failed: frozenset[Attempt]) -> bool:
    """Whether a call was paid in vain."""
    if cost.outcome not in _SERVED:
        return True
    return (cost.book, cost.pass_name, cost.unit or "", cost.attempt) in failed
