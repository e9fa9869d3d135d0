"""The task that integrates: the only one that writes to the workspace.

Integrations queue under a global concurrency limit, which is where their order comes from and where a person sees
them. It is not trusted: after ``PATIENCE`` seconds without the slot, the integrator's own lock and compare-and-swap
have to do. Whoever has the turn integrates everything that waits, so most of those who wait find their work done.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE

from codex.errors import StorageError
from codex.integration import spool
from codex.integration.integrator import drain
from codex.integration.proposal import IntegrationResult
from tasks.runtime import Runtime, current
from tasks.slot import LEASE, SWEEP, Slot, give_back, slot

log = logging.getLogger("codex.integrate")

#: Seconds that the slot is waited for.
PATIENCE = 20.0

#: Seconds between two tries.
PAUSE = 0.1

#: Seconds after which a running server has freed the slot of a holder that was killed.
FORGIVEN = float(LEASE + SWEEP)


@task(name="integrate", task_run_name="integrate {what}", cache_policy=NO_CACHE, persist_result=False)
async def integrate(what: str, proposal: str) -> IntegrationResult:
    """Integrate a spooled proposal (by id) and return what became of it; never waits for ever.

    ``what`` is shown to people. Raises what ``codex.integration.integrator.drain`` does: the proposal then still waits
    in the spool, and is integrated by the next run.
    """
    run = current()
    async with run.integrating:
        begun = time.monotonic()
        while (result := spool.result(run.workspace, proposal)) is None:
            if await _turn(run, time.monotonic() - begun):
                break
            await asyncio.sleep(PAUSE)
    result = result or spool.result(run.workspace, proposal)
    if result is None:
        raise StorageError(
            f"Proposal {proposal} is neither waiting nor done.", remedy="See .codex/state/spool/bad and run again."
        )
    return result


async def _turn(run: Runtime, waited: float) -> bool:
    """Try for the slot and integrate all that waits; False when somebody else has it and there is time to wait."""
    missed = Missed(run.workspace.state_dir)
    async with slot(run.client, run.limit) as state:
        if state is Slot.OURS:
            missed.forget()
            await asyncio.to_thread(drain, run.workspace)
            return True
    if state is Slot.TAKEN and await _worth_waiting(run, missed, waited):
        return False
    log.warning("Integrating without the slot of %s: the integrator's lock and compare-and-swap hold.", run.limit)
    await asyncio.to_thread(drain, run.workspace)
    return True


async def _worth_waiting(run: Runtime, missed: Missed, waited: float) -> bool:
    """Whether to try for the taken slot again. One that was not to be had twice, a lease apart, is given back."""
    age = missed.age()
    if age is not None and age < FORGIVEN:
        return False
    if waited < PATIENCE:
        return True
    missed.forget()
    if age is not None and await give_back(run.client, run.limit):
        return True
    missed.note()
    return False


class Missed:
    """When the slot was first waited for in vain since it was last had, by any process of this workspace.

    Kept in ``.codex/state``, so that one process waits for a slot that is lost, and not each of them. Where it cannot
    be kept, each of them waits.
    """

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / "slot-missed"

    def note(self) -> None:
        with suppress(OSError):
            self._path.touch()

    def forget(self) -> None:
        with suppress(OSError):
            self._path.unlink(missing_ok=True)

    def age(self) -> float | None:
        """Seconds since then; None when the slot has been had since."""
        try:
            return abs(time.time() - self._path.stat().st_mtime)
        except FileNotFoundError:
            return None
