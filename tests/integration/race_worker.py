"""One process of a race: ``python -m tests.integration.race_worker WORKSPACE JOBS.json GO``; a line a job to stdout."""

from __future__ import annotations

import sys
from pathlib import Path

from codex.integration.integrator import integrate
from codex.integration.opening import open_workspace

from .race import read_jobs, see_through, wait_for


def main(place: str, spec: str, go: str) -> None:
    workspace, jobs = open_workspace(place), read_jobs(Path(spec))
    wait_for(Path(go), Path(spec))
    for job in jobs:
        sys.stdout.write(see_through(workspace, job, lambda each: integrate(workspace, [each])[0]))


if __name__ == "__main__":
    main(*sys.argv[1:])
