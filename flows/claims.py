"""Claim a book before anything is paid for, keep the claim while the run goes on, and give it back.

A claim names the process that holds it, so that a run which was killed does not lock its book until the claim ends:
who finds that process dead, on the same machine, takes over.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from codex.campaign.clock import now
from codex.campaign.events import EventDraft
from codex.campaign.ledger import Ledger
from codex.campaign.ownership import claim_draft, holder, release_draft
from codex.errors import CodexError
from codex.integration import spool
from codex.integration.integrator import drain
from codex.integration.proposal import Proposal
from codex.work.holders import Held, refuse_held
from tasks.integrate import integrate
from tasks.runtime import Runtime

log = logging.getLogger("codex.claims")

#: A claim is renewed when this part of its time has passed.
RENEWED_AFTER = 0.5

#: A run that died between spooling its claim and integrating it left that claim in the spool, where it comes before
#: ours: the first try then ends with a dead holder, and the second takes over from it.
_CLAIM_TRIES = 2


@asynccontextmanager
async def claimed(run: Runtime, subject: str) -> AsyncIterator[None]:
    """Hold the book within the block. Raises UserError, naming the holder, when somebody else has it."""
    await _claim(run, subject)
    keeping = asyncio.create_task(_keep(run, subject))
    try:
        yield
    except BaseException:
        with suppress(CodexError):  # what goes wrong already matters more; a claim ends by itself
            _release_at_once(run, subject)
        raise
    finally:
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping
    await _record(run, subject, "release", [release_draft(subject, run.owner)])


async def _claim(run: Runtime, subject: str) -> None:
    for _ in range(_CLAIM_TRIES):
        ledger = Ledger.load(run.workspace.snapshot())
        refuse_held(ledger, subject, run.owner)
        dead = holder(ledger, subject, now())
        freed = [release_draft(subject, dead)] if dead and dead != run.owner else []
        await _record(run, subject, "claim", [*freed, _claim_draft(run, subject)])
        after = Ledger.load(run.workspace.snapshot())
        if holder(after, subject, now()) == run.owner:
            return
    refuse_held(after, subject, run.owner)
    raise Held(f"{subject} could not be claimed.", remedy="Run the same command again.")


async def _keep(run: Runtime, subject: str) -> None:
    while True:
        await asyncio.sleep(run.workspace.settings.ownership.minutes * 60 * RENEWED_AFTER)
        try:
            await _record(run, subject, "renew the claim", [_claim_draft(run, subject)])
        except CodexError as error:
            log.warning("The claim of %s was not renewed: %s", subject, error)


def _claim_draft(run: Runtime, subject: str) -> EventDraft:
    return claim_draft(subject, run.owner, now(), run.workspace.settings.ownership.minutes)


async def _record(run: Runtime, subject: str, verb: str, events: list[EventDraft]) -> None:
    await integrate(
        f"{verb} {subject.partition(':')[2]}", spool.put(run.workspace, _proposal(run, subject, verb, events))
    )


def _release_at_once(run: Runtime, subject: str) -> None:
    """Give the claim back while an error or an interruption passes through: without Prefect, without waiting."""
    ledger = Ledger.load(run.workspace.snapshot())
    if holder(ledger, subject, now()) == run.owner:
        spool.put(run.workspace, _proposal(run, subject, "release", [release_draft(subject, run.owner)]))
        drain(run.workspace, lock_timeout=5.0)


def _proposal(run: Runtime, subject: str, verb: str, events: list[EventDraft]) -> Proposal:
    return Proposal(
        subject=subject,
        pass_name="claim",
        title=f"{verb.capitalize()} {subject}",
        base=run.workspace.snapshot().label,
        events=tuple(events),
    )
