"""A person's decisions on proposed connections: into the registry, or kept out of it for good (curriculum §3)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from codex.campaign.clock import stamp
from codex.campaign.events import EventDraft, Kind
from codex.corpus import catalog, connections, proposals
from codex.integration.proposal import ConnectionDecision, Proposal
from codex.integration.steps.draft import Draft
from codex.integration.steps.refused import Refused

#: The registry where there is none yet.
EMPTY = json.dumps(
    {
        "version": 1,
        "connection_types": list(connections.TYPES),
        "strength_levels": list(connections.STRENGTHS),
        "connections": [],
        "stats": {"total_connections": 0, "by_type": {}, "by_strength": {}},
    },
    indent=2,
) + "\n"  # fmt: skip


def decide_connections(draft: Draft, proposal: Proposal, now: datetime) -> list[ConnectionDecision]:
    """Carry out the decisions, all or none; returns those that were new.

    Raises Refused (or UserError) for a proposal that does not exist or was decided otherwise, and for one that the
    registry cannot take: an unknown concept, type or strength.
    """
    return [each for each in proposal.decisions if _decide(draft, each, stamp(now))]


def _decide(draft: Draft, decision: ConnectionDecision, at: str) -> bool:
    text = draft.text(proposals.PATH, "")
    decided = proposals.decide(text, decision.id, decision.status, at, decision.note)
    if decided == text:
        return False
    draft.put(proposals.PATH, decided.encode("utf-8"))
    if decision.status == "approved":
        _register(draft, next(each for each in proposals.parse(decided) if each.id == decision.id))
    return True


def _register(draft: Draft, approved: proposals.Proposal) -> None:
    known = catalog.parse(draft.text(catalog.PATH, catalog.EMPTY))
    missing = [end for end in (approved.source, approved.target) if end not in known]
    if missing:
        raise Refused(f"{approved.id} cannot be registered: the catalog has no {' and no '.join(missing)}.")
    draft.edit(connections.PATH, lambda text: connections.add_connection(text, approved.connection()), EMPTY)


def decision_events(decided: Sequence[ConnectionDecision]) -> list[EventDraft]:
    """A note in the log for each decision."""
    return [
        EventDraft(
            subject="campaign",
            kind=Kind.NOTED,
            rationale=each.note,
            data={"connection": each.id, "status": each.status},
        )
        for each in decided
    ]
