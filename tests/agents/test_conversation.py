"""The loop, over real HTTP: repair, nudges, limits, refusals, resumption."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from codex.agents.anthropic_backend import AnthropicBackend, replay_backend
from codex.agents.conversation import Failure, Outcome, converse
from codex.agents.journal import Journal
from codex.agents.messages import Reply, TurnRequest
from codex.agents.recording import Recorder, Recordings, drift
from codex.agents.replay_server import ReplayServer
from codex.agents.tools import Toolbox
from codex.errors import BackendError, UserError

from .helpers import ADDRESS, Answer, Pauses, a_call, message, record, submit, text, use

GOOD = message(submit(9))
BAD = message(submit(1, title="x", rows=[1]))


@pytest.fixture
def server(recordings: Path, tmp_path: Path) -> Iterator[ReplayServer]:
    with ReplayServer(recordings, log=tmp_path / "requests.jsonl") as running:
        yield running


@pytest.fixture
async def backend(server: ReplayServer) -> AnthropicBackend:
    return replay_backend(server.url)


@pytest.fixture
def hold(recordings: Path, backend: AnthropicBackend, journal: Journal, toolbox: Toolbox):
    async def hold_it(*messages, call=None) -> Outcome[Answer]:
        call = call or a_call()
        record(recordings, call.address, messages)
        return await converse(call, backend, journal, toolbox, policy=Pauses().policy())

    return hold_it


async def test_tools_are_run_and_the_reply_is_an_instance_of_its_model(hold, server: ReplayServer) -> None:
    outcome = await hold(message(text("Let me look."), use("read_unit", {"id": "03.09.02"})), GOOD)
    assert outcome.reply == Answer(title="A title", rows=[1, 2])
    assert (outcome.failure, outcome.turns, outcome.repairs) == (None, 2, 0)
    assert outcome.usage.output_tokens == 100
    assert outcome.cost == Decimal("0.0007")  # 2 × (100 in at $1 + 50 out at $5 a million)
    assert set(server.requests.values()) == {1}


async def test_an_invalid_reply_goes_back_and_is_repaired(hold) -> None:
    outcome = await hold(BAD, GOOD)
    assert outcome.reply is not None
    assert outcome.repairs == 1


async def test_errors_name_path_and_message(recordings: Path, journal: Journal, toolbox: Toolbox) -> None:
    seen = Spy([message(submit(1, title="x", rows=[1, "two"])), GOOD])
    await converse(a_call(), seen, journal, toolbox)
    result = seen.bodies[1]["messages"][-1]["content"][0]
    assert (result["type"], result["tool_use_id"], result["is_error"]) == ("tool_result", "toolu_submit_1", True)
    assert "- title: String should have at least 3 characters" in result["content"]
    assert "- rows.1: Input should be a valid integer" in result["content"]


async def test_a_reply_that_stays_invalid_ends_the_conversation(hold, server: ReplayServer) -> None:
    outcome = await hold(*[BAD] * 3)
    assert outcome.failure is Failure.INVALID_REPLY
    assert "title: String should have" in outcome.detail
    assert outcome.turns == 2 == sum(server.requests.values())


async def test_a_refusal_ends_it_without_a_retry(hold, server: ReplayServer) -> None:
    outcome = await hold(message(stop="refusal"))
    assert (outcome.failure, outcome.turns) == (Failure.REFUSAL, 1)
    assert sum(server.requests.values()) == 1


async def test_a_cut_off_reply_is_never_taken_for_one(hold) -> None:
    outcome = await hold(*[message(submit(), stop="max_tokens")] * 4)
    assert (outcome.failure, outcome.reply, outcome.turns) == (Failure.MAX_TOKENS, None, 3)
    outcome = await hold(message(submit(), stop="model_context_window_exceeded"), call=a_call(prompt="Another."))
    assert (outcome.failure, outcome.reply) == (Failure.MAX_TOKENS, None)


async def test_after_a_cut_the_agent_goes_on_with_more_room(journal: Journal, toolbox: Toolbox) -> None:
    spy = Spy([message(text("Half "), submit(), stop="max_tokens"), message(submit(), stop="max_tokens"), GOOD])
    outcome = await converse(a_call(model="claude-sonnet-5", max_tokens=20_000), spy, journal, toolbox)
    assert outcome.reply is not None
    assert [body["max_tokens"] for body in spy.bodies] == [20_000, 32_000, 32_000]  # never beyond what the model takes
    second, third = spy.bodies[1]["messages"], spy.bodies[2]["messages"]
    assert second[1] == {"role": "assistant", "content": [text("Half ")]}  # and not the call, which may be half of one
    assert "cut off at 20000 tokens" in second[2]["content"][0]["text"]
    assert [m["role"] for m in third] == ["user", "assistant", "user", "user"]  # nothing was left of the second answer


async def test_a_paused_turn_is_continued_without_a_word(recordings: Path, journal: Journal, toolbox: Toolbox) -> None:
    spy = Spy([message(text("searching"), stop="pause_turn"), GOOD])
    outcome = await converse(a_call(), spy, journal, toolbox)
    assert outcome.reply is not None
    assert [m["role"] for m in spy.bodies[1]["messages"]] == ["user", "assistant"]


async def test_text_without_a_tool_is_nudged_once(hold) -> None:
    outcome = await hold(message(text("Here you are.")), GOOD)
    assert (outcome.reply is not None, outcome.turns) == (True, 2)


async def test_text_twice_is_given_up(hold) -> None:
    outcome = await hold(message(text("Here.")), message(text("Here again.")))
    assert outcome.failure is Failure.NO_SUBMIT


async def test_an_empty_answer_is_nudged_and_not_sent_back(hold) -> None:
    """The server refuses a message with empty content, as the API does."""
    outcome = await hold(message(stop="end_turn"), GOOD)
    assert outcome.reply is not None


async def test_a_tool_loop_that_does_not_end_is_ended(hold) -> None:
    turns = [message(use("search_corpus", {"query": f"clifford {n}"}, n)) for n in range(9)]
    outcome = await hold(*turns, call=a_call(max_turns=4))
    assert (outcome.failure, outcome.turns) == (Failure.MAX_TURNS, 4)


async def test_the_same_call_again_and_again_is_pointed_out_and_given_up(journal: Journal, toolbox: Toolbox) -> None:
    spy = Spy([message(use("read_unit", {"id": "03.09.02"}, n)) for n in range(9)])
    outcome = await converse(a_call(max_turns=40), spy, journal, toolbox)
    assert (outcome.failure, outcome.turns) == (Failure.TOOL_LOOP, 5)
    results = [body["messages"][-1]["content"][0]["content"] for body in spy.bodies[1:]]
    assert ["3 times" in result for result in results] == [False, False, True, False]
    assert "4 times in a row" in results[3]


async def test_the_last_turn_is_announced(journal: Journal, toolbox: Toolbox) -> None:
    spy = Spy([message(use("read_unit", {"id": "03.09.02"}, n)) for n in range(3)])
    await converse(a_call(max_turns=3), spy, journal, toolbox)
    assert "last turn" not in str(spy.bodies[1])
    assert "This is your last turn" in spy.bodies[2]["messages"][-1]["content"][-1]["text"]


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("read_unit", {"idd": "x"}, "id: Field required"),
        ("read_unit", {"id": "99.99.99"}, "There is no unit '99.99.99'"),
        ("check_draft", {"text": "x"}, "There is no tool 'check_draft' here"),  # exists, but was not given to this call
        ("rm", {"path": "/"}, "There is no tool 'rm' here"),
    ],
)
async def test_a_wrong_tool_call_comes_back_as_an_error(
    journal: Journal, toolbox: Toolbox, name, arguments, says
) -> None:
    spy = Spy([message(use(name, arguments)), GOOD])
    outcome = await converse(a_call(), spy, journal, toolbox)
    result = spy.bodies[1]["messages"][-1]["content"][0]
    assert result["is_error"]
    assert says in result["content"]
    assert outcome.reply is not None


async def test_a_budget_stops_before_anything_is_sent(hold, server: ReplayServer, journal: Journal) -> None:
    outcome = await hold(GOOD, call=a_call(ceilings={"book:demo": Decimal("0.001")}))
    assert outcome.failure is Failure.BUDGET
    assert "book:demo" in outcome.detail
    assert not server.requests
    assert journal.cost_lines() == []


async def test_a_model_without_a_price_is_refused(hold, server: ReplayServer) -> None:
    with pytest.raises(UserError, match="no price for model 'mystery'"):
        await hold(GOOD, call=a_call(model="mystery"))
    assert not server.requests


async def test_a_missing_recording_is_one_clear_sentence(hold) -> None:
    with pytest.raises(BackendError) as caught:
        await hold(message(use("read_unit", {"id": "03.09.02"})))
    assert caught.value.what == f"Recording missing for {ADDRESS}/2."
    assert "--record" in caught.value.remedy


async def test_a_corrupt_recording_names_file_and_line(hold, recordings: Path, backend, journal, toolbox) -> None:
    path = record(recordings, ADDRESS, [message(use("read_unit", {"id": "03.09.02"}))])
    path.write_text(path.read_text() + "{half a line\n")
    with pytest.raises(BackendError, match=rf"Line 2 of the recording .*{path.name}"):
        await converse(a_call(), backend, journal, toolbox, policy=Pauses().policy())


async def test_a_finished_conversation_is_not_sent_again(hold, server: ReplayServer) -> None:
    first = await hold(message(use("read_unit", {"id": "03.09.02"})), GOOD)
    sent = sum(server.requests.values())
    again = await hold(message(text("a recording that has changed since")))
    assert (again.reply, again.cost, again.calls) == (first.reply, first.cost, first.calls)
    assert sum(server.requests.values()) == sent == 2


async def test_two_runs_of_one_conversation_pay_once(
    recordings: Path, backend, server, journal: Journal, toolbox
) -> None:
    record(recordings, ADDRESS, [message(use("read_unit", {"id": "03.09.02"})), GOOD])
    server.delay = 0.2
    other = Journal(journal.path)
    talks = [converse(a_call(), backend, held, toolbox) for held in (journal, other)]
    outcomes = await asyncio.gather(*talks)
    assert outcomes[0].reply == outcomes[1].reply
    assert outcomes[0].calls == outcomes[1].calls
    assert set(server.requests.values()) == {1}
    other.close()


async def test_a_cancelled_turn_is_lost_and_sent_once_more(recordings: Path, backend, server, journal, toolbox) -> None:
    record(recordings, ADDRESS, [GOOD])
    server.delay = 0.5
    task = asyncio.create_task(converse(a_call(), backend, journal, toolbox))
    while not server.requests:
        await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    server.delay = 0
    outcome = await converse(a_call(), backend, journal, toolbox)
    assert outcome.reply is not None
    assert [line["outcome"] for line in journal.cost_lines()] == ["lost", "ok"]
    assert sum(server.requests.values()) == 2


async def test_what_is_recorded_can_be_replayed(recordings: Path, backend, tmp_path: Path, journal, toolbox) -> None:
    record(recordings, ADDRESS, [message(text("hm"), use("read_unit", {"id": "03.09.02"})), BAD, GOOD])
    copy = tmp_path / "copy"
    first = await converse(a_call(), backend, journal, toolbox, record=Recorder(copy))
    with ReplayServer(copy) as second_server:
        second = await converse(a_call(), replay_backend(second_server.url), Journal(tmp_path / "j2"), toolbox)
    assert (second.reply, second.turns, second.cost) == (first.reply, first.turns, first.cost)
    assert [t.message for t in Recordings(copy).turns(ADDRESS)] == [
        t.message for t in Recordings(recordings).turns(ADDRESS)
    ]


async def test_drift_is_reported_and_never_fatal(recordings: Path, backend, tmp_path: Path, journal, toolbox) -> None:
    record(recordings, ADDRESS, [message(use("read_unit", {"id": "03.09.02"})), GOOD])
    copy = tmp_path / "copy"
    await converse(a_call(), backend, journal, toolbox, record=Recorder(copy))
    assert drift(Recordings(copy), journal) == []
    assert drift(Recordings(recordings), journal) == [f"{ADDRESS}/1", f"{ADDRESS}/2"]  # made with a hash of zeros


async def test_an_estimate_stays_marked_as_one(recordings: Path, backend, journal: Journal, toolbox) -> None:
    path = record(recordings, ADDRESS, [GOOD])
    path.write_text(json.dumps({**json.loads(path.read_text()), "tokens_estimated": True}) + "\n")
    await converse(a_call(), backend, journal, toolbox)
    assert journal.cost_lines()[0]["tokens_estimated"] is True


async def test_requests_are_byte_equal_in_a_resumed_run(tmp_path: Path, toolbox: Toolbox) -> None:
    script = [message(use("search_corpus", {"query": "clifford"})), BAD, GOOD]
    spies = [Spy(script), Spy(script)]
    for number, spy in enumerate(spies):
        await converse(a_call(), spy, Journal(tmp_path / f"{number}.sqlite3"), toolbox)
    assert [json.dumps(body) for body in spies[0].bodies] == [json.dumps(body) for body in spies[1].bodies]


class Spy:
    """A backend in memory that keeps what it was asked."""

    name = "replay"
    server_tools = False

    def __init__(self, script: list[dict]) -> None:
        self.script, self.bodies, self.ends = list(script), [], []

    async def turn(self, request: TurnRequest) -> Reply:
        self.bodies.append(request.body)
        return Reply(self.script[len(self.bodies) - 1], self.name)

    async def finished(self, address, state: str, detail: str) -> None:
        self.ends.append(state)


async def test_the_backend_learns_how_it_ended(journal: Journal, toolbox: Toolbox) -> None:
    spies = [Spy([GOOD]), Spy([message(stop="refusal")])]
    for number, spy in enumerate(spies):
        await converse(a_call(prompt=f"Number {number}"), spy, journal, toolbox)
    assert [spy.ends for spy in spies] == [["finished"], ["refusal"]]
