"""Take the next work: choose it, have it claimed before anything is paid for, run it; and choose again when somebody
was quicker. What is chosen is the caller's matter (choosing.py); how it is run is the book flow's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import Any

from codex.campaign.ledger import Ledger
from codex.integration import spool
from codex.integration.joining import joining
from codex.integration.opening import open_workspace
from codex.snapshot import Snapshot
from codex.work.choosing import Work
from codex.work.holders import Held
from flows.reporting import say
from flows.request import WorkspaceRequest
from flows.subject import opened, run_subject
from tasks.integrate import integrate
from tasks.runtime import Runtime

#: (snapshot, owner, how many are still wanted, names that somebody else has) → the work to do.
Choose = Callable[[Snapshot, str, int, Collection[str]], list[Work]]


async def take(request: WorkspaceRequest, choose: Choose, number: int, nothing: str) -> list[dict[str, Any]]:
    """Do as many pieces of work as ``number`` says, side by side; returns a reference for each.

    Says ``nothing`` when there is none. When one of them fails, the others are seen to their end, and then its error
    is raised. What somebody else claims first is left to them.
    """
    workspace = open_workspace(request.workspace)
    workspace.require_writable()
    if not choose(workspace.snapshot(), request.owner or "", number, ()):
        say(nothing)
        return []
    done: list[dict[str, Any]] = []
    taken: set[str] = set()
    async with opened(workspace, request) as runtime:
        while len(done) < number:
            works = choose(workspace.snapshot(), runtime.owner, number - len(done), taken)
            if not works:
                break
            taken |= {name for work in works for name in work.names}
            done += await _all(runtime, works)
    return done


async def _all(runtime: Runtime, works: list[Work]) -> list[dict[str, Any]]:
    """The references of those that this run was the first to claim."""
    say(f"next: {', '.join(name for work in works for name in work.names)}")
    ends = await asyncio.gather(*(_one(runtime, work) for work in works), return_exceptions=True)
    for end in ends:
        if isinstance(end, Held):
            say(f"  {end.what}")
        elif isinstance(end, BaseException):
            raise end
    return [reference for end in ends if isinstance(end, list) for reference in end]


async def _one(runtime: Runtime, work: Work) -> list[dict[str, Any]]:
    if work.record is not None:
        await _join(runtime, work)
    reference = await run_subject(runtime, work.subject, work.until, work.units)
    if not work.subject.startswith("book:") or not work.units:
        return [reference]
    return [reference | {"unit": unit_id} for unit_id in sorted(work.units)]


async def _join(runtime: Runtime, work: Work) -> None:
    """Register a book of the booklist; when somebody else just did, so much the better."""
    if Ledger.load(runtime.workspace.snapshot()).knows(work.subject):
        return
    proposal = joining(runtime.workspace.snapshot().label, {work.subject: work.record or {}})
    await integrate(f"register {work.subject.partition(':')[2]}", spool.put(runtime.workspace, proposal))
