"""kill -9 of the whole pilot at random moments, and `codexctl pilot` again: the same end, and nothing asked for twice.

The replay server outlives the runs and counts their requests. It takes a moment for each answer, so that kills land
in calls as well as between them.
"""

from __future__ import annotations

import json
import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from deployments.api import Api
from deployments.server import LIMIT_PREFIX, Server
from tests.pilot.conftest import Pilot
from tests.pilot.helpers import Replay, Surroundings, blobs, calls, git, kill, label, projection, run, start

#: Seconds that the replay server takes for an answer.
DELAY = 0.05

#: Calls that can be in flight at a time: production runs its units in parallel, eight at most (protocol §5.2).
AT_ONCE = 8

#: What differs between two runs that come to the same end: times and owners (ids stand in the log, not here). Costs
#: are compared apart.
PASSING = {"started", "completed", "campaign_started", "current_owner", "owner_until"}


class Trial:
    """A pilot that is started, killed and started again."""

    def __init__(self, folder: Path, replay: Replay, server: Server, home: Path) -> None:
        self.folder, self.replay, self._server = folder, replay, server
        self._where = Surroundings(server.url, home / "prefect-home", replay.url)
        self._said = home / "said.txt"
        self.command: tuple[object, ...] = ("pilot", folder)
        self.kills = 0

    def kill_after(self, requests: int, pause: float) -> None:
        """Start it, and kill it a moment after so many more requests have arrived, unless it has ended by then."""
        wanted = self.replay.requests().total() + requests
        with self._doomed() as process:
            while process.poll() is None and self.replay.requests().total() < wanted:
                time.sleep(0.01)
            time.sleep(pause)

    def kill_within(self, seconds: float) -> None:
        """Start it, and kill it after that time, wherever it is by then."""
        with self._doomed():
            time.sleep(seconds)

    @contextmanager
    def _doomed(self) -> Iterator[subprocess.Popen[str]]:
        process = start(self._where, *self.command, output=self._said)
        try:
            yield process
            self.kills += process.poll() is None
        finally:
            kill(process)
        assert "Traceback" not in self._said.read_text()

    def free_slot(self) -> None:
        """Give back the integrator's slot, which a killed run may have held: else the next one waits 20 s for it."""
        api = Api(self._server.url)
        for limit in api.post("/v2/concurrency_limits/filter", {"limit": 200}):
            if limit["name"].startswith(LIMIT_PREFIX):
                api.patch(f"/v2/concurrency_limits/{limit['id']}", {"active_slots": 0})

    def resume(self) -> None:
        """Run it to its end."""
        done = run(self._where, *self.command)
        assert done.returncode == 0, done.stdout + done.stderr


def same_end(trial: Trial, pilot: Pilot) -> None:
    """The same files, and the same ledger but for what passes and for what the lost calls cost."""
    for what in ("content", "plans", "notation", "docs", "manifests/units"):
        assert blobs(trial.folder, what) == blobs(pilot.folder, what)
    for register in ("manifests/deps.json", "manifests/connections.json"):
        assert entries(trial.folder, register) == entries(pilot.folder, register)
    found, expected = projection(trial.folder), projection(pilot.folder)
    lost = lost_costs(trial.folder)
    costs = {path: value for path, value in expected.items() if path.endswith(("/cost_usd", "/cost_usd_total"))}
    assert {path: found[path] - value for path, value in costs.items() if found[path] != value} == lost
    assert comparable(found) == comparable(expected)
    assert git(trial.folder, "status", "--porcelain") == ""
    assert git(trial.folder, "fsck", "--strict", "--no-dangling") == ""


def entries(folder: Path, path: str) -> list[str]:
    """Every entry of a register, in no order: units arrive in any."""
    document = json.loads(git(folder, "show", f"HEAD:{path}"))
    lists = ((key, each) for key, value in document.items() for each in (value if isinstance(value, list) else [value]))
    return sorted(json.dumps([key, each], sort_keys=True) for key, each in lists)


def comparable(document: dict[str, Any]) -> dict[str, Any]:
    passing = PASSING | {"cost_usd", "cost_usd_total"}
    return {path: value for path, value in document.items() if path.rpartition("/")[2] not in passing}


def lost_costs(folder: Path) -> dict[str, Decimal]:
    """Path in the ledger document → what lost calls add to it (US dollars), by the journal."""
    costs: Counter[str] = Counter()
    for call in calls(folder):
        if call["state"] == "lost":
            book = f"/books/{call['subject'].partition(':')[2]}/passes/{call['pass']}"
            for path in ("/totals/cost_usd_total", f"{book}/cost_usd"):
                costs[path] += call["charged"]
            if call["unit"]:
                costs[f"{book}/units/{call['unit']}/cost_usd"] += call["charged"]
    return {path: Decimal(micro).scaleb(-6) for path, micro in costs.items() if micro}


def nothing_twice(trial: Trial, pilot: Pilot) -> None:
    """Requests = distinct turns + at most those in flight at a kill, and each of these is in the journal as lost."""
    made = calls(trial.folder)
    states = Counter(call["state"] for call in made)
    assert set(states) <= {"settled", "lost"}
    settled = [label(call) for call in made if call["state"] == "settled"]
    sent_and_lost = Counter(label(call) for call in made if call["state"] == "lost" and call["submitted_at"])
    requests = trial.replay.requests()
    assert set(settled) == set(requests) == set(pilot.requests), "the same turns as in a run that nobody disturbs"
    assert len(settled) == len(set(settled))
    # a turn that was lost between its mark in the journal and the network has never reached the server
    again = Counter({turn: times - 1 for turn, times in requests.items() if times > 1})
    assert again <= sent_and_lost
    assert states["lost"] <= trial.kills * AT_ONCE


def ledger_holds(trial: Trial, where: Surroundings) -> None:
    verified = run(where, "-w", trial.folder, "ledger", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


@pytest.fixture
def trial(
    pilot: Pilot, recordings: Path, replaying: Callable[..., Replay], prefect_server: Server, tmp_path: Path
) -> Trial:
    return Trial(tmp_path / "pilot", replaying(recordings, DELAY), prefect_server, tmp_path)


@pytest.mark.soak
def test_killed_twice_it_comes_to_the_same_end(trial: Trial, pilot: Pilot) -> None:
    chance, turns = random.Random(2), len(pilot.requests)
    for _ in range(2):
        trial.kill_after(chance.randint(1, turns // 3), chance.uniform(0, DELAY / 2))
        trial.free_slot()
    assert trial.kills == 2
    at_the_kill = [call for call in calls(trial.folder) if call["state"] in {"submitted", "lost"}]
    assert any(call["turn"] > 1 for call in at_the_kill), "one was in the midst of a conversation"
    trial.resume()
    same_end(trial, pilot)
    nothing_twice(trial, pilot)
    ledger_holds(trial, pilot.surroundings)


@pytest.mark.soak
@pytest.mark.timeout(400)
@pytest.mark.parametrize("moment", range(10))
def test_killed_at_any_moment_it_comes_to_the_same_end(moment: int, trial: Trial, pilot: Pilot) -> None:
    """One in each tenth of its time, start and end included; the integrator's slot stays with the dead."""
    part = (moment + random.Random(moment).random()) / 10
    trial.kill_within(part * (pilot.seconds + DELAY * len(pilot.requests)))
    trial.resume()
    same_end(trial, pilot)
    nothing_twice(trial, pilot)
    ledger_holds(trial, pilot.surroundings)
