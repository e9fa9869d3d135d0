"""What the next step of a book would ask, and what it could cost at most. Nothing is sent, written or started."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from codex.agents.messages import build_body, opening_messages
from codex.agents.prices import load_prices
from codex.agents.tools import Toolbox
from codex.campaign.due import Step, next_step
from codex.campaign.ledger import Ledger
from codex.campaign.owed import owed_ids
from codex.passes.calls import next_call
from codex.passes.registry import get_pass
from codex.tracks.naming import name_of
from codex.tracks.registry import machine_in

if TYPE_CHECKING:
    from codex.agents.call import AgentCall
    from codex.workspace import Workspace


@dataclass(frozen=True)
class Question:
    """A call that would be made: brief in bytes; ``first_turn_usd``: what its first turn can cost at most."""

    call: str
    model: str
    bytes: int
    tools: tuple[str, ...]
    first_turn_usd: Decimal
    max_turns: int

    @classmethod
    def of(cls, workspace: Workspace, call: AgentCall[Any]) -> Question:
        body = build_body(call, Toolbox(workspace.snapshot()).definitions(call.tools), opening_messages(call))
        price = load_prices(workspace.root / "manifests" / "prices.json").of(call.model)
        size, tools = len(call.prefix.encode()) + len(call.prompt.encode()), tuple(call.tools)
        return cls(str(call.address), call.model, size, tools, price.worst_case(body), call.max_turns)

    def lines(self) -> Iterator[str]:
        tools = ", ".join(self.tools) or "none"
        yield f"  {self.call}: {self.model}, a brief of {self.bytes / 1000:.0f} kB, tools: {tools}"
        yield f"    its first turn costs at most ${self.first_turn_usd:.2f}; there are at most {self.max_turns} turns"

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"first_turn_usd": float(self.first_turn_usd)}


@dataclass(frozen=True)
class NextStep:
    """The step that is due for a book; no ``pass_name``: none is. ``ceilings`` and ``spent`` in US dollars."""

    book: str
    state: str
    pass_name: str = ""
    leads_to: str = ""
    calls: tuple[Question, ...] = ()
    ceilings: tuple[tuple[str, Decimal], ...] = ()
    spent: Decimal = Decimal(0)

    def lines(self) -> Iterator[str]:
        """For people."""
        if not self.pass_name:
            yield f"{self.book} is at {self.state}: no pass is due"
            return
        yield f"{self.book} is at {self.state}; next: {self.pass_name}, which leads to {self.leads_to}"
        if not self.calls:
            yield "  no agent is asked: a batch of production is dispatched or closed"
            return
        for call in self.calls:
            yield from call.lines()
        yield from (f"  never more than ${usd:.2f} for {scope}" for scope, usd in self.ceilings)
        yield f"  spent on this book so far: ${self.spent:.2f}"

    def as_json(self) -> dict[str, Any]:
        """The same for programs; ``pass`` is null when none is due."""
        return {
            "book": self.book, "state": self.state, "pass": self.pass_name or None, "leads_to": self.leads_to or None,
            "calls": [call.as_json() for call in self.calls],
            "ceilings_usd": {scope: float(usd) for scope, usd in self.ceilings}, "spent_usd": float(self.spent),
        }  # fmt: skip


def next_step_of(workspace: Workspace, subject: str) -> NextStep:
    """What a run of the book would do first."""
    ledger = Ledger.load(workspace.snapshot())
    step, slug, spent = next_step(ledger, subject), name_of(subject), ledger.spent(subject)
    if not isinstance(step, Step):
        return NextStep(slug, step.state, spent=spent)
    asked = [next_call(workspace, subject, step.pass_name, unit) for unit in _units(ledger, step)]
    ceilings = tuple(asked[0].ceilings.items()) if asked else ()
    calls = tuple(Question.of(workspace, call) for call in asked)
    return NextStep(slug, step.source, step.pass_name, step.target, calls, ceilings, spent)


def _units(ledger: Ledger, step: Step) -> list[str | None]:
    """What a step asks for: the units of production, or the pass as a whole."""
    if not get_pass(step.pass_name).by_unit:
        return [None]
    in_batch = machine_in(step.subject).in_batch(step.source, step.pass_name)
    return list(owed_ids(ledger.entry(step.subject))) if in_batch else []
