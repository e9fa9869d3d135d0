"""Claims: who works on a subject, and until when.

Work is claimed before it is paid for. A claim is an event with an end; the ledger refuses one while somebody else's is
alive, and the commit that carries it is won by compare-and-swap, so two runs can never both hold a subject.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from codex.campaign.clock import stamp
from codex.campaign.events import EventDraft, Kind
from codex.campaign.ledger import Ledger


def claim_draft(subject: str, owner: str, now: datetime, minutes: int) -> EventDraft:
    """A claim for ``minutes`` from ``now``. Claiming again while one's own claim lives extends it.

    It names no id of its own: claimed, released and claimed again within a second, it would pass for one event.
    """
    until = stamp(now + timedelta(minutes=minutes))
    return EventDraft(subject=subject, kind=Kind.CLAIMED, owner=owner, data={"until": until})


def release_draft(subject: str, owner: str) -> EventDraft:
    """Give the claim of ``owner`` back. Refused while somebody else holds the subject."""
    return EventDraft(subject=subject, kind=Kind.RELEASED, owner=owner)


def holder(ledger: Ledger, subject: str, now: datetime) -> str | None:
    """Who holds the subject at ``now``; None when it is free or the claim has ended."""
    return ledger.owner(subject, now)
