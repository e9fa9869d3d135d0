"""kill -9 at any moment of a campaign, then resume: the same end, nothing paid twice.

The local server is a process of its own, so it sees every request of every life of the campaign.
"""

from __future__ import annotations

import json
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

CAMPAIGN = """
    import asyncio, sys
    from pathlib import Path
    from agents.helpers import a_call
    from codex.agents.anthropic_backend import replay_backend
    from codex.agents.call import CallAddress
    from codex.agents.conversation import converse
    from codex.agents.journal import Journal
    from codex.agents.tools import Toolbox
    from codex.snapshot import TreeSnapshot

    async def main(url, home, conversations):
        backend, journal, toolbox = replay_backend(url), Journal(home / "journal.sqlite3"), Toolbox(TreeSnapshot(home / "ws"))
        calls = [a_call(CallAddress("book:demo", "P4_production", f"u{n}")) for n in range(conversations)]
        ends = await asyncio.gather(*(converse(call, backend, journal, toolbox) for call in calls))
        sys.stdout.write(repr([end.reply for end in ends]))

    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
"""


class Campaign:
    """A server process and a campaign that is started again and again."""

    def __init__(self, home: Path) -> None:
        self.home, self.log = home, home / "requests.jsonl"
        workspace(home / "ws")
        for n in range(CONVERSATIONS):
            looks = [message(use("search_corpus", {"query": f"clifford {n} {t}"}, t)) for t in range(TURNS - 1)]
            record(home / "recordings", CallAddress("book:demo", "P4_production", f"u{n}"), [*looks, message(submit(9))])
        port = home / "port"
        arguments = ["--recordings", home / "recordings", "--port-file", port, "--log", self.log, "--delay", "0.08"]
        line = [sys.executable, "-m", "codex.agents.replay_server", *map(str, arguments)]
        self.server = subprocess.Popen(line, env=SUBPROCESS)
        while not port.exists():
            assert self.server.poll() is None
            time.sleep(0.02)
        self.url = f"http://127.0.0.1:{port.read_text().strip()}"

    def start(self) -> subprocess.Popen[str]:
        line = [sys.executable, "-c", textwrap.dedent(CAMPAIGN), self.url, str(self.home), str(CONVERSATIONS)]
        return subprocess.Popen(line, env=SUBPROCESS, stdout=subprocess.PIPE, text=True)

    def requests(self) -> Counter[str]:
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return Counter(json.loads(line)["label"] for line in lines)

    def kill_after(self, requests: int, pause: float) -> None:
        """Start it, and kill it a moment after so many more requests have arrived."""
        process = self.start()
        before = self.requests().total()
        while self.requests().total() < before + requests and process.poll() is None:
            time.sleep(0.005)
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        process.communicate()


@pytest.fixture
def campaign(tmp_path: Path) -> Iterator[Campaign]:
    running = Campaign(tmp_path)
    yield running
    running.server.terminate()
    assert running.server.wait(10) == 0


def hold_to_the_equation(campaign: Campaign, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(kills):
        campaign.kill_after(chance.randint(1, 3), chance.uniform(0, 0.1))
    output, _ = campaign.start().communicate(timeout=60)
    assert output == repr([output_reply() for _ in range(CONVERSATIONS)])

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
