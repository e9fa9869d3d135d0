"""What follows an attempt that did not succeed: the rung of its ladder, and when a person is asked (protocol §6).

A pass fails in two ways, and has a ladder for each. A faulty reply blames its agent: the same task again, with the
defects. A sound reply that finds the subject short blames nobody: the subject goes back, or the shortfall is accepted.
"""

from __future__ import annotations

from codex.campaign.ledger import Ledger
from codex.tracks.ladder import Rung
from codex.tracks.naming import read_aloud
from codex.tracks.registry import rung

#: Failures in a row after which a person is asked, whatever a ladder says: none of them is meant to go on for ever.
MOST_FAILURES = 5


def after_fault(ledger: Ledger, subject: str, pass_name: str, unit: str | None = None, *, more: int = 0) -> Rung:
    """What to do after the faulty replies in a row that the ledger has, and ``more`` that it has not yet."""
    count = ledger.faults(subject, pass_name, unit) + more
    return rung(pass_name, max(count, 1), _tier(ledger, subject))


def after_shortfall(ledger: Ledger, subject: str, pass_name: str, *, more: int = 0) -> Rung:
    """What to do after the subject was found short as often as the ledger says, and ``more`` times."""
    count = ledger.shortfalls(subject, pass_name) + more
    return rung(pass_name, max(count, 1), _tier(ledger, subject), short=True)


def reason_to_escalate(ledger: Ledger, subject: str, pass_name: str, unit: str | None = None) -> str | None:
    """Why a person has to look at a pass (or unit) before it is tried again; None when it may be tried.

    Asked before every attempt, so that a run which died between the last failure and the escalation pays for no more.
    """
    failures, last = ledger.failures(subject, pass_name, unit), ledger.last_failure(subject, pass_name, unit)
    if last is None:
        return None
    short = last.fell_short
    following = after_shortfall(ledger, subject, pass_name) if short else after_fault(ledger, subject, pass_name, unit)
    if following.action != "escalate" and failures < MOST_FAILURES:
        return None
    defects = last.data.get("defects", [])
    shown = "; ".join(f"{d.get('where')}: {d.get('what')}" for d in defects[:3] if isinstance(d, dict))
    return " ".join(f"{read_aloud(pass_name, unit)} failed {failures} times in a row. {shown}".split())


def _tier(ledger: Ledger, subject: str) -> str | None:
    tier = ledger.entry(subject).get("tier") if ledger.knows(subject) else None
    return tier if isinstance(tier, str) else None
