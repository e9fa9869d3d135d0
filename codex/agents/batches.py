"""Message Batches: single-shot calls at half the price, sent together, found again whoever waits for them.

Calls that come within a short while leave in one batch, each under its journal id as custom id. The batch's id is
journaled before anybody waits. A run that dies in between leaves calls that are noted as sent in no known batch: the
next run looks through the batches that the API has and finds them by their custom ids.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from codex.agents.accounts import Adopted
from codex.agents.backend import Batch, BatchApi, BatchResult
from codex.agents.failures import TurnFailed
from codex.agents.journal import Journal
from codex.agents.messages import Reply, TurnRequest, checked_message
from codex.campaign import clock
from codex.errors import BackendError, CodexError, Stopped

#: How far the clocks of this machine and of the API may be apart when a lost batch is looked for.
CLOCK_SKEW = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class BatchPolicy:
    """Seconds: ``gather`` calls before a batch leaves, ``poll`` first and ``poll_most`` at most between looks at it.

    ``size`` is the most requests of one batch; ``tries`` how often in a row a look may fail.
    """

    gather: float = 2.0
    size: int = 100
    poll: float = 5.0
    poll_most: float = 120.0
    tries: int = 6
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class BatchLane:
    """The batches of one backend and journal, within one event loop."""

    def __init__(self, api: BatchApi, journal: Journal, policy: BatchPolicy | None = None) -> None:
        self._api, self._journal, self._policy = api, journal, policy or BatchPolicy()
        self._gathered: list[tuple[TurnRequest, asyncio.Future[str]]] = []
        self._sending: set[asyncio.Task[None]] = set()
        self._results: dict[str, asyncio.Task[Mapping[str, BatchResult]]] = {}

    async def turn(self, request: TurnRequest, adopted: Adopted | None) -> Reply:
        """Answer one request through a batch: a new one, or the one in which ``adopted`` was sent.

        Raises TurnFailed or BackendError by what the batch says of it, and Stopped when the batch goes on and only
        looking at it fails: the next run finds it again.
        """
        if adopted is None:
            batch = await self._join(request)
        else:
            batch = adopted.batch or await self._find([request.sent_as], adopted.submitted_at) or ""
            if not batch:
                raise TurnFailed("batch_unfound", f"No batch of the API has the request {request.sent_as}.")
        found = (await self._results_of(batch)).get(request.sent_as)
        if found is None:
            raise TurnFailed(
                "batch_unfound", f"No batch of the API has the request {request.sent_as}, nor has {batch}."
            )
        return _reply(found, request, self._api.name)

    # --- sending ---------------------------------------------------------------------------------------------------

    def _join(self, request: TurnRequest) -> asyncio.Future[str]:
        """Leave with the next batch; the future gives its id."""
        leaving: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._gathered.append((request, leaving))
        if len(self._gathered) == 1:
            task = asyncio.create_task(self._send_gathered())
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
        return leaving

    async def _send_gathered(self) -> None:
        await self._policy.sleep(self._policy.gather)
        gathered, self._gathered = self._gathered, []
        waiting = [(request, leaving) for request, leaving in gathered if not leaving.done()]
        for start in range(0, len(waiting), self._policy.size):
            await self._send_part(waiting[start : start + self._policy.size])

    async def _send_part(self, part: Sequence[tuple[TurnRequest, asyncio.Future[str]]]) -> None:
        try:
            batch = await self._create([request for request, _ in part])
            for _, leaving in part:
                if not leaving.done():
                    leaving.set_result(batch)
        except CodexError as exc:
            for _, leaving in part:
                if not leaving.done():
                    leaving.set_exception(exc)
        finally:  # the run ends in the middle of it: nobody is left waiting
            for _, leaving in part:
                leaving.cancel()

    async def _create(self, requests: Sequence[TurnRequest]) -> str:
        """Send a batch and note its id. When the answer to sending it was lost, it is looked for first."""
        calls = [request.sent_as for request in requests]
        before = clock.now().isoformat()
        try:
            batch = await self._api.create_batch(requests)
        except TurnFailed as failed:
            found = None if failed.rule.free else await self._find(calls, before)
            if found is None:
                raise
            return found
        self._journal.batched(calls, batch)
        return batch

    # --- waiting ---------------------------------------------------------------------------------------------------

    async def _results_of(self, batch: str) -> Mapping[str, BatchResult]:
        """The results by custom id, once the batch has ended; everybody who waits for it shares the looking."""
        task = self._results.get(batch)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = self._results[batch] = asyncio.create_task(self._wait(batch))
        return await asyncio.shield(task)

    async def _wait(self, batch: str) -> Mapping[str, BatchResult]:
        pause, failures = self._policy.poll, 0
        while True:
            try:
                if (await self._api.batch(batch)).ended:
                    return {result.custom_id: result async for result in self._api.batch_results(batch)}
                failures = 0
            except TurnFailed as failed:
                failures += 1
                if failures >= self._policy.tries:
                    raise Stopped(
                        f"Batch {batch} goes on, but looking at it fails: {failed.what}",
                        remedy="Run the same command again later: nothing is sent twice.",
                    ) from failed
            await self._policy.sleep(pause)
            pause = min(pause * 1.5, self._policy.poll_most)

    # --- finding again ---------------------------------------------------------------------------------------------

    async def _find(self, calls: Sequence[str], sent_at: str) -> str | None:
        """The batch that has one of the calls, among those the journal does not know; it is noted for all of them.

        The API tells custom ids only of batches that have ended, so those are looked at first and the others awaited.
        """
        since, known = datetime.fromisoformat(sent_at) - CLOCK_SKEW, self._journal.batch_ids()
        candidates = [batch for batch in await self._listed(since) if batch.id not in known]
        for batch in sorted(candidates, key=lambda each: not each.ended):
            results = await self._results_of(batch.id)
            if any(call in results for call in calls):
                self._journal.batched(list(results), batch.id)
                return batch.id
        return None

    async def _listed(self, since: datetime) -> list[Batch]:
        """The batches made since then; raises Stopped when they cannot be listed: nothing may be sent again unseen."""
        for _ in range(self._policy.tries):
            try:
                found = []
                async for batch in self._api.batches():
                    if batch.created < since:
                        break
                    found.append(batch)
            except TurnFailed as failed:
                last = failed
                await self._policy.sleep(self._policy.poll)
            else:
                return found
        raise Stopped(
            f"Batches of an earlier run are looked for, but they cannot be listed: {last.what}",
            remedy="Run the same command again later.",
        )


def _reply(result: BatchResult, request: TurnRequest, backend: str) -> Reply:
    """A batch's result as a reply; raises TurnFailed or BackendError when it is none."""
    if result.message is not None:
        try:
            message = checked_message(result.message)
        except ValueError as exc:
            raise TurnFailed("garbage", f"The API's answer is not a message: {exc}.") from exc
        return Reply(message, backend, result.tokens_estimated)
    if result.error in {"expired", "canceled"}:
        raise TurnFailed("batch_expired", f"The batch ended without an answer to {request.label} ({result.error}).")
    if result.error == "invalid_request_error":
        raise BackendError(f"The API refused {request.label}: {result.detail}.")
    raise TurnFailed("batch_failed", f"The batch came back without an answer to {request.label}: {result.detail}.")


_lanes: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[int, int], BatchLane]] = (
    weakref.WeakKeyDictionary()
)


def lane_of(api: BatchApi, journal: Journal, policy: BatchPolicy | None = None) -> BatchLane:
    """The lane that the conversations of this event loop share for a backend and a journal."""
    lanes = _lanes.setdefault(asyncio.get_running_loop(), {})
    return lanes.setdefault((id(api), id(journal)), BatchLane(api, journal, policy))
