"""A subject with all that a condition may ask, and whether the conditions that a transition names hold.

A condition says "" when it holds, else in one sentence what is missing. It believes no reply: it reads the ledger and
the workspace. Which conditions there are is the track's (codex/tracks/track.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from codex.campaign.definition import Campaign, load_campaign
from codex.tracks.naming import name_of
from codex.tracks.registry import conditions_of, document_of

if TYPE_CHECKING:
    from codex.campaign.entries import Entry
    from codex.campaign.ledger import Ledger
    from codex.snapshot import Snapshot


@dataclass(frozen=True)
class About:
    """A subject with all that a condition may ask."""

    ledger: Ledger
    snapshot: Snapshot
    subject: str

    @property
    def slug(self) -> str:
        return name_of(self.subject)

    @cached_property
    def entry(self) -> Entry:
        return self.ledger.entry(self.subject)

    def record(self, pass_name: str) -> Entry:
        """What the ledger holds of a pass; empty when there is nothing."""
        passes = self.entry.get("passes")
        found = passes.get(pass_name) if isinstance(passes, dict) else None
        return found if isinstance(found, dict) else {}

    @cached_property
    def document(self) -> str:
        """The text of the subject's own document (a book's plan, a flow); "" when it is not there."""
        path = document_of(self.subject)
        return self.snapshot.read(path).decode("utf-8", "replace") if path and self.snapshot.exists(path) else ""

    @cached_property
    def campaign(self) -> Campaign:
        return load_campaign(self.snapshot)


Condition = Callable[[About], str]


def unmet(names: Iterable[str], ledger: Ledger, snapshot: Snapshot, subject: str) -> list[str]:
    """What is missing for the named conditions, a sentence each (without full stop); empty when all hold."""
    about, conditions = About(ledger, snapshot, subject), conditions_of(subject)
    return [missing for name in names if (missing := conditions[name](about))]
