"""Take one turn: from the journal if it was ever answered, else from the backend, reserved, retried and settled.

The one place where an agent costs money.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal

from codex.agents.backend import Backend, TurnFailed
from codex.agents.journal import Answered, Journal, TurnUnderWay
from codex.agents.messages import Reply, TurnRequest, turn_key
from codex.agents.prices import Price
from codex.errors import BackendError


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long: ``tries`` in all; pauses in seconds, doubling from ``first`` up to ``longest``.

    A pause is shortened by a random part of up to ``jitter``, so that agents that failed together do not return
    together. A server's retry-after is obeyed up to ``longest``: an hour's would look like a dead run.
    """

    tries: int = 6
    first: float = 1.0
    longest: float = 60.0
    jitter: float = 0.25
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.random

    def pause(self, failures: int, retry_after: float | None) -> float:
        own = min(self.first * 2.0 ** (failures - 1), self.longest) * (1 - self.jitter * self.chance())
        return max(own, min(retry_after or 0.0, self.longest))


#: Seconds between looks at a turn that another run is answering, and how long to wait for it.
_LOOK_AGAIN = 0.25
_OTHER_RUN_PATIENCE = 600.0


async def take_turn(
    request: TurnRequest, backend: Backend, journal: Journal, price: Price, worst: Decimal, policy: RetryPolicy
) -> Reply:
    """The answer to one turn, paid for at most once.

    ``worst`` is the most it may cost (US dollars). Raises BudgetExceeded, TurnFailed when its retries are used up, and
    BackendError when asking again would not help.
    """
    key = turn_key(request, backend.name)
    failures = 0
    while True:
        done = await _answered_or_free(journal, key)
        if done is not None:
            journal.settle(done.call)
            return done.reply
        try:
            return await _send(request, backend, journal, price, worst)
        except TurnUnderWay:
            continue  # somebody was quicker between the look and the reservation
        except TurnFailed as failed:
            failures += 1
            if not failed.rule.retry or failures >= policy.tries:
                raise
            await policy.sleep(policy.pause(failures, failed.retry_after))


async def _answered_or_free(journal: Journal, key: str) -> Answered | None:
    """The finished turn, or None once nobody is at it; raises TurnUnderWay when another run takes too long."""
    until = time.monotonic() + _OTHER_RUN_PATIENCE
    while True:
        done = journal.answered(key)
        if done is not None or not journal.attended(key):
            return done
        if time.monotonic() > until:
            raise TurnUnderWay("Another run has been at the same turn for ten minutes.", remedy="Stop one of the two.")
        await asyncio.sleep(_LOOK_AGAIN)


async def _send(request: TurnRequest, backend: Backend, journal: Journal, price: Price, worst: Decimal) -> Reply:
    call = journal.reserve(request, backend.name, worst)
    with journal.under_way(call):
        journal.submitted(call)
        started = time.monotonic()
        try:
            reply = await backend.turn(request)
        except TurnFailed as failed:
            journal.fail(call, failed.kind, failed.what, time.monotonic() - started, free=failed.rule.free)
            raise
        except BackendError as refused:
            journal.fail(call, "refused", refused.what, time.monotonic() - started, free=True)
            raise
        journal.result(call, reply, price.cost(reply.usage), time.monotonic() - started)
    journal.settle(call)
    return reply
