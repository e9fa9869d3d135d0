"""What the tests of the slot share: proposals, runs, processes, and a look at the limit."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from codex.campaign.events import EventDraft, Kind
from codex.campaign.ledger import Ledger
from codex.campaign.verify import verify
from codex.integration import spool
from codex.integration.proposal import IntegrationResult, Proposal
from codex.passes.services import Services
from codex.workspace import Workspace
from deployments.api import Api, ServerProblem
from deployments.environment import environment
from deployments.server import Server
from tests.conftest import ROOT
from tests.flows.helpers import SUBJECT
from tests.integration.helpers import fsck, git

ALONE = "Integrating without the slot"
GIVEN_BACK = "was given back"
LIMITS = "/v2/concurrency_limits"


def note(workspace: Workspace, text: str) -> str:
    """Spool a proposal that writes a line into the ledger; its id."""
    event = EventDraft(subject=SUBJECT, kind=Kind.NOTED, rationale=text)
    base = workspace.snapshot().label
    return spool.put(workspace, Proposal(subject=SUBJECT, pass_name="note", title=text, base=base, events=(event,)))


def notes_of(workspace: Workspace) -> list[str]:
    """The lines that were noted, in the ledger's order."""
    return [e.rationale for e in Ledger.load(workspace.snapshot()).events(SUBJECT) if e.kind == Kind.NOTED]


def in_a_run(workspace: Workspace, limit: str, do: Callable[[], Awaitable[Any]]) -> Any:
    """Do something where tasks find their runtime."""
    from tasks.runtime import Runtime, using
    from tasks.slot import slot_client

    async def inner() -> Any:
        async with slot_client() as client:
            with (
                Services.open(workspace, "handoff") as services,
                using(Runtime(workspace, services, "me", limit, client)),
            ):
                return await do()

    return asyncio.run(inner())


def integrate_now(workspace: Workspace, limit: str, *ids: str) -> tuple[list[IntegrationResult], float]:
    """Integrate spooled proposals side by side; the results, and the seconds that it took."""
    from tasks.integrate import integrate

    async def together() -> list[IntegrationResult]:
        return list(await asyncio.gather(*(integrate(each, each) for each in ids)))

    begun = time.monotonic()
    results = in_a_run(workspace, limit, together)
    return results, time.monotonic() - begun


def insist(ask: Callable[[], Any]) -> Any:
    """Ask a server again whose database is busy for a moment with what the last run has sent."""
    for _ in range(100):
        try:
            return ask()
        except ServerProblem as problem:
            if "answered with 503" not in str(problem):
                raise
            time.sleep(0.05)
    return ask()


def fresh_limit(api: Api, name: str) -> str:
    """A limit of 1 under that name, its slot free; the name."""
    from tasks.limits import ensure_limit

    asyncio.run(ensure_limit(name))
    set_taken(api, name, 0)
    return name


def hold(api: Api, limit: str) -> str:
    """Take the slot as a run on another machine would; the lease."""
    asked = {"names": [limit], "slots": 1, "mode": "concurrency", "lease_duration": 60}
    return str(insist(lambda: api.post(f"{LIMITS}/increment-with-lease", asked))["lease_id"])


def release(api: Api, lease: str) -> None:
    insist(lambda: api.post(f"{LIMITS}/decrement-with-lease", {"lease_id": lease}))


def set_taken(api: Api, limit: str, slots: int) -> None:
    """Say how many slots are taken. 1: what a restarted server knows of a killed holder, a slot without a lease."""
    insist(lambda: api.patch(f"{LIMITS}/{limit}", {"active_slots": slots}))


def taken(api: Api, limit: str) -> int:
    return int(insist(lambda: api.get(f"{LIMITS}/{limit}"))["active_slots"])


class Workers:
    """Processes that integrate under the slot (slot_worker.py), started together; killed at the end of the block."""

    def __init__(self, server: Server, folder: Path) -> None:
        self._server, self._go = server, folder / "go"
        self._folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *about: object) -> None:
        for process in self.processes:
            with suppress(ProcessLookupError):
                process.kill()
            process.wait()

    def add(self, workspace: Workspace, limit: str, ids: Sequence[str], **more: str) -> None:
        base = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT", "CODEX"))}
        env: Mapping[str, str] = environment(self._server.url, self._server.home, base) | more
        command = [sys.executable, "-m", "tests.flows.slot_worker", str(workspace.root), limit, str(self._go), *ids]
        number = len(self.processes)
        with self._out(number).open("wb") as out, (self._folder / f"{number}.err").open("wb") as err:
            self.processes.append(subprocess.Popen(command, env=env, stdout=out, stderr=err, cwd=ROOT))

    def start(self) -> float:
        """Let them begin when all of them are ready; the time."""
        deadline = time.monotonic() + 120
        while not all(b"ready" in self._out(n).read_bytes() for n in range(len(self.processes))):
            assert all(p.poll() is None for p in self.processes) and time.monotonic() < deadline, self._said()
            time.sleep(0.02)
        self._go.touch()
        return time.monotonic()

    def wait(self) -> list[dict[str, Any]]:
        """What each of them told at its end."""
        assert [process.wait() for process in self.processes] == [0] * len(self.processes), self._said()
        return [json.loads(self._out(n).read_text().splitlines()[-1]) for n in range(len(self.processes))]

    def _out(self, number: int) -> Path:
        return self._folder / f"{number}.out"

    def _said(self) -> str:
        return "\n".join((self._folder / f"{n}.err").read_text()[-2000:] for n in range(len(self.processes)))


def assert_whole(workspace: Workspace, lines: Sequence[str]) -> None:
    """Each line was noted once, and the repository is in order."""
    assert sorted(notes_of(workspace)) == sorted(lines)
    assert verify(workspace.snapshot()) == []
    assert fsck(workspace.root) == "" and git(workspace.root, "status", "--porcelain") == ""
    assert git(workspace.root, "rev-list", "--merges", "HEAD") == ""
    assert spool.pending(workspace) == []
