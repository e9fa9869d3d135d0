"""One process that integrates under the slot: ``python -m tests.flows.slot_worker WORKSPACE LIMIT GO ID…``.

It integrates spooled proposals with the real task, side by side, and writes one JSON line: what it integrated in each
of its turns, what it warned of, and how long all of it took. With CODEX_ONE_BY_ONE it spools a note, integrates it and
goes on with the next, for each of the texts given in place of ids; then it tells what the longest took.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import time
from pathlib import Path

from prefect import flow

import tasks.integrate
from codex.passes.services import Services
from codex.workspace import Workspace
from tasks.runtime import Runtime, using
from tasks.slot import slot_client
from tests.flows.slots import note


async def main(place: str, limit: str, go: str, ids: list[str]) -> None:
    workspace, turns, alone = Workspace.open(place), [], []
    drain = tasks.integrate.drain

    def counted(given: Workspace) -> object:
        results = drain(given)
        turns.append([each.proposal for each in results])
        return results

    tasks.integrate.drain = counted
    logging.getLogger("codex.integrate").addFilter(lambda record: alone.append(record.getMessage()) or True)
    async with slot_client() as client:
        with (
            Services.open(workspace, "handoff") as services,
            using(Runtime(workspace, services, "worker", limit, client)),
        ):
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            while not Path(go).exists():
                await asyncio.sleep(0.01)
            begun = time.monotonic()
            longest = await do_all(workspace, ids)
    told = {"turns": [turn for turn in turns if turn], "warned": alone, "s": time.monotonic() - begun}
    told["longest"] = longest
    sys.stdout.write(json.dumps(told) + "\n")


async def do_all(workspace: Workspace, ids: list[str]) -> float:
    if os.environ.get("CODEX_ONE_BY_ONE"):
        return await one_by_one(workspace, ids)
    await asyncio.gather(*(tasks.integrate.integrate(each, each) for each in ids))
    return 0.0


@flow(name="one by one", persist_result=False, validate_parameters=False)
async def one_by_one(workspace: Workspace, texts: list[str]) -> float:
    """In a flow, as a book's run is: a task outside of one asks first whether there is a server."""
    longest = 0.0
    for text in texts:
        begun = time.monotonic()
        each = note(workspace, text)
        await tasks.integrate.integrate(each, each)
        longest = max(longest, time.monotonic() - begun)
    return longest


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]))
