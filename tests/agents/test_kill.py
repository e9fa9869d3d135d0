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
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from codex.agents.call import CallAddress
from codex.agents.journal import Journal

from .helpers import SUBPROCESS, message, record, submit, use, workspace

#: Subjects of the campaign → units of each; every unit is a conversation.
SUBJECTS = {"book:one": 3, "book:two": 3, "book:three": 2}
CONVERSATIONS = sum(SUBJECTS.values())
TURNS = 4
#: Enough that work is left at the twentieth kill: a life takes each conversation a turn or two further.
MANY_TURNS = 24
ADDRESSES = [
    CallAddress(subject, "P4_production", f"u{n}") for subject, units in SUBJECTS.items() for n in range(units)
]

#: Starts one life of the campaign for each line it reads, by fork: importing the SDK anew would take two seconds.
CAMPAIGN = """
    import asyncio, os, sys
    from decimal import Decimal
    from pathlib import Path
    import anthropic
    from agents.helpers import a_call
    from codex.agents.anthropic_backend import replay_backend
    from codex.agents.call import CallAddress
    from codex.agents.conversation import converse
    from codex.agents.journal import Journal
    from codex.agents.tools import Toolbox
    from codex.snapshot import TreeSnapshot

    async def main(url, home, turns, addresses):
        backend, toolbox = replay_backend(url), Toolbox(TreeSnapshot(home / "ws"))
        journal = Journal(home / "journal.sqlite3")
        ceilings = lambda a: {a.subject: Decimal(12), "tier:α": Decimal(18)}
        calls = [a_call(a, ceilings=ceilings(a), max_turns=turns) for a in map(CallAddress.parse, addresses)]
        ends = await asyncio.gather(*(converse(call, backend, journal, toolbox) for call in calls))
        (home / "end").write_text(repr([end.reply for end in ends]))

    print(0, flush=True)
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]))
            os._exit(0)
        print(pid, flush=True)
        print(os.waitpid(pid, 0)[1], flush=True)
"""


class Campaign:
    """A server process and a campaign that is started again and again."""

    def __init__(self, home: Path, turns: int) -> None:
        self.home, self.turns, self.log = home, turns, home / "requests.jsonl"
        workspace(home / "ws")
        for n, address in enumerate(ADDRESSES):
            looks = [message(use("search_corpus", {"query": f"clifford {n} {t}"}, t)) for t in range(turns - 1)]
            record(home / "recordings", address, [*looks, message(submit(9))])
        port = home / "port"
        arguments = ["--recordings", home / "recordings", "--port-file", port, "--log", self.log, "--delay", "0.08"]
        line = [sys.executable, "-m", "codex.agents.replay_server", *map(str, arguments)]
        self.server = subprocess.Popen(line, env=SUBPROCESS)
        while not port.exists():
            assert self.server.poll() is None
            time.sleep(0.02)
        self.url = f"http://127.0.0.1:{port.read_text().strip()}"

        line = [sys.executable, "-c", textwrap.dedent(CAMPAIGN), self.url, str(home), str(turns), *map(str, ADDRESSES)]
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

    def arrivals(self) -> list[dict[str, str]]:
        """What has reached the server: the turn, and the id under which it was journaled."""
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []

    def kill_after(self, requests: int, pause: float) -> bool:
        """Start it, and kill it a moment after so many more requests have arrived; False if it had ended by then.

        A quick machine can be through with its last turns within the pause: then there is nobody left to kill.
        """
        before = len(self.arrivals())
        pid = self.start()
        until = time.monotonic() + 2
        while len(self.arrivals()) < before + requests and time.monotonic() < until:
            time.sleep(0.005)
        time.sleep(pause)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        return self.told() == signal.SIGKILL


@pytest.fixture
def campaign(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Campaign]:
    running = Campaign(tmp_path, getattr(request, "param", TURNS))
    yield running
    running.lives.communicate(timeout=10)
    running.server.terminate()
    assert running.server.wait(10) == 0


def hold_to_the_equation(campaign: Campaign, kills: int, seed: int) -> tuple[int, int]:
    """Requests = distinct turns + those in flight at a kill; returns how many there were of each.

    What the server saw is held against the journal one by one: it names each request's journal id in its log. A turn
    that was noted as sent but killed before its bytes left is lost as well, and has not reached the server.
    """
    chance = random.Random(seed)
    killed = [campaign.kill_after(chance.randint(1, 5), chance.uniform(0, 0.12)) for _ in range(kills)]
    assert all(killed), "the campaign was through before the last kill: give it more turns"
    campaign.start()
    assert campaign.told() == 0
    assert (campaign.home / "end").read_text() == repr([output_reply() for _ in range(CONVERSATIONS)])

    journal = Journal(campaign.home / "journal.sqlite3")
    rows = {row["id"]: row for row in journal.rows("SELECT * FROM calls")}
    arrivals = campaign.arrivals()
    seen = [each["sent_as"] for each in arrivals]
    in_flight = [call for call in seen if rows[call]["state"] == "lost"]
    distinct = {each["label"] for each in arrivals}
    assert len(set(seen)) == len(seen)  # no journaled call was ever sent twice
    assert len(distinct) == CONVERSATIONS * campaign.turns
    assert len(seen) == len(distinct) + len(in_flight)
    assert {call for call in seen if rows[call]["state"] == "settled"} == {
        call for call, row in rows.items() if row["state"] == "settled"
    }
    for call, row in rows.items():
        assert row["state"] in {"settled", "lost"}
        if call in in_flight:
            assert (row["outcome"], row["charged"]) == ("lost", row["reserved"])
        elif row["state"] == "lost":
            assert row["charged"] == (row["reserved"] if row["submitted_at"] else 0)
    for subject in SUBJECTS:
        own = [line["cost_usd"] for line in journal.cost_lines(subject)]
        assert journal.counted(subject) == sum(own) <= 12
    assert journal.counted("tier:α") == sum(line["cost_usd"] for line in journal.cost_lines()) <= 18
    journal.close()
    return len(distinct), len(in_flight)


def output_reply() -> object:
    from .helpers import Answer

    return Answer(title="A title", rows=[1, 2])


def test_three_kills_and_a_resumption(campaign: Campaign) -> None:
    _, in_flight = hold_to_the_equation(campaign, kills=3, seed=7)
    assert in_flight > 0


@pytest.mark.soak
@pytest.mark.parametrize("campaign", [MANY_TURNS], indirect=True)
@pytest.mark.parametrize("seed", [20, 21, 22])
def test_twenty_kills_and_a_resumption(campaign: Campaign, seed: int) -> None:
    distinct, in_flight = hold_to_the_equation(campaign, kills=20, seed=seed)
    sys.stderr.write(f"20 kills: {distinct} distinct turns, {in_flight} more requests in flight at a kill\n")
