"""The one clock, and times in the ledger: UTC, whole seconds, ISO 8601 with a ``Z``."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The time, in UTC. Nothing else reads the calendar's clock: what computes is given a time by who calls it."""
    return datetime.now(UTC)


def stamp(at: datetime) -> str:
    """``2026-04-29T15:23:00Z``; raises ValueError for a time without a zone."""
    if at.tzinfo is None:
        raise ValueError("a time for the ledger needs a time zone")
    return at.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def moment(text: str) -> datetime:
    """The time that a stamp or an ISO date means (a date: its first second; no zone: UTC); ValueError otherwise."""
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def moment_or_none(value: object) -> datetime | None:
    """As ``moment``; None for whatever is not a time."""
    try:
        return moment(value) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None
