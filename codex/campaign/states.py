"""What a state machine is made of: states, transitions, and the questions one can ask of the two together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

Outcome = Literal["success", "failure", "person"]


@dataclass(frozen=True, slots=True)
class State:
    """``final``: nothing more is done by itself; ``person``: waits for an answer."""

    name: str
    final: bool = False
    person: bool = False


@dataclass(frozen=True, slots=True)
class Transition:
    """A row of the table. ``pre`` and ``post`` name conditions (conditions.py), ``when`` a route (machine.py).

    ``pass_name`` is the pass whose result makes the transition; None where a person or the engine decides.
    """

    source: str
    target: str
    trigger: str
    pass_name: str | None = None
    pre: tuple[str, ...] = ()
    post: tuple[str, ...] = ()
    outcome: Outcome = "success"
    when: str = ""


@dataclass(frozen=True, slots=True)
class Machine:
    """A kind of subject: its states, its passes in order, its transitions. ``aliases``: names of other ages."""

    kind: str
    initial: str
    states: tuple[State, ...]
    passes: tuple[str, ...]
    transitions: tuple[Transition, ...]
    aliases: dict[str, str] = field(default_factory=dict)

    def state(self, status: str) -> State | None:
        """The state of that name or alias; None for a text that is no state."""
        name = self.aliases.get(status, status)
        return next((s for s in self.states if s.name == name), None)

    def leaving(self, state: str) -> Iterator[Transition]:
        return (t for t in self.transitions if t.source == state)

    def between(self, source: str, target: str) -> Transition | None:
        return next((t for t in self.leaving(source) if t.target == target), None)

    def rank(self, state: str) -> int:
        """How far a state is along the way of success, from 0; a state beside the way ranks -1.

        A side road that joins the way (audit-degraded) ranks just below where it joins.
        """
        ahead = [t for t in self.transitions if t.outcome == "success"]
        order = list(dict.fromkeys([self.initial, *(t.target for t in ahead)]))
        if state in order:
            return order.index(state)
        return next((order.index(t.target) - 1 for t in ahead if t.source == state), -1)
