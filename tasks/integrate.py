"""The task that integrates: the only one that writes to the workspace.

Integrations queue under a global concurrency limit, which is where their order comes from and where a person sees
them. It is not trusted: after ``PATIENCE`` seconds without the slot, the integrator's own lock and compare-and-swap
have to do. Whoever has the turn integrates everything that waits, so most of those who wait find their work done.
"""

from __future__ import annotations

import asyncio
import logging
import time

import httpx
from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.concurrency.asyncio import (
    AcquireConcurrencySlotTimeoutError,
    ConcurrencySlotAcquisitionError,
    concurrency,
)

from codex.errors import StorageError
from codex.integration import spool
from codex.integration.integrator import drain
from codex.integration.proposal import IntegrationResult
from tasks.limits import is_held
from tasks.runtime import Runtime, current

log = logging.getLogger("codex.integrate")

#: Seconds that the slot is waited for.
PATIENCE = 20.0

#: Seconds between two tries.
PAUSE = 0.5

#: Seconds that one try may take; a server that is slower is as good as none.
TRY_SECONDS = 5.0

#: The shortest lease that Prefect grants: a killed holder's slot is free again after it.
LEASE = 60


@task(name="integrate", task_run_name="integrate {what}", cache_policy=NO_CACHE, persist_result=False)
async def integrate(what: str, proposal: str) -> IntegrationResult:
    """Integrate a spooled proposal (by id) and return what became of it; never waits for ever.

    ``what`` is shown to people. Raises what ``codex.integration.integrator.drain`` does: the proposal then still waits
    in the spool, and is integrated by the next run.
    """
    run = current()
    async with run.integrating:
        begun = time.monotonic()
        patience = 0.0 if begun < run.stuck_until else PATIENCE
        while (result := spool.result(run.workspace, proposal)) is None:
            if await _under_limit(run):
                break
            if time.monotonic() - begun >= patience:
                await _alone(run)
                break
            await asyncio.sleep(PAUSE)
        result = result or spool.result(run.workspace, proposal)
    if result is None:
        raise StorageError(
            f"Proposal {proposal} is neither waiting nor done.", remedy="See .codex/state/spool/bad and run again."
        )
    return result


async def _under_limit(run: Runtime) -> bool:
    """Drain the spool under the limit; False when its slot is taken. A limit that fails otherwise is done without."""
    integrated = False
    try:
        async with concurrency(
            run.limit,
            strict=True,
            max_retries=0,
            timeout_seconds=TRY_SECONDS,
            lease_duration=LEASE,
            raise_on_lease_renewal_failure=False,
        ):
            await asyncio.to_thread(drain, run.workspace)
            integrated = True
    except ConcurrencySlotAcquisitionError as error:
        if is_held(error):
            return False
        log.warning("The limit %s cannot be used (%s).", run.limit, error)
    except (AcquireConcurrencySlotTimeoutError, httpx.HTTPError) as error:
        log.warning("The Prefect server does not answer about the limit %s (%s).", run.limit, error)
    if not integrated:
        await _alone(run)
    return True


async def _alone(run: Runtime) -> None:
    """Drain the spool without the limit."""
    log.warning("Integrating without the slot of %s; the integrator's lock and compare-and-swap hold.", run.limit)
    run.stuck_until = time.monotonic() + LEASE
    await asyncio.to_thread(drain, run.workspace)
