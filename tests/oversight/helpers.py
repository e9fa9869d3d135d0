"""Putting things into a workspace as runs do: events and cost lines through the integrator."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from codex.campaign.events import EventDraft, Kind
from codex.integration.integrator import integrate
from codex.integration.proposal import CostLine, Proposal
from codex.workspace import Workspace

SLUG = "lawson-michelsohn-spin-geometry"
SUBJECT = f"book:{SLUG}"
#: Later than the moment at which the seed was made: times of the ledger never go back.
NOW = datetime(2041, 3, 1, 12, 0, tzinfo=UTC)


def put(workspace: Workspace, *events: EventDraft, costs: tuple[CostLine, ...] = (), now: datetime = NOW) -> None:
    """Integrate one proposal with these events and costs."""
    proposal = Proposal(
        subject=SUBJECT, pass_name="P1_audit", title="A test", base=workspace.snapshot().label, events=events,
        costs=costs,
    )  # fmt: skip
    [done] = integrate(workspace, [proposal], now=now)
    assert done.status == "committed", done.reason


def event(kind: Kind, subject: str = SUBJECT, **values: Any) -> EventDraft:
    return EventDraft(subject=subject, kind=kind, **values)


def cost(number: int, pass_name: str, *, tokens: int = 1000, usd: str = "1", unit: str | None = None,
         at: datetime = NOW, backend: str = "anthropic", book: str = SLUG) -> CostLine:  # fmt: skip
    return CostLine(
        call=f"call-{number}", timestamp=at.isoformat(), book=book, pass_name=pass_name, unit=unit, agent_id="a",
        backend=backend, model="claude-opus-4-8", input_tokens=tokens - 10, output_tokens=10, cost_usd=Decimal(usd),
        duration_s=1.0, outcome="ok",
    )  # fmt: skip


def days(number: float) -> timedelta:
    return timedelta(days=number)
