"""What every backend is.

A backend answers one request once: no retries, no bookkeeping. What can go wrong in one turn, whether it is tried again
and whether it may have cost something is said by one table (failures.py).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from codex.agents.call import CallAddress
from codex.agents.messages import Reply, TurnRequest


class Backend(Protocol):
    """Who answers. ``name`` is ``anthropic``, ``handoff`` or ``replay`` and is part of every journal key.

    ``server_tools``: whether it can search and fetch on the web by itself.
    """

    @property
    def name(self) -> str: ...

    @property
    def server_tools(self) -> bool: ...

    async def turn(self, request: TurnRequest) -> Reply:
        """Answer one turn; raises TurnFailed, or BackendError when asking again would not help."""
        ...

    async def finished(self, address: CallAddress, state: str, detail: str) -> None:
        """The conversation is over: ``state`` is ``finished`` or a failure's name, ``detail`` a sentence on it."""
        ...


@dataclass(frozen=True, slots=True)
class Batch:
    """A Message Batch as the API describes it."""

    id: str
    created: datetime
    ended: bool


@dataclass(frozen=True, slots=True)
class BatchResult:
    """One line of a batch's results: the message, or the kind and the text of what went wrong."""

    custom_id: str
    message: Mapping[str, Any] | None
    error: str = ""
    detail: str = ""
    tokens_estimated: bool = False


@runtime_checkable
class BatchApi(Protocol):
    """A backend that also has Message Batches. Every method raises what ``turn`` raises."""

    @property
    def name(self) -> str: ...

    async def create_batch(self, requests: Sequence[TurnRequest]) -> str: ...

    async def batch(self, identity: str) -> Batch: ...

    def batches(self) -> AsyncIterator[Batch]:
        """All batches, the newest first."""
        ...

    def batch_results(self, identity: str) -> AsyncIterator[BatchResult]: ...
