"""The embedded pilot, run once to its end; the tests of this folder look at what it has made."""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deployments.server import Server
from tests.flows.helpers import make_workspace
from tests.pilot.helpers import RECORDINGS, Replay, Surroundings, run


@dataclass(frozen=True)
class Pilot:
    """A pilot that has run to its end: its workspace, what it printed, how long it took, what it asked for."""

    folder: Path
    done: subprocess.CompletedProcess[str]
    seconds: float
    requests: Counter[str]
    surroundings: Surroundings


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The pilot's recordings. They are a part of the project: without them these tests fail."""
    assert RECORDINGS.is_dir(), f"the recordings of the pilot are missing: {RECORDINGS}"
    return RECORDINGS


@pytest.fixture(scope="session")
def fresh_pilot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pilot's workspace as it is made, before anything is run. To be copied, not changed."""
    return make_workspace(tmp_path_factory.mktemp("fresh") / "pilot").root


@pytest.fixture
def replaying(tmp_path: Path) -> Iterator[Callable[[Path, float], Replay]]:
    """Starts replay servers (recordings, seconds to wait before each answer) that end with the test."""
    started: list[Replay] = []

    def begin(folder: Path, delay: float = 0.0) -> Replay:
        started.append(Replay(folder, tmp_path / f"replay{len(started)}", delay))
        return started[-1]

    yield begin
    for each in started:
        each.close()


@pytest.fixture(scope="session")
def pilot(recordings: Path, prefect_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Pilot:
    """`codexctl pilot` in a new folder, to its end, undisturbed."""
    home = tmp_path_factory.mktemp("pilot")
    replay = Replay(recordings, home / "replay")
    surroundings = Surroundings(prefect_server.url, home / "prefect-home", replay.url)
    begun = time.monotonic()
    try:
        done = run(surroundings, "pilot", home / "pilot")
    finally:
        replay.close()
    return Pilot(home / "pilot", done, time.monotonic() - begun, replay.requests(), surroundings)
