"""kill -9 at any moment of a campaign, then resume: the same end, nothing paid twice.

The local server is a process of its own, so it sees every request of every life of the campaign.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from codex.agents.call import CallAddress
from codex.agents.journal import Journal

from .helpers import SUBPROCESS, message, record, submit, use, workspace

CONVERSATIONS = 4
TURNS = 4

#: Starts one life of the campaign for each line it reads, by fork: importing the SDK anew would take two seconds.
CAMPAIGN = """
    import asyncio, os, sys
    from pathlib import Path
    import anthropic
    from agents.helpers import a_call
    from codex.agents.anthropic_backend import replay_backend
    from codex.agents.call import CallAddress
    from codex.agents.conversation import converse
    from codex.agents.journal import Journal
    from codex.agents.tools import Toolbox
    from codex.snapshot import TreeSnapshot

    async def main(url, home, conversations):
        backend, toolbox = replay_backend(url), Toolbox(TreeSnapshot(home / "ws"))
        journal = Journal(home / "journal.sqlite3")
        calls = [a_call(CallAddress("book:demo", "P4_production", f"u{n}")) for n in range(conversations)]
        ends = await asyncio.gather(*(converse(call, backend, journal, toolbox) for call in calls))
        (home / "end").write_text(repr([end.reply for end in ends]))

    print(0, flush=True)
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
            os._exit(0)
        print(pid, flush=True)
        print(os.waitpid(pid, 0)[1], flush=True)
"""


class Campaign:
    """A server process and a campaign that is started again and again."""

    def __init__(self, home: Path) -> None:
        self.home, self.log = home, home / "requests.jsonl"
        workspace(home / "ws")
        for n in range(CONVERSATIONS):
            looks = [message(use("search_corpus", {"query": f"clifford {n} {t}"}, t)) for t in range(TURNS - 1)]
            record(
                home / "recordings", CallAddress("book:demo", "P4_production", f"u{n}"), [*looks, message(submit(9))]
            )
        port = home / "port"
        arguments = ["--recordings", home / "recordings", "--port-file", port, "--log", self.log, "--delay", "0.08"]
        line = [sys.executable, "-m", "codex.agents.replay_server", *map(str, arguments)]
        self.server = subprocess.Popen(line, env=SUBPROCESS)
        while not port.exists():
            assert self.server.poll() is None
            time.sleep(0.02)
        self.url = f"http://127.0.0.1:{port.read_text().strip()}"

        line = [sys.executable, "-c", textwrap.dedent(CAMPAIGN), self.url, str(home), str(CONVERSATIONS)]
        self.lives = subprocess.Popen(line, env=SUBPROCESS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.told() == 0

    def told(self) -> int:
        assert self.lives.stdout is not None
        return int(self.lives.stdout.readline())

    def start(self) -> int:
        """Begin a life; returns its process id. ``told`` then waits for its end."""
        assert self.lives.stdin is not None
        self.lives.stdin.write("live\n")
        self.lives.stdin.flush()
        return self.told()

    def requests(self) -> Counter[str]:
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return Counter(json.loads(line)["label"] for line in lines)

    def kill_after(self, requests: int, pause: float) -> bool:
        """Start it, and kill it a moment after so many more requests have arrived; False if it had ended by then."""
        before = self.requests().total()
        pid = self.start()
        until = time.monotonic() + 2
        while self.requests().total() < before + requests and time.monotonic() < until:
            time.sleep(0.005)
        time.sleep(pause)
        os.kill(pid, signal.SIGKILL)
        return self.told() == signal.SIGKILL


@pytest.fixture
def campaign(tmp_path: Path) -> Iterator[Campaign]:
    running = Campaign(tmp_path)
    yield running
    running.lives.communicate(timeout=10)
    running.server.terminate()
    assert running.server.wait(10) == 0


def hold_to_the_equation(campaign: Campaign, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(kills):
        campaign.kill_after(chance.randint(1, 3), chance.uniform(0, 0.1))
    campaign.start()
    assert campaign.told() == 0
    assert (campaign.home / "end").read_text() == repr([output_reply() for _ in range(CONVERSATIONS)])

    journal = Journal(campaign.home / "journal.sqlite3")
    outcomes = Counter(line["outcome"] for line in journal.cost_lines())
    lost = [line for line in journal.cost_lines() if line["outcome"] == "lost"]
    sent_and_lost = [line for line in lost if line["cost_usd"] > 0]  # an intent that was never sent costs nothing
    requests = campaign.requests()
    assert len(requests) == outcomes["ok"] == CONVERSATIONS * TURNS
    # a turn lost between its mark in the journal and the network never reached the server
    assert len(requests) <= requests.total() <= outcomes["ok"] + len(sent_and_lost)
    assert journal.counted("book:demo") == sum(line["cost_usd"] for line in journal.cost_lines())
    journal.close()


def output_reply() -> object:
    from .helpers import Answer

    return Answer(title="A title", rows=[1, 2])


def test_three_kills_and_a_resumption(campaign: Campaign) -> None:
    hold_to_the_equation(campaign, kills=3, seed=7)
    assert campaign.requests().total() > CONVERSATIONS * TURNS  # some turn was under way at a kill


@pytest.mark.soak
def test_twenty_kills_and_a_resumption(campaign: Campaign) -> None:
    hold_to_the_equation(campaign, kills=20, seed=20)
