"""One process of a race under Prefect: ``… WORKSPACE JOBS.json GO LIMIT``; each job through the real integrate task."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from codex.integration import spool
from codex.integration.opening import open_workspace
from codex.integration.proposal import IntegrationResult, Proposal
from codex.passes.services import Services
from tasks.integrate import integrate
from tasks.runtime import Runtime, using
from tasks.slot import slot_client

from .race import read_jobs, see_through, wait_for


def main(place: str, spec: str, go: str, limit: str) -> None:
    workspace, jobs, client = open_workspace(place), read_jobs(Path(spec)), slot_client()
    with (
        Services.open(workspace, "handoff") as services,
        using(Runtime(workspace, services, "racer", limit, client)),
        asyncio.Runner() as runner,
    ):
        runner.run(client.__aenter__())

        def act(made: Proposal) -> IntegrationResult:
            return runner.run(integrate(made.title, spool.put(workspace, made)))

        wait_for(Path(go), Path(spec))
        for job in jobs:
            sys.stdout.write(see_through(workspace, job, act))
        runner.run(client.__aexit__(None, None, None))


if __name__ == "__main__":
    main(*sys.argv[1:])
