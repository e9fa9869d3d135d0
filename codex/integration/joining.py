"""Subjects that join the campaign: one event each, with what is known of them as their ledger entry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from codex.campaign.events import EventDraft, Kind
from codex.errors import UserError
from codex.integration.proposal import Proposal
from codex.tracks.naming import name_of
from codex.tracks.registry import is_subject, machine_in


def joining(base: str, records: Mapping[str, Mapping[str, Any]]) -> Proposal:
    """The proposal that registers subjects: ``<kind>:<name>`` → ledger entry (title, tier …).

    Raises UserError for what can be the name of no subject.
    """
    for subject in records:
        if not is_subject(subject) or machine_in(subject).made_by_naming:
            raise UserError(f"{subject!r} cannot join the campaign.", remedy="Name it as kind:name, as book:a-slug.")
    events = tuple(EventDraft(subject=name, kind=Kind.REGISTERED, data=dict(data)) for name, data in records.items())
    if len(records) == 1:
        only = next(iter(records))
        return Proposal(
            subject=only, pass_name="register", title=f"{name_of(only)} joins the campaign", base=base, events=events
        )
    shelves = sorted({machine_in(subject).shelf for subject in records})
    title = f"Register {len(records)} {' and '.join(shelves)}"
    return Proposal(subject="campaign", pass_name="init", title=title, base=base, events=events)
