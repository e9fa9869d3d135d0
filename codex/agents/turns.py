"""Take one turn: from the journal if it was ever answered, else from the backend, reserved, retried and settled.

The one place where an agent costs money.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal

from codex.agents.backend import Backend
from codex.agents.batches import BatchLane
from codex.agents.breaker import Breaker
from codex.agents.failures import TurnFailed
from codex.agents.journal import Answered, Journal, TurnUnderWay
from codex.agents.messages import Reply, TurnRequest, turn_key
from codex.agents.prices import Price
from codex.errors import BackendError


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long: ``tries`` in all; pauses in seconds, doubling from ``first`` up to ``longest``.

    A pause is shortened by a random part of up to ``jitter``, so that agents that failed together do not return
    together. A server's retry-after is obeyed up to ``longest``: an hour's would look like a dead run. ``patience`` is
    how long a conversation under way waits for an open breaker in all.
    """

    tries: int = 6
    first: float = 1.0
    longest: float = 60.0
    jitter: float = 0.25
    patience: float = 600.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.random

    def pause(self, failures: int, retry_after: float | None) -> float:
        own = min(self.first * 2.0 ** (failures - 1), self.longest) * (1 - self.jitter * self.chance())
        return max(own, min(retry_after or 0.0, self.longest))


@dataclass(frozen=True, slots=True)
class Line:
    """What turns are taken with: who answers, where it is journaled, and how failures are met.

    ``tell`` gets one line for people when something is tried again; ``lane`` is there where batches are.
    """

    backend: Backend
    journal: Journal
    breaker: Breaker
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    tell: Callable[[str], None] = lambda _: None
    lane: BatchLane | None = None


#: Seconds between looks at a turn that another run is answering, and how long to wait for it.
_LOOK_AGAIN = 0.25
_OTHER_RUN_PATIENCE = 600.0


async def take_turn(request: TurnRequest, line: Line, price: Price, worst: Decimal) -> Reply:
    """The answer to one turn, paid for at most once.

    ``worst`` is the most it may cost (US dollars). Raises BudgetExceeded, BreakerOpen, TurnFailed when its retries are
    used up, and BackendError when asking again would not help.
    """
    key = turn_key(request, line.backend.name)
    failures: Counter[str] = Counter()
    waited = 0.0
    while True:
        done = await _answered_or_free(line.journal, key)
        if done is not None:
            line.journal.settle(done.call)
            return done.reply
        wait, probe = line.breaker.admit()
        if wait > 0:
            under_way = request.turn > 1 or bool(failures)
            if not under_way or waited + wait > line.policy.patience:
                raise line.breaker.refusal(wait)
            line.tell(f"the {line.backend.name} backend is down; this conversation waits {wait:.0f} s")
            await line.policy.sleep(wait)
            waited += wait
            continue
        try:
            reply = await _send(request, line, price, worst, key)
        except TurnUnderWay:  # somebody was quicker between the look and the reservation
            line.breaker.release(probe)
        except TurnFailed as failed:
            if line.breaker.report(failed):
                line.tell(
                    f"{line.breaker.rules.failures} failures in a row: nothing new is sent until a probe has come back"
                )
            await _pause_or_raise(failed, failures, line)
        except BaseException:
            line.breaker.release(probe)
            raise
        else:
            line.breaker.report(None)
            return reply


async def _pause_or_raise(failed: TurnFailed, failures: Counter[str], line: Line) -> None:
    """Wait before the next try; raise the failure when its rule allows none."""
    failures[failed.kind] += 1
    most = line.policy.tries - 1 if failed.rule.limit is None else failed.rule.limit
    tried = failures.total()
    if not failed.rule.retry or failures[failed.kind] > most or tried >= line.policy.tries:
        raise failed
    pause = line.policy.pause(tried, failed.retry_after)
    line.tell(f"{failed.what} Trying again in {pause:.0f} s (try {tried + 1} of {line.policy.tries}).")
    await line.policy.sleep(pause)


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


async def _send(request: TurnRequest, line: Line, price: Price, worst: Decimal, key: str) -> Reply:
    journal, batch = line.journal, request.call.batch
    adopted = journal.adopt(key) if batch else None
    call = adopted.call if adopted else journal.reserve(request, line.backend.name, worst)
    with journal.under_way(call):
        if adopted is None:
            journal.submitted(call)
        sent = replace(request, sent_as=call)
        started = time.monotonic()
        try:
            if batch and line.lane is not None:
                reply = await line.lane.turn(sent, adopted)
            else:
                reply = await line.backend.turn(sent)
        except TurnFailed as failed:
            journal.fail(call, failed.kind, failed.what, time.monotonic() - started, free=failed.rule.free)
            raise
        except BackendError as refused:
            journal.fail(call, "refused", refused.what, time.monotonic() - started, free=True)
            raise
        journal.result(call, reply, price.cost(reply.usage, batch=batch), time.monotonic() - started)
    journal.settle(call)
    return reply
