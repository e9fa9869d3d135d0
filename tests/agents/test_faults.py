"""Every way in which a server fails: what the client does, how often it asks, and what it costs."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from codex.agents.anthropic_backend import AnthropicBackend, is_loopback, replay_backend
from codex.agents.backend import FAULTS, TurnFailed
from codex.agents.conversation import Failure, converse
from codex.agents.faults import ACTIONS, Fault, FaultScript, read_faults
from codex.agents.journal import Journal
from codex.agents.replay_server import ReplayServer
from codex.agents.tools import Toolbox
from codex.agents.turns import RetryPolicy
from codex.errors import BackendError, UserError

from .helpers import ADDRESS, Pauses, a_call, a_request, message, record, submit, text

ANSWER = [message(text("x" * 5000), submit())]
COST = Decimal("0.00035")

#: Fault of the first request → outcome in the journal, and whether its reservation is kept as spent.
RECOVERED = [
    (Fault("status", status=429, headers={"retry-after": "7"}), "status_429", False),
    (Fault("status", status=408), "status_408", False),
    (Fault("status", status=409), "status_409", False),
    (Fault("status", status=500), "status_5xx", False),
    (Fault("status", status=503), "status_5xx", False),
    (Fault("status", status=529), "status_5xx", False),
    (Fault("hang_up"), "connection", True),
    (Fault("cut", after=0), "cut", True),
    (Fault("cut", after=1), "cut", True),
    (Fault("cut", after=5), "cut", True),
    (Fault("end_early", after=0), "garbage", True),
    (Fault("end_early", after=4), "garbage", True),
    (Fault("error_event", after=3), "overloaded", True),
    (Fault("garbage", after=4), "garbage", True),
    (Fault("html"), "garbage", True),
    (Fault("stall", after=4, seconds=1.5), "stalled", True),
]


async def run(recordings: Path, faults: list[Fault], journal: Journal, toolbox: Toolbox, pauses: Pauses, **call):
    record(recordings, ADDRESS, ANSWER)
    with ReplayServer(recordings, faults=faults) as server:
        backend = replay_backend(server.url, idle=0.5)
        outcome = await converse(a_call(**call), backend, journal, toolbox, policy=pauses.policy())
    return outcome, sum(server.requests.values())


@pytest.mark.parametrize(("fault", "outcome", "kept"), RECOVERED, ids=lambda value: getattr(value, "do", value))
async def test_a_passing_fault_is_survived_and_accounted(
    recordings: Path, journal: Journal, toolbox: Toolbox, fault: Fault, outcome: str, kept: bool
) -> None:
    pauses = Pauses()
    end, requests = await run(recordings, [fault], journal, toolbox, pauses)
    assert end.reply is not None
    assert requests == 2
    failed, paid = journal.cost_lines()
    assert (failed["outcome"], paid["outcome"]) == (outcome, "ok")
    assert (failed["cost_usd"] > 0) is kept
    assert paid["cost_usd"] == COST
    assert end.cost == failed["cost_usd"] + COST == journal.counted("book:demo")
    assert pauses.seconds == [7.0 if fault.status == 429 else 1.0]


async def test_every_kind_of_fault_is_tested_here_or_below() -> None:
    tested = {outcome for _, outcome, _ in RECOVERED}
    assert set(FAULTS) == tested | {"unreachable", "timeout", "unanswered"}
    assert {fault.do for fault, _, _ in RECOVERED} == set(ACTIONS)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422])
async def test_what_asking_again_cannot_cure_is_given_up_at_once(
    recordings: Path, journal: Journal, toolbox: Toolbox, status: int
) -> None:
    pauses = Pauses()
    with pytest.raises(BackendError, match=rf"refused {ADDRESS}/1 \({status}\): scripted fault\."):
        await run(recordings, [Fault("status", status=status)], journal, toolbox, pauses)
    assert pauses.seconds == []
    assert [(line["outcome"], line["cost_usd"]) for line in journal.cost_lines()] == [("refused", 0)]


async def test_a_lasting_fault_ends_the_conversation_after_its_tries(recordings: Path, journal, toolbox) -> None:
    pauses = Pauses()
    end, requests = await run(recordings, [Fault("status", nth=(), status=529)], journal, toolbox, pauses)
    assert end.failure is Failure.TRANSPORT
    assert "529" in end.detail
    assert requests == 6
    assert pauses.seconds == [1, 2, 4, 8, 16]
    assert end.cost == 0


async def test_faults_that_keep_their_reservation_cannot_pass_the_ceiling(recordings, journal, toolbox) -> None:
    ceiling = Decimal("0.03")
    end, requests = await run(
        recordings, [Fault("cut", nth=())], journal, toolbox, Pauses(), ceilings={"book:demo": ceiling}
    )
    assert end.failure is Failure.BUDGET
    assert 0 < requests < 6
    assert journal.counted("book:demo") <= ceiling


async def test_no_server_at_all_is_free_and_retried(journal: Journal, toolbox: Toolbox) -> None:
    pauses = Pauses()
    backend = replay_backend("http://127.0.0.1:9", connect=1.0)
    end = await converse(a_call(), backend, journal, toolbox, policy=pauses.policy(tries=3))
    assert end.failure is Failure.TRANSPORT
    assert {line["outcome"] for line in journal.cost_lines()} == {"unreachable"}
    assert (end.cost, len(pauses.seconds)) == (0, 2)


async def test_an_answer_that_does_not_begin_is_a_timeout(recordings: Path) -> None:
    record(recordings, ADDRESS, ANSWER)
    with ReplayServer(recordings, delay=1.0) as server, pytest.raises(TurnFailed) as caught:
        await replay_backend(server.url, first=0.3).turn(a_request())
    assert caught.value.kind == "timeout"


async def test_pings_do_not_pass_for_progress(recordings: Path) -> None:
    record(recordings, ADDRESS, ANSWER)
    faults = [Fault("stall", after=4, seconds=20)]
    with ReplayServer(recordings, faults=faults) as server, pytest.raises(TurnFailed, match="silent"):
        await replay_backend(server.url, idle=0.6).turn(a_request())


def test_pauses_double_are_jittered_and_bounded() -> None:
    calm = RetryPolicy(chance=lambda: 0.0)
    assert [calm.pause(n, None) for n in range(1, 9)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert RetryPolicy(chance=lambda: 1.0).pause(3, None) == 3.0
    assert calm.pause(1, 3600.0) == 60.0
    assert calm.pause(6, 5.0) == 32.0


@pytest.mark.parametrize(
    ("value", "seconds"), [("12", 12.0), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-1", None), ("inf", None)]
)
async def test_retry_after_is_read_with_care(recordings: Path, value: str, seconds: float | None) -> None:
    fault = Fault("status", status=429, headers={"retry-after": value})
    with ReplayServer(recordings, faults=[fault]) as server, pytest.raises(TurnFailed) as caught:
        await replay_backend(server.url).turn(a_request())
    assert caught.value.retry_after == seconds


def test_without_key_and_address_the_choices_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(BackendError, match="ANTHROPIC_API_KEY") as caught:
        AnthropicBackend()
    assert "--backend handoff" in caught.value.remedy
    assert "--backend replay" in caught.value.remedy
    assert caught.value.exit_status == 2


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:80", True),
        ("http://localhost:1", True),
        ("http://[::1]:8", True),
        ("https://api.anthropic.com", False),
        ("http://127.0.0.1.example.org", False),
        ("http://10.0.0.1", False),
    ],
)
def test_only_this_machine_gets_the_address_of_a_call(url: str, local: bool) -> None:
    assert is_loopback(url) is local


def test_rules_count_each_for_itself() -> None:
    script = FaultScript([Fault("cut", match="book:a/*", nth=(2,)), Fault("stall", nth=(3,))])
    struck = [script.strike(label) for label in ("book:a/1", "book:a/2", "book:b/1", "book:a/3")]
    assert [fault and fault.do for fault in struck] == [None, "cut", "stall", None]


@pytest.mark.parametrize("content", ["", "{}", "[1]", '[{"do": "explode"}]', '[{"so": "cut"}]'])
def test_a_script_that_is_none_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "faults.json"
    path.write_text(content)
    with pytest.raises(UserError, match=r"faults\.json"):
        read_faults(path)
