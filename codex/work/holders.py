"""Who holds a subject, and whether that process is still there."""

from __future__ import annotations

from codex.agents.process import is_alive
from codex.campaign.clock import now
from codex.campaign.ledger import Ledger
from codex.campaign.ownership import holder
from codex.errors import UserError


class Held(UserError):
    """Somebody else works on it: whoever may choose takes other work."""


def held_by_other(ledger: Ledger, subject: str, owner: str) -> str | None:
    """Somebody else who holds the book now and may be at work; None when it can be claimed."""
    found = holder(ledger, subject, now())
    return None if found in {None, owner} or is_alive(str(found)) is False else found


def refuse_held(ledger: Ledger, subject: str, owner: str) -> None:
    """Raise Held, a UserError, when somebody else holds the book."""
    other = held_by_other(ledger, subject, owner)
    if other is not None:
        until = ledger.entry(subject).get("owner_until")
        raise Held(
            f"{subject.partition(':')[2]} is being worked on by {_readable(other)}, who holds it until {until}.",
            remedy="Wait for that run or stop it; a claim whose process has died is taken over.",
        )


def _readable(owner: str) -> str:
    """``host|boot|pid|start…`` as people read it; any other name as it is."""
    parts = owner.split("|")
    return f"process {parts[2]} on {parts[0]}" if len(parts) >= 4 else owner
