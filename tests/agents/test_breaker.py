"""The circuit breaker: its states, shared between processes, and what a run does when it is open."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codex.agents import breaker as module
from codex.agents.anthropic_backend import replay_backend
from codex.agents.breaker import (
    PROBE_PATIENCE,
    Breaker,
    BreakerRules,
    State,
    admit,
    alive,
    failed,
    open_breakers,
    released,
)
from codex.agents.call import CallAddress
from codex.agents.conversation import Failure, converse
from codex.agents.failures import FAULTS, TurnFailed
from codex.agents.faults import Fault
from codex.agents.journal import Journal
from codex.agents.process import this_process
from codex.agents.replay_server import ReplayServer
from codex.agents.tools import Toolbox
from codex.errors import Stopped

from .helpers import ADDRESS, SUBPROCESS, Pauses, a_call, message, record, submit

RULES = BreakerRules(failures=3, cooldown=10.0)
ME = this_process()
DOWN = TurnFailed("status_5xx", "The API answered 500: down.")
BUSY = TurnFailed("status_429", "The API answered 429: slower.")

#: What can happen: time passes, somebody asks to send, an answer or a failure comes, a sender gives up.
happenings = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.floats(0.1, 30)),
        st.tuples(st.just("ask"), st.integers(0, 3)),
        st.tuples(st.just("fail"), st.integers(0, 3)),
        st.tuples(st.just("answer"), st.integers(0, 3)),
        st.tuples(st.just("release"), st.integers(0, 3)),
    ),
    max_size=60,
)


@settings(max_examples=300, deadline=None)
@given(happenings)
def test_its_states(story: list[tuple[str, float]]) -> None:
    """Held against a model of its own: open exactly after enough failures in a row, one probe at a time, none before
    the cool-down, and closed by any answer."""
    state, now = State(), 1000.0
    in_a_row, last_failure, probing = 0, 0.0, None
    for what, value in story:
        who = f"{ME}|{value}"
        if what == "wait":
            now += value
        elif what == "ask":
            was_open = state.is_open
            state, wait = admit(state, now, RULES, who)
            if not was_open:
                assert wait == 0
            elif wait == 0:
                assert now >= last_failure + RULES.cooldown
                assert probing is None or now - probing[1] >= PROBE_PATIENCE
                probing = (who, now)
            else:
                assert 0 < wait <= RULES.cooldown
                assert now < last_failure + RULES.cooldown or probing is not None
        elif what == "fail":
            state, probing = failed(state, now, RULES, "down"), None
            in_a_row, last_failure = in_a_row + 1, now
        elif what == "answer":
            state, probing, in_a_row = alive(state), None, 0
        else:
            state = released(state, who)
            probing = None if probing and probing[0] == who else probing
        assert state.is_open is (in_a_row >= RULES.failures)
        assert state.failures == in_a_row
        assert bool(state.probe) is (probing is not None)


def test_a_probe_of_a_dead_process_is_not_waited_for() -> None:
    host, boot, _, _ = ME.split("|")
    dead = State(3, 0.0, "down", f"{host}|{boot}|999999|1|x", 20.0)
    assert admit(dead, 21.0, RULES, ME)[1] == 0.0
    living = State(3, 0.0, "down", f"{ME}|x", 20.0)
    assert admit(living, 21.0, RULES, ME)[1] > 0
    assert admit(living, 20.0 + PROBE_PATIENCE, RULES, ME)[1] == 0.0


def test_a_clock_that_was_set_back_does_not_keep_it_open() -> None:
    assert admit(State(3, 1_000_000.0), 5.0, RULES, ME)[1] == RULES.cooldown


def test_only_failures_of_the_server_count(journal: Journal) -> None:
    breaker = Breaker(journal, "replay", RULES, clock=lambda: 0.0)
    for failure in (DOWN, BUSY, DOWN, DOWN, None, DOWN, DOWN):
        breaker.report(failure)
        assert breaker.admit() == (0.0, "")
    breaker.report(DOWN)
    assert breaker.admit()[0] == 10.0
    counted = {kind for kind, rule in FAULTS.items() if rule.breaker}
    assert counted >= {
        "unreachable",
        "connection",
        "timeout",
        "status_5xx",
        "status_529",
        "overloaded",
        "cut",
        "stalled",
    }
    assert not counted & {"status_429", "refused", "refusal", "unanswered", "invalid_reply"}


def test_backends_have_each_their_own(journal: Journal) -> None:
    for _ in range(3):
        Breaker(journal, "replay", RULES).report(DOWN)
    assert Breaker(journal, "anthropic", RULES).admit() == (0.0, "")
    assert list(open_breakers(journal.path)) == ["replay"]
    assert open_breakers(journal.path)["replay"].reason == "The API answered 500: down."


def test_showing_it_makes_no_file_and_needs_no_new_journal(tmp_path: Path) -> None:
    assert open_breakers(tmp_path / "journal.sqlite3") == {}
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "journal.sqlite3").write_bytes(b"no database")
    assert open_breakers(tmp_path / "journal.sqlite3") == {}


def test_one_probe_at_a_time_across_processes(journal: Journal) -> None:
    """Many processes ask at the same moment after the cool-down; one is let through."""
    now = [0.0]
    breaker = Breaker(journal, "replay", BreakerRules(3, 0.0), clock=lambda: now[0])
    for _ in range(3):
        breaker.report(DOWN)
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom codex.agents.breaker import Breaker, BreakerRules\n"
        "from codex.agents.journal import Journal\n"
        "breaker = Breaker(Journal(Path(sys.argv[1])), 'replay', BreakerRules(3, 0.5))\n"
        "sys.stdin.readline()\nprint(breaker.admit()[0] == 0, flush=True)\nsys.stdin.readline()\n"
    )
    asking = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(journal.path)],
            env=SUBPROCESS,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(5)
    ]
    for each in asking:
        each.stdin.write("ask\n")
        each.stdin.flush()
    answers = [each.stdout.readline().strip() for each in asking]
    for each in asking:
        each.communicate("end\n", timeout=10)
    assert sorted(answers) == ["False"] * 4 + ["True"]


# --- in conversations ------------------------------------------------------------------------------------------------


class Talk:
    """Conversations with one server, whose breaker has a clock that the pauses move."""

    def __init__(self, recordings: Path, journal: Journal, toolbox: Toolbox, monkeypatch: pytest.MonkeyPatch) -> None:
        self.recordings, self.journal, self.toolbox = recordings, journal, toolbox
        self.pauses, self.now, self.told = Pauses(), 1000.0, []
        monkeypatch.setattr(module.Breaker.__init__, "__defaults__", (None, lambda: self.now))

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await self.pauses(seconds)
        await asyncio.sleep(0)

    async def __call__(self, url: str, unit: str = "u1", tries: int = 6):
        address = CallAddress("book:demo", "P4_production", unit)
        record(self.recordings, address, [message(submit())])
        policy = self.pauses.policy(tries)
        return await converse(
            a_call(address), replay_backend(url), self.journal, self.toolbox, breaker=RULES,
            policy=type(policy)(tries=tries, sleep=self.sleep, chance=lambda: 0.0), tell=self.told.append,
        )  # fmt: skip


@pytest.fixture
def talk(recordings: Path, journal: Journal, toolbox: Toolbox, monkeypatch: pytest.MonkeyPatch) -> Talk:
    return Talk(recordings, journal, toolbox, monkeypatch)


async def test_three_failures_stop_what_is_new_and_a_probe_starts_it_again(talk: Talk) -> None:
    with ReplayServer(talk.recordings, faults=[Fault("status", nth=(1, 2, 3))]) as server:
        for unit in ("u1", "u2", "u3"):
            assert (await talk(server.url, unit, tries=1)).failure is Failure.TRANSPORT
        refused = await talk(server.url, "u4")
        assert refused.failure is Failure.BREAKER
        assert "has failed 3 times in a row, so nothing new is sent" in refused.detail
        assert "Run the same command again in 10 s" in refused.detail
        assert server.requests.total() == 3
        assert talk.journal.counted("book:demo") == 0
        talk.now += 10
        assert (await talk(server.url, "u4")).reply is not None
        assert (await talk(server.url, "u1")).reply is not None
        assert server.requests.total() == 5


async def test_a_probe_that_fails_opens_it_for_as_long_again(talk: Talk) -> None:
    with ReplayServer(talk.recordings, faults=[Fault("status", nth=(1, 2, 3, 4))]) as server:
        for unit in ("u1", "u2", "u3"):
            await talk(server.url, unit, tries=1)
        talk.now += 10
        assert (await talk(server.url, "u4", tries=1)).failure is Failure.TRANSPORT
        talk.now += 9
        assert (await talk(server.url, "u5")).failure is Failure.BREAKER
        talk.now += 1
        assert (await talk(server.url, "u5")).reply is not None


async def test_a_conversation_under_way_waits_and_is_the_probe(talk: Talk) -> None:
    """Its fourth try comes after the cool-down, not two seconds later."""
    with ReplayServer(talk.recordings, faults=[Fault("status", nth=(1, 2, 3, 4))]) as server:
        outcome = await talk(server.url)
    assert outcome.reply is not None
    assert talk.pauses.seconds == [1, 2, 4, 6, 8, 2]  # 4 + 6 and 8 + 2: the cool-down of ten seconds, twice
    assert "the replay backend is down; this conversation waits 6 s" in talk.told


async def test_what_the_budget_refuses_is_no_probe(talk: Talk) -> None:
    with ReplayServer(talk.recordings, faults=[Fault("status", nth=(1, 2, 3))]) as server:
        for unit in ("u1", "u2", "u3"):
            await talk(server.url, unit, tries=1)
        talk.now += 10
        poor = a_call(ADDRESS, ceilings={"book:demo": Decimal(0)})
        outcome = await converse(poor, replay_backend(server.url), talk.journal, talk.toolbox, breaker=RULES)
        assert outcome.failure is Failure.BUDGET
        assert (await talk(server.url, "u4")).reply is not None


def test_an_open_breaker_is_a_stop_with_exit_status_4(journal: Journal) -> None:
    stop = Breaker(journal, "anthropic", RULES).refusal(7.0)
    assert isinstance(stop, Stopped)
    assert stop.exit_status == 4
