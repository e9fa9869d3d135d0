"""Every way in which things fail: the local server does it, and client, cost and message are what the table says."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from codex.agents import faultdocs
from codex.agents.anthropic_backend import AnthropicBackend, is_loopback, replay_backend
from codex.agents.breaker import BreakerRules
from codex.agents.conversation import Failure, converse
from codex.agents.failures import FAULTS, TurnFailed
from codex.agents.faults import ACTIONS, Fault, FaultScript, read_faults
from codex.agents.handoff import HandoffBackend
from codex.agents.journal import Journal
from codex.agents.replay_server import ReplayServer
from codex.agents.tools import Toolbox
from codex.agents.turns import RetryPolicy
from codex.errors import BackendError, UserError

from .helpers import ADDRESS, Pauses, a_call, a_request, hurried, message, record, submit, text

ANSWER = message(text("x" * 5000), submit())
COST = Decimal("0.00035")
FAULTY_COST = Decimal("0.00035")  # the local server's wrong answers count 100 tokens in, 50 out

#: Kind of failure → what the local server is told to do. Each is done once, and again and again.
DONE: list[tuple[str, Fault]] = [
    ("connection", Fault("hang_up")),
    ("timeout", Fault("silent", seconds=0.8)),
    ("status_408", Fault("status", status=408)),
    ("status_409", Fault("status", status=409)),
    ("status_429", Fault("status", status=429, headers={"retry-after": "7"})),
    ("status_5xx", Fault("status", status=500)),
    ("status_5xx", Fault("status", status=503)),
    ("status_529", Fault("status", status=529)),
    ("overloaded", Fault("error_event", after=3)),
    ("cut", Fault("cut", after=0)),
    ("cut", Fault("cut", after=1)),
    ("cut", Fault("cut", after=5)),
    ("stalled", Fault("stall", after=4, seconds=1.0)),
    ("garbage", Fault("end_early", after=0)),
    ("garbage", Fault("end_early", after=4)),
    ("garbage", Fault("garbage", after=4)),
    ("garbage", Fault("html")),
    ("invalid_json", Fault("bad_json")),
    ("refused", Fault("status", status=400)),
    ("refusal", Fault("refusal")),
    ("context_window", Fault("context_window")),
    ("max_tokens", Fault("max_tokens")),
    ("pause_turn", Fault("pause_turn")),
    ("empty", Fault("empty")),
    ("no_submit", Fault("text_only")),
    ("wrong_arguments", Fault("wrong_arguments")),
    ("wrong_arguments", Fault("unknown_tool")),
    ("invalid_reply", Fault("bad_reply")),
    ("tool_loop", Fault("same_call")),
    ("max_turns", Fault("other_call")),
]

#: The same for a call that goes by batch.
BATCHED: list[tuple[str, Fault]] = [
    ("batch_errored", Fault("batch_errored", "book:*")),
    ("batch_failed", Fault("batch_failed", "book:*")),
    ("batch_expired", Fault("batch_expired", "book:*")),
]
TESTED_BELOW = {"unreachable", "unanswered", "batch_unfound"}
IDS = [f"{kind}-{fault.do}-{fault.after if fault.do in ('cut', 'end_early') else fault.status}" for kind, fault in DONE]


def test_every_kind_of_failure_and_every_action_is_tested() -> None:
    assert {kind for kind, _ in DONE + BATCHED} | TESTED_BELOW == set(FAULTS)
    assert {fault.do for _, fault in DONE + BATCHED} | {"batch_lost"} == set(ACTIONS)


class Run:
    """One conversation with a server that does a fault, and everything that is to be seen afterwards."""

    def __init__(self, recordings: Path, journal: Journal, toolbox: Toolbox) -> None:
        self.recordings, self.journal, self.toolbox = recordings, journal, toolbox
        self.pauses, self.told = Pauses(), []

    async def __call__(self, *faults: Fault, tries: int = 6, **call):
        record(self.recordings, ADDRESS, [ANSWER] * 12)
        with ReplayServer(self.recordings, faults=faults) as server:
            slow = any(fault.do in {"silent", "stall"} for fault in faults)
            backend = replay_backend(server.url, **({"idle": 0.4, "first": 0.4} if slow else {}))
            try:
                return await converse(
                    a_call(**call), backend, self.journal, self.toolbox, tell=self.told.append,
                    policy=self.pauses.policy(tries), breaker=BreakerRules(failures=99), batching=hurried(),
                )  # fmt: skip
            finally:
                batches = sum(n for label, n in server.requests.items() if label.startswith("batches"))
                self.requests = server.requests.total() - batches


@pytest.fixture
def run(recordings: Path, journal: Journal, toolbox: Toolbox) -> Run:
    return Run(recordings, journal, toolbox)


@pytest.mark.parametrize(("kind", "fault"), DONE, ids=IDS)
async def test_done_once(run: Run, kind: str, fault: Fault) -> None:
    """It is survived, unless its rule is to give up; what it cost is what its rule says."""
    rule = FAULTS[kind]
    if rule.action == "give up" and kind != "max_turns":
        return  # see below: once or again and again, it is the end
    outcome = await run(fault)
    assert outcome.reply is not None
    assert run.requests == 2
    faulty, good = run.journal.cost_lines()
    assert (good["outcome"], good["cost_usd"]) == ("ok", COST)
    if rule.money == "paid":
        assert faulty["outcome"] == (kind if kind in {"max_tokens", "empty"} else "ok")
        assert faulty["cost_usd"] == FAULTY_COST
    else:
        assert faulty["outcome"] == kind
        assert (faulty["cost_usd"] > 0) is (rule.money == "kept")
        assert run.pauses.seconds == [7.0 if fault.status == 429 else 1.0]
        assert run.told == [
            f"{_detail(run, faulty)} Trying again in {run.pauses.seconds[0]:.0f} s (try 2 of 6)."
        ] and run.told[0].startswith(rule.operator)
    assert outcome.cost == faulty["cost_usd"] + COST == run.journal.counted("book:demo")


def _detail(run: Run, line: dict) -> str:
    return run.journal.rows("SELECT detail FROM calls WHERE id = ?", line["call"])[0]["detail"]


@pytest.mark.parametrize(("kind", "fault"), DONE, ids=IDS)
async def test_done_again_and_again(run: Run, kind: str, fault: Fault) -> None:
    """It is given up after as many requests as its rule allows, and the operator reads the table's sentence."""
    rule = FAULTS[kind]
    lasting = Fault(fault.do, nth=(), status=fault.status, headers=fault.headers, after=fault.after, seconds=0.5)
    tries = 2 if kind in {"timeout", "stalled"} else 6  # each takes real time
    try:
        outcome = await run(lasting, tries=tries, max_turns=8)
        assert outcome.reply is None
        said, charged = outcome.detail, outcome.cost
    except BackendError as refused:
        said, charged = refused.what, run.journal.counted("book:demo")
    assert said.startswith(rule.operator)
    allowed = rule.limit if rule.limit is not None else tries - 1 if rule.retry else 7
    assert run.requests == (8 if kind == "max_turns" else allowed + 1)
    lines = run.journal.cost_lines()
    assert len(lines) == run.requests
    assert sum(line["cost_usd"] for line in lines) == charged
    for line in lines:
        assert (line["cost_usd"] > 0) is (rule.money != "free")


@pytest.mark.parametrize(("kind", "fault"), BATCHED, ids=lambda value: getattr(value, "do", value))
async def test_in_a_batch(run: Run, kind: str, fault: Fault) -> None:
    rule = FAULTS[kind]
    if rule.retry:
        assert (await run(fault, batch=True)).reply is not None
        assert [line["outcome"] for line in run.journal.cost_lines()] == [kind, "ok"]
        assert [bool(line["cost_usd"]) for line in run.journal.cost_lines()] == [not rule.free, True]
    lasting = Fault(fault.do, fault.match, nth=())
    try:
        said = (await run(lasting, batch=True, prompt="Another.")).detail
    except BackendError as refused:
        said = refused.what
    assert said.startswith(rule.operator)
    assert len(run.journal.cost_lines()) == (2 if rule.retry else 0) + (rule.limit or 0) + 1


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422])
async def test_what_asking_again_cannot_cure_is_given_up_at_once(run: Run, status: int) -> None:
    with pytest.raises(BackendError, match=rf"refused {ADDRESS}/1 \({status}\): scripted fault\."):
        await run(Fault("status", status=status))
    assert run.pauses.seconds == []
    assert [(line["outcome"], line["cost_usd"]) for line in run.journal.cost_lines()] == [("refused", 0)]


async def test_a_lasting_fault_ends_the_conversation_after_its_tries(run: Run) -> None:
    end = await run(Fault("status", nth=(), status=529))
    assert end.failure is Failure.TRANSPORT
    assert "529" in end.detail
    assert run.requests == 6
    assert run.pauses.seconds == [1, 2, 4, 8, 16]
    assert end.cost == 0


async def test_faults_that_keep_their_reservation_cannot_pass_the_ceiling(run: Run) -> None:
    ceiling = Decimal("0.03")
    end = await run(Fault("cut", nth=()), ceilings={"book:demo": ceiling})
    assert end.failure is Failure.BUDGET
    assert "book:demo ($0.03)" in end.detail
    assert 0 < run.requests < 6
    assert run.journal.counted("book:demo") <= ceiling


async def test_no_server_at_all_is_free_and_retried(journal: Journal, toolbox: Toolbox) -> None:
    pauses = Pauses()
    backend = replay_backend("http://127.0.0.1:9", connect=1.0)
    end = await converse(
        a_call(), backend, journal, toolbox, policy=pauses.policy(tries=3), breaker=BreakerRules(failures=9)
    )
    assert end.failure is Failure.TRANSPORT
    assert end.detail.startswith(FAULTS["unreachable"].operator)
    assert {line["outcome"] for line in journal.cost_lines()} == {"unreachable"}
    assert (end.cost, len(pauses.seconds)) == (0, 2)


async def test_nobody_at_the_desk(tmp_path: Path, journal: Journal, toolbox: Toolbox) -> None:
    backend = HandoffBackend(tmp_path, tmp_path / "state")
    end = await converse(a_call(answer_seconds=0.1), backend, journal, toolbox, policy=Pauses().policy())
    assert end.failure is Failure.TRANSPORT
    assert end.detail.startswith(FAULTS["unanswered"].operator)
    assert [(line["outcome"], line["cost_usd"]) for line in journal.cost_lines()] == [("unanswered", 0)]


# --- the pass's next model ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [Fault("refusal"), Fault("status", nth=(1, 2), status=529)], ids=lambda f: f.do)
async def test_the_next_model_of_the_pass_is_asked(run: Run, fault: Fault) -> None:
    outcome = await run(fault, tries=2, fallbacks=("claude-sonnet-5",))
    assert outcome.reply is not None
    assert outcome.model == "claude-sonnet-5"
    assert run.told[-1].endswith("Going on with claude-sonnet-5.")
    models = {line["model"]: line["outcome"] for line in run.journal.cost_lines()}
    assert models == {"claude-haiku-4-5": "refusal" if fault.do == "refusal" else "status_529", "claude-sonnet-5": "ok"}


async def test_a_resumed_run_goes_on_with_the_model_that_answered(run: Run) -> None:
    """The first model is well again by then, and is not asked: the turn has been paid for."""
    outcome = await run(Fault("status", nth=(1, 2), status=529), tries=2, fallbacks=("claude-sonnet-5",))
    again = await run(fallbacks=("claude-sonnet-5",))
    assert run.requests == 0
    assert (again.reply, again.model, again.cost) == (outcome.reply, "claude-sonnet-5", outcome.cost)


async def test_every_model_that_may_be_asked_needs_a_price(run: Run) -> None:
    with pytest.raises(UserError, match="no price for model 'mystery'"):
        await run(fallbacks=("mystery",))
    assert run.requests == 0


# --- limits and pauses ----------------------------------------------------------------------------------------------


async def test_pings_do_not_pass_for_progress(recordings: Path) -> None:
    record(recordings, ADDRESS, [ANSWER])
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


# --- scripts, and the page ------------------------------------------------------------------------------------------


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


def test_the_page_of_faults_is_what_the_table_gives() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "faults.md"
    assert page.read_text("utf-8") == faultdocs.document(), "run `python -m codex.agents.faultdocs`"


def test_agents_that_fail_together_do_not_return_together() -> None:
    pauses = {RetryPolicy().pause(3, None) for _ in range(20)}
    assert len(pauses) > 10
    assert all(3.0 <= pause <= 4.0 for pause in pauses)


async def test_a_cancelled_pause_leaves_nothing_reserved(recordings: Path, journal: Journal, toolbox: Toolbox) -> None:
    record(recordings, ADDRESS, [ANSWER])
    with ReplayServer(recordings, faults=[Fault("status", nth=())]) as server:
        task = asyncio.create_task(converse(a_call(), replay_backend(server.url), journal, toolbox))
        while not server.requests:
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert journal.counted("book:demo") == 0
