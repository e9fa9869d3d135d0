"""What the next step of a book would ask, and what it could cost at most. Nothing is sent, written or started."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from codex.agents.messages import build_body, opening_messages
from codex.agents.prices import load_prices
from codex.agents.tools import Toolbox
from codex.campaign.ledger import Ledger
from codex.campaign.machine import Step, next_step
from codex.passes.calls import agent_call, make_context
from codex.passes.engine import production_units

if TYPE_CHECKING:
    from codex.agents.call import AgentCall
    from codex.workspace import Workspace


def what_would_happen(workspace: Workspace, subject: str) -> list[str]:
    """Lines for people: the step, each call that it makes (model, size, tools, cost of a turn), and the ceilings."""
    ledger = Ledger.load(workspace.snapshot())
    step = next_step(ledger, subject)
    slug = subject.partition(":")[2]
    if not isinstance(step, Step):
        return [f"{slug} is at {step.state}: no pass is due"]
    lines = [f"{slug} is at {step.source}; next: {step.pass_name}, which leads to {step.target}"]
    calls = [_call(workspace, ledger, step, unit) for unit in _units(workspace, step)]
    if not calls:
        return [*lines, "  no agent is asked: a batch of production is dispatched or closed"]
    return [
        *lines,
        *(line for call in calls for line in about_call(workspace, call)),
        *_ceilings(ledger, step, calls[0]),
    ]


def _units(workspace: Workspace, step: Step) -> list[str | None]:
    """What a step asks for: the units of production, or the pass as a whole."""
    if step.pass_name != "P4_production":
        return [None]
    return list(production_units(workspace, step.subject)) if step.source == "in-production" else []


def _call(workspace: Workspace, ledger: Ledger, step: Step, unit: str | None) -> AgentCall[Any]:
    return agent_call(workspace, *make_context(workspace, None, ledger, step.subject, step.pass_name, unit))


def about_call(workspace: Workspace, call: AgentCall[Any]) -> Iterator[str]:
    """Lines for people: model, size of the brief, tools, and what the first turn can cost at most."""
    body = build_body(call, Toolbox(workspace.snapshot()).definitions(call.tools), opening_messages(call))
    price = load_prices(workspace.root / "manifests" / "prices.json").of(call.model)
    size = len(call.prefix.encode()) + len(call.prompt.encode())
    yield f"  {call.address}: {call.model}, a brief of {size / 1000:.0f} kB, tools: {', '.join(call.tools) or 'none'}"
    yield f"    its first turn costs at most ${price.worst_case(body):.2f}; there are at most {call.max_turns} turns"


def _ceilings(ledger: Ledger, step: Step, call: AgentCall[Any]) -> Iterator[str]:
    for scope, usd in call.ceilings.items():
        yield f"  never more than ${usd:.2f} for {scope}"
    yield f"  spent on this book so far: ${ledger.spent(step.subject):.2f}"
