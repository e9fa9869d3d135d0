"""What follows a pass that did not succeed: another attempt, or a person (protocol §6).

The ladders are data (codex/campaign/ladder.py) and the passes climb them: a retried attempt gets its defect list and
a larger budget from there. Here is only decided when to stop trying.
"""

from __future__ import annotations

from codex.campaign.ledger import Ledger
from codex.tracks.registry import rung
from tasks.passes import short_name

#: Failures in a row after which a person is asked, whatever a ladder says: none of them is meant to go on for ever.
MOST_FAILURES = 5

#: Actions with which a pass goes on by itself.
_GOES_ON = frozenset({"retry", "reduce", "back", "accept", "degrade"})


def reason_to_escalate(ledger: Ledger, subject: str, pass_name: str, unit: str | None = None) -> str | None:
    """Why a person has to look at a pass (or unit) before it is tried again; None when it may be tried.

    Asked before every attempt, so that a run which died between the last failure and the escalation pays for no more.
    """
    failures = ledger.failures(subject, pass_name, unit)
    if failures == 0:
        return None
    tier = ledger.entry(subject).get("tier")
    action = rung(pass_name, failures, tier if isinstance(tier, str) else None).action
    if action in _GOES_ON and failures < MOST_FAILURES:
        return None
    last = ledger.last_failure(subject, pass_name, unit)
    defects = last.data.get("defects", []) if last else []
    shown = "; ".join(f"{d.get('where')}: {d.get('what')}" for d in defects[:3] if isinstance(d, dict))
    return " ".join(f"{short_name(pass_name, unit)} failed {failures} times in a row. {shown}".split())
