"""Small things that the ledger's tests share."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from codex.campaign.events import EventDraft, Kind
from codex.campaign.ledger import AppendResult, Ledger
from codex.snapshot import OverlaySnapshot, TreeSnapshot

NOW = datetime(2026, 1, 5, 12, 0, 0, tzinfo=UTC)
BOOK = "book:lee-manifolds"


def later(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def overlay(files: dict[str, bytes]) -> OverlaySnapshot:
    """A snapshot of just these files."""
    return OverlaySnapshot(TreeSnapshot(Path("/nonexistent")), dict(files))


def draft(kind: Kind, subject: str = BOOK, **values: Any) -> EventDraft:
    return EventDraft(subject=subject, kind=kind, **values)


def registered(subject: str = BOOK, **data: Any) -> EventDraft:
    return draft(Kind.REGISTERED, subject, data={"tier": "α", "title": "Manifolds"} | data)


def moved(source: str, target: str, subject: str = BOOK, **values: Any) -> EventDraft:
    return draft(Kind.TRANSITION, subject, from_state=source, to_state=target, **values)


class Book:
    """The files of a ledger, grown in steps."""

    def __init__(self, *drafts: EventDraft) -> None:
        self.files: dict[str, bytes] = {}
        self.last: AppendResult | None = None
        if drafts:
            self.add(*drafts)

    @property
    def snapshot(self) -> OverlaySnapshot:
        return overlay(self.files)

    @property
    def ledger(self) -> Ledger:
        return Ledger.load(self.snapshot)

    def add(self, *drafts: EventDraft, at: datetime = NOW) -> AppendResult:
        """Append, insisting that everything is taken."""
        result = self.offer(drafts, at)
        assert not result.refused, [r.reason for r in result.refused]
        return result

    def offer(self, drafts: Iterable[EventDraft], at: datetime = NOW) -> AppendResult:
        self.last = self.ledger.append(drafts, at)
        self.files |= self.last.changes
        return self.last

    def refusal(self, one: EventDraft, at: datetime = NOW) -> str:
        """The reason for which a draft is refused; "" when it is taken."""
        refused = self.offer([one], at).refused
        return refused[0].reason if refused else ""


WAY = (
    "draft",
    "audited",
    "gap-analysed",
    "production-ready",
    "in-production",
    "production-complete",
    "verified",
    "woven",
)


def book_at(state: str, **data: Any) -> Book:
    """A ledger with one book brought to a state on the way of success."""
    book = Book(registered(**data))
    for source, target in pairwise(WAY):
        if book.ledger.status(BOOK) == state:
            break
        book.add(moved(source, target))
    assert book.ledger.status(BOOK) == state
    return book
