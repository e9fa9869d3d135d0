"""Message Batches: half the price, sent together, and found again after a kill at any moment."""

from __future__ import annotations

import asyncio
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
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest

from codex.agents.anthropic_backend import replay_backend
from codex.agents.call import CallAddress
from codex.agents.conversation import Outcome, converse
from codex.agents.faults import Fault
from codex.agents.handoff import HandoffBackend
from codex.agents.journal import Journal
from codex.agents.prices import builtin_prices
from codex.agents.recording import Recorder, Recordings
from codex.agents.replay_server import ReplayServer
from codex.agents.tools import Toolbox
from codex.errors import BackendError, Stopped

from .helpers import ADDRESS, MODEL, SUBPROCESS, Answer, Pauses, a_call, hurried, message, record, submit, workspace

COST = builtin_prices().of(MODEL).cost


def address(number: int) -> CallAddress:
    return CallAddress("book:demo", "P5_verification", f"u{number}")


def record_calls(folder: Path, count: int) -> None:
    for number in range(count):
        record(folder, address(number), [message(submit(), tokens=(100, 50 + number))])


async def hold(url: str, journal: Journal, toolbox: Toolbox, *numbers: int, **more) -> list[Outcome[Answer]]:
    backend = replay_backend(url)
    values = {"policy": Pauses().policy(), "batching": hurried(), **more}
    calls = [a_call(address(number), batch=True) for number in numbers]
    return list(await asyncio.gather(*(converse(call, backend, journal, toolbox, **values) for call in calls)))


async def test_calls_leave_together_and_cost_half(recordings: Path, journal: Journal, toolbox: Toolbox) -> None:
    record_calls(recordings, 5)
    with ReplayServer(recordings, batch_seconds=0.1) as server:
        outcomes = await hold(server.url, journal, toolbox, *range(5))
        assert server.requests["batches"] == 1
    assert all(outcome.reply == Answer(title="A title", rows=[1, 2]) for outcome in outcomes)
    for number, outcome in enumerate(outcomes):
        full = (100 * Decimal(1) + (50 + number) * Decimal(5)) / 1_000_000
        assert outcome.cost == pytest.approx(full / 2, abs=Decimal("0.000001"))
    lines = journal.cost_lines()
    assert {(line["batch"], line["outcome"]) for line in lines} == {(True, "ok")}
    assert sum(line["cost_usd"] for line in lines) == journal.counted("book:demo") == sum(o.cost for o in outcomes)
    assert [row["batch_id"] for row in journal.rows("SELECT batch_id FROM calls")] == ["msgbatch_000001"] * 5


async def test_a_batched_call_is_a_single_shot(recordings: Path, journal: Journal, toolbox: Toolbox) -> None:
    """No tools but submit, and that must be used; a reply that does not match goes back once, in another batch."""
    bad = message(submit(1, title="x", rows=[1]))
    record(recordings, address(0), [bad, message(submit(2))])
    with ReplayServer(recordings) as server:
        (outcome,) = await hold(server.url, journal, toolbox, 0, record=Recorder(recordings.parent / "copy"))
        assert server.requests["batches"] == 2
    assert (outcome.reply is not None, outcome.repairs) == (True, 1)
    assert [turn.message for turn in Recordings(recordings.parent / "copy").turns(address(0))] == [
        turn.message for turn in Recordings(recordings).turns(address(0))
    ]


async def test_where_there_are_no_batches_it_is_an_ordinary_call(tmp_path: Path, journal: Journal, toolbox) -> None:
    backend = HandoffBackend(tmp_path, tmp_path / "state")
    await converse(a_call(batch=True, answer_seconds=0.1), backend, journal, toolbox, policy=Pauses().policy())
    tools = json.loads((backend.outbox(ADDRESS).path("tools.json")).read_text())
    assert [tool["name"] for tool in tools] == ["read_unit", "search_corpus"]
    assert [line["batch"] for line in journal.cost_lines()] == [False]


async def test_a_lost_answer_to_making_it_is_not_a_second_batch(recordings, journal, toolbox) -> None:
    record_calls(recordings, 3)
    with ReplayServer(recordings, faults=[Fault("batch_lost", "batches")], batch_seconds=0.1) as server:
        outcomes = await hold(server.url, journal, toolbox, 0, 1, 2)
        assert server.requests["batches"] == 1
    assert all(outcome.reply is not None for outcome in outcomes)
    assert {line["outcome"] for line in journal.cost_lines()} == {"ok"}


async def test_a_batch_that_cannot_be_looked_at_goes_on(recordings, journal, toolbox) -> None:
    """Failing to look is no failure of the call: nothing is sent again, and the next run fetches the answer."""
    record_calls(recordings, 2)
    with ReplayServer(recordings, faults=[Fault("status", "batches/*", nth=range(1, 5))]) as server:
        with pytest.raises(Stopped, match="goes on, but looking at it fails") as caught:
            await hold(server.url, journal, toolbox, 0, batching=hurried(tries=4))
        assert caught.value.exit_status == 4
        assert journal.cost_lines() == []
        assert journal.counted("book:demo") > 0  # still set aside
        (outcome,) = await hold(server.url, journal, toolbox, 0)
        assert server.requests["batches"] == 1
    assert outcome.reply is not None
    assert journal.counted("book:demo") == outcome.cost


async def test_some_may_fail_and_the_others_not(recordings, journal, toolbox) -> None:
    record_calls(recordings, 3)
    faults = [Fault("batch_expired", f"{address(1)}/1"), Fault("batch_failed", f"{address(2)}/1")]
    with ReplayServer(recordings, faults=faults) as server:
        outcomes = await hold(server.url, journal, toolbox, 0, 1, 2)
    assert all(outcome.reply is not None for outcome in outcomes)
    counts = Counter(line["outcome"] for line in journal.cost_lines())
    assert counts == {"ok": 3, "batch_expired": 1, "batch_failed": 1}


async def test_what_the_api_refuses_is_one_clear_sentence(recordings, journal, toolbox) -> None:
    with ReplayServer(recordings) as server, pytest.raises(BackendError, match="recording missing for"):
        await hold(server.url, journal, toolbox, 7)


async def test_a_request_that_no_batch_has_is_sent_again(recordings, journal, toolbox) -> None:
    """A run noted it as sent and died before it left: looked for, not found, its reservation kept, sent once more."""
    record_calls(recordings, 1)
    with ReplayServer(recordings) as server:
        task = asyncio.create_task(hold(server.url, journal, toolbox, 0, batching=hurried(gather=30)))
        while not journal.rows("SELECT 1 FROM calls WHERE state = 'submitted'"):
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert server.requests.total() == 0
    del task
    await asyncio.sleep(0)
    with ReplayServer(recordings) as server:
        (outcome,) = await hold(server.url, journal, toolbox, 0)
    assert outcome.reply is not None
    lost, paid = journal.cost_lines()
    assert (lost["outcome"], paid["outcome"]) == ("batch_unfound", "ok")
    assert lost["cost_usd"] > 0


# --- kill -9 --------------------------------------------------------------------------------------------------------

#: Starts one life for each line it reads (the moment at which it is to die), by fork: importing the SDK takes seconds.
LIVES = """
    import asyncio, os, signal, sys
    from pathlib import Path
    import anthropic
    from agents.helpers import a_call, hurried
    from codex.agents.anthropic_backend import AnthropicBackend, replay_backend
    from codex.agents.call import CallAddress
    from codex.agents.conversation import converse
    from codex.agents.journal import Journal
    from codex.agents.tools import Toolbox
    from codex.snapshot import TreeSnapshot

    def die(*_):
        os.kill(os.getpid(), signal.SIGKILL)

    def die_at(moment):
        if moment == "made":       # the API has it, and nobody here knows its id
            make = AnthropicBackend.create_batch
            async def create_batch(self, requests):
                await make(self, requests)
                die()
            AnthropicBackend.create_batch = create_batch
        if moment == "noted":      # its id is in the journal, nobody has waited
            note = Journal.batched
            def batched(self, calls, batch):
                note(self, calls, batch)
                die()
            Journal.batched = batched
        if moment == "fetched":    # the results have come, none is in the journal
            Journal.result = die

    async def main(url, home):
        backend, toolbox = replay_backend(url), Toolbox(TreeSnapshot(home / "ws"))
        journal = Journal(home / "journal.sqlite3")
        calls = [a_call(CallAddress("book:demo", "P5_verification", f"u{n}"), batch=True) for n in range(4)]
        ends = await asyncio.gather(*(converse(c, backend, journal, toolbox, batching=hurried()) for c in calls))
        (home / "end").write_text(repr([end.reply is not None for end in ends]))

    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            die_at(line.strip())
            asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
            os._exit(0)
        print(pid, flush=True)
        print(os.waitpid(pid, 0)[1], flush=True)
"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[ReplayServer]:
    workspace(tmp_path / "ws")
    record_calls(tmp_path / "recordings", 4)
    with ReplayServer(tmp_path / "recordings", batch_seconds=0.2) as server:
        yield server


class Lives:
    """Runs of the same four calls, one after the other."""

    def __init__(self, home: Path, url: str) -> None:
        self.home = home
        line = [sys.executable, "-c", textwrap.dedent(LIVES), url, str(home)]
        self.process = subprocess.Popen(line, env=SUBPROCESS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def start(self, moment: str = "") -> int:
        self.process.stdin.write(f"{moment}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def ended(self) -> int:
        """The signal that the life under way ended with; 0 when it came to its end."""
        return int(self.process.stdout.readline())

    def resume(self) -> None:
        self.start()
        assert self.ended() == 0
        assert (self.home / "end").read_text() == "[True, True, True, True]"


@pytest.fixture
def lives(served: ReplayServer, tmp_path: Path) -> Iterator[Lives]:
    running = Lives(tmp_path, served.url)
    yield running
    running.process.communicate(timeout=30)


def test_killed_at_the_worst_moments_it_is_found_again(served: ReplayServer, lives: Lives, tmp_path: Path) -> None:
    """One life after the other dies: the API has the batch and nobody knows its id; the id is noted and nobody has
    waited; the results have come and none is kept. It is made once all the same."""
    for moment in ("made", "fetched"):
        lives.start(moment)
        assert lives.ended() == signal.SIGKILL
    hold_to_one_batch(served, lives, tmp_path)


def test_killed_before_anybody_waits_it_is_found_again(served: ReplayServer, lives: Lives, tmp_path: Path) -> None:
    lives.start("noted")
    assert lives.ended() == signal.SIGKILL
    hold_to_one_batch(served, lives, tmp_path)


def hold_to_one_batch(served: ReplayServer, lives: Lives, home: Path) -> None:
    lives.resume()
    assert served.requests["batches"] == 1  # made once, whatever happened
    assert all(served.requests[f"{address(n)}/1"] == 1 for n in range(4))
    journal = Journal(home / "journal.sqlite3")
    lines = journal.cost_lines()
    assert [line["outcome"] for line in lines] == ["ok"] * 4
    assert sum(line["cost_usd"] for line in lines) == journal.counted("book:demo")
    journal.close()


@pytest.mark.soak
def test_killed_at_random_moments_every_batch_is_paid_once(served: ReplayServer, lives: Lives, tmp_path: Path) -> None:
    """No request is in two batches unless the first never left."""
    chance = random.Random(20)
    for _ in range(20):
        pid = lives.start()
        time.sleep(chance.uniform(0, 0.4))
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        lives.ended()
    lives.resume()
    journal = Journal(tmp_path / "journal.sqlite3")
    outcomes = Counter(line["outcome"] for line in journal.cost_lines())
    asked = sum(served.requests[f"{address(n)}/1"] for n in range(4))
    assert outcomes["ok"] == 4
    assert asked <= 4 + outcomes["batch_unfound"]
    journal.close()
