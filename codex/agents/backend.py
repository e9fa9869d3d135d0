"""What every backend is, and what can go wrong in one turn.

A backend answers one request once: no retries, no bookkeeping. Whether a failed turn is tried again, and whether it
may have cost something, is said by one table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from codex.agents.call import CallAddress
from codex.agents.messages import Reply, TurnRequest
from codex.errors import CodexError


class Backend(Protocol):
    """Who answers. ``name`` is ``anthropic``, ``handoff`` or ``replay`` and is part of every journal key."""

    @property
    def name(self) -> str: ...

    async def turn(self, request: TurnRequest) -> Reply:
        """Answer one turn; raises TurnFailed, or BackendError when asking again would not help."""
        ...

    async def finished(self, address: CallAddress, state: str, detail: str) -> None:
        """The conversation is over: ``state`` is ``finished`` or a failure's name, ``detail`` a sentence on it."""
        ...


@dataclass(frozen=True, slots=True)
class FaultRule:
    """``retry``: ask again. ``free``: surely not billed; otherwise the reservation is kept as spent."""

    retry: bool
    free: bool


#: Kind of failure → what is done. Statuses that are not listed here end the run with a BackendError.
FAULTS: dict[str, FaultRule] = {
    "unreachable": FaultRule(retry=True, free=True),  # the connection never stood
    "connection": FaultRule(retry=True, free=False),  # it broke before an answer began
    "timeout": FaultRule(retry=True, free=False),  # no answer began in time
    "status_408": FaultRule(retry=True, free=True),
    "status_409": FaultRule(retry=True, free=True),
    "status_429": FaultRule(retry=True, free=True),
    "status_5xx": FaultRule(retry=True, free=True),
    "overloaded": FaultRule(retry=True, free=False),  # an error event after the answer began
    "cut": FaultRule(retry=True, free=False),  # the stream ended in the middle
    "stalled": FaultRule(retry=True, free=False),  # the stream fell silent for longer than the idle limit
    "garbage": FaultRule(retry=True, free=False),  # something that is not a message
    "unanswered": FaultRule(retry=False, free=True),  # handoff: nobody answered in time
}


class TurnFailed(CodexError):
    """One turn got no usable answer. ``kind`` is a key of ``FAULTS``; ``retry_after`` seconds, as the server asked."""

    def __init__(self, kind: str, what: str, *, retry_after: float | None = None) -> None:
        super().__init__(what, remedy="Run the same command again to go on from here.")
        self.kind = kind
        self.rule = FAULTS[kind]
        self.retry_after = retry_after
