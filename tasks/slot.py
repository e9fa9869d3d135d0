"""Hold the one slot of a campaign's integrations for a moment.

``prefect.concurrency`` does the same, but whenever SQLite is busy with the events of the task that is just starting,
which is nearly always, Prefect's client pauses for two seconds before it asks again. Here it asks again at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import Enum
from uuid import UUID

import httpx
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate
from prefect.client.schemas.objects import ConcurrencyLeaseHolder
from prefect.client.schemas.responses import ConcurrencyLimitWithLeaseResponse
from prefect.exceptions import ObjectNotFound
from prefect.runtime import task_run
from prefect.settings import PREFECT_API_URL

log = logging.getLogger("codex.integrate")

#: Seconds of the lease, the shortest that Prefect grants: after it a killed holder's slot is free again.
LEASE = 60

#: Seconds after which the server looks for ended leases again.
SWEEP = 15

#: Seconds that a request may take; a server that is slower is as good as none. Prefect's client alone would try
#: for a minute, in which nobody of this process integrates.
REQUEST_SECONDS = 5.0

#: How often, and after how many seconds, a server with a busy database is asked again.
BUSY_TRIES, BUSY_PAUSE = 20, 0.05

_HELD, _BUSY, _GONE = 423, 503, 410


class Slot(Enum):
    """How a try ended."""

    OURS = "ours"
    TAKEN = "taken"  # somebody else has it, or the database was busy: try again
    USELESS = "useless"  # there is no such limit, or no server: go on without


class _AtOnce(httpx.AsyncHTTPTransport):
    """Asks again at once when the server says that its database is busy: that lasts for milliseconds."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        for _ in range(BUSY_TRIES):
            reply = await super().handle_async_request(request)
            if reply.status_code != _BUSY:
                return reply
            await reply.aclose()
            await asyncio.sleep(BUSY_PAUSE)
        return await super().handle_async_request(request)


def slot_client() -> PrefectClient:
    """A client for the slots of one run; open it with ``async with``."""
    url = PREFECT_API_URL.value() or ""
    plain = url.startswith("http:")  # a server behind TLS is no SQLite file, and needs its certificate settings
    return get_client(httpx_settings={"transport": _AtOnce()} if plain else None)


@asynccontextmanager
async def slot(client: PrefectClient, limit: str) -> AsyncIterator[Slot]:
    """Try once for the slot of a limit, and hold it within the block when it is ours. Raises nothing of its own."""
    state, lease = await _try(client, limit)
    if lease is None:
        yield state
        return
    renewing = asyncio.create_task(_renew(client, lease))
    try:
        yield state
    finally:
        renewing.cancel()
        with suppress(httpx.HTTPError, TimeoutError):  # it ends with its lease
            await asyncio.wait_for(client.release_concurrency_slots_with_lease(lease), REQUEST_SECONDS)


async def give_back(client: PrefectClient, limit: str) -> bool:
    """Free a slot that nobody holds any more: a server that was restarted has forgotten its lease. False: not done.

    The holder is not asked, for nobody could answer; should there be one, two have the slot for a while.
    """
    freed = GlobalConcurrencyLimitUpdate(active_slots=0)
    try:
        await asyncio.wait_for(client.update_global_concurrency_limit(limit, freed), REQUEST_SECONDS)
    except (httpx.HTTPError, ObjectNotFound, TimeoutError) as error:
        log.warning("The slot of %s could not be given back: %r", limit, error)
        return False
    log.warning("The slot of %s was given back: its holder has not been heard of for %d s.", limit, LEASE + SWEEP)
    return True


async def _try(client: PrefectClient, limit: str) -> tuple[Slot, UUID | None]:
    try:
        asked = client.increment_concurrency_slots_with_lease([limit], 1, "concurrency", LEASE, _holder())
        reply = await asyncio.wait_for(asked, REQUEST_SECONDS)
    except httpx.HTTPStatusError as error:
        if error.response.status_code in {_HELD, _BUSY}:
            return Slot.TAKEN, None
        log.warning("The limit %s cannot be used: %s", limit, error)
        return Slot.USELESS, None
    except (httpx.HTTPError, TimeoutError) as error:
        log.warning("The Prefect server does not answer about the limit %s: %r", limit, error)
        return Slot.USELESS, None
    granted = ConcurrencyLimitWithLeaseResponse.model_validate(reply.json())
    if not granted.limits:
        log.warning("There is no limit %s.", limit)
        return Slot.USELESS, None
    return Slot.OURS, granted.lease_id


async def _renew(client: PrefectClient, lease: UUID) -> None:
    while True:
        await asyncio.sleep(LEASE / 2)
        try:
            await client.renew_concurrency_lease(lease, LEASE)
        except httpx.HTTPStatusError as error:
            log.warning("The lease of the integration slot was not renewed: %s", error)
            if error.response.status_code == _GONE:  # lost: somebody else may have the slot by now
                return
        except httpx.HTTPError as error:
            log.warning("The lease of the integration slot was not renewed: %r", error)


def _holder() -> ConcurrencyLeaseHolder | None:
    """The task run that asks, for Prefect's page."""
    return ConcurrencyLeaseHolder(type="task_run", id=UUID(str(task_run.id))) if task_run.id else None
