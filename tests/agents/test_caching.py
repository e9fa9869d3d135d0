"""Prompt caching: the local server counts as the provider does, and agents that start together write a prefix once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from codex.agents.anthropic_backend import replay_backend
from codex.agents.cache_meter import CacheMeter
from codex.agents.call import CallAddress
from codex.agents.conversation import converse
from codex.agents.faults import Fault
from codex.agents.journal import Journal
from codex.agents.limits import ModelLimits, ModelList, builtin_models, load_models, parse_models
from codex.agents.messages import build_body, opening_messages, prompt_sha256
from codex.agents.prices import builtin_prices
from codex.agents.replay_server import ReplayServer
from codex.agents.tools import SERVER_TOOLS, Toolbox
from codex.agents.usage import Usage, estimated_tokens
from codex.agents.warming import WARM_SECONDS, Warmth
from codex.errors import DataError, UserError

from .helpers import Pauses, a_call, message, record, submit, use

MODELS = ModelList({"small": ModelLimits(1000, 9999, 100)}, ModelLimits(1000, 9999, 400), builtin_models().cache)


class Meter(CacheMeter):
    """A meter whose clock the test turns."""

    def __init__(self) -> None:
        self.now = 0.0
        super().__init__(MODELS, lambda: self.now)

    def send(self, body: dict) -> tuple[int, int, int]:
        """Plain input, read and written of a request whose answer begins at once."""
        metered = self.arrived(body)
        self.begun(metered)
        return counts(metered.usage)


def counts(usage) -> tuple[int, int, int]:
    return usage["input_tokens"], usage["cache_read_input_tokens"], usage["cache_creation_input_tokens"]


def block(words: int, mark: str | None = None, letter: str = "x") -> dict:
    """A text block of so many tokens by the estimate."""
    text = letter * (4 * words - len('{"type": "text", "text": ""}'))
    made = {"type": "text", "text": text}
    assert estimated_tokens(made) == words
    return made if mark is None else {**made, "cache_control": {"type": "ephemeral", "ttl": mark}}


def body(*content: dict, system: list[dict] | None = None, model: str = "small") -> dict:
    return {"model": model, "system": system or [], "messages": [{"role": "user", "content": list(content)}]}


def test_what_is_marked_is_written_and_read_the_next_time() -> None:
    meter = Meter()
    request = body(block(300, letter="b"), system=[block(200, "5m")])
    assert meter.send(request) == (300, 0, 200)
    assert meter.send(request) == (300, 200, 0)
    assert meter.send(body(block(50, letter="c"), system=[block(200, "5m")])) == (50, 200, 0)
    assert meter.send({**request, "model": "other"}) == (500, 0, 0)  # 200 are too few for that model


def test_the_longest_earlier_prefix_counts() -> None:
    meter = Meter()
    first = body(block(100, "5m", "b"), system=[block(200, "5m")])
    assert meter.send(first) == (0, 0, 300)
    longer = body(block(100, letter="b"), block(70, "5m", "c"), system=[block(200, "5m")])
    assert meter.send(longer) == (0, 300, 70)
    changed = body(block(100, letter="z"), block(70, "5m", "c"), system=[block(200, "5m")])
    assert meter.send(changed) == (0, 200, 170)  # what comes after a change is another prefix


def test_an_entry_far_before_the_mark_is_not_found() -> None:
    back = MODELS.cache.lookback_blocks
    meter = Meter()
    meter.send(body(block(200, "5m", "b")))
    between = [block(10, letter="c")] * (back - 1)
    assert meter.send(body(block(200, letter="b"), *between, block(10, "5m", "d")))[1] == 200
    other = Meter()
    other.send(body(block(200, "5m", "b")))
    between = [block(10, letter="e")] * back
    assert other.send(body(block(200, letter="b"), *between, block(10, "5m", "d")))[1] == 0


def test_entries_die_after_their_last_use() -> None:
    meter = Meter()
    request = body(block(10), system=[block(200, "5m")])
    meter.send(request)
    for _ in range(3):
        meter.now += 299
        assert meter.send(request)[1] == 200  # reading it gives it its whole life again
    meter.now += 301
    assert meter.send(request) == (10, 0, 200)
    hour = body(block(10), system=[block(200, "1h", "h")])
    assert meter.arrived(hour).usage["cache_creation"] == {
        "ephemeral_5m_input_tokens": 0,
        "ephemeral_1h_input_tokens": 200,
    }
    meter.send(hour)
    meter.now += 3599
    assert meter.send(hour)[1] == 200


def test_a_prefix_below_the_minimum_is_not_kept() -> None:
    meter = Meter()
    short = body(block(300), system=[block(99, "5m")])
    assert meter.send(short) == meter.send(short) == (399, 0, 0)


def test_nothing_can_be_read_before_the_answer_that_wrote_it_has_begun() -> None:
    meter, request = Meter(), body(block(10), system=[block(200, "5m")])
    together = [meter.arrived(request) for _ in range(3)]
    assert [counts(each.usage) for each in together] == [(10, 0, 200)] * 3


@pytest.mark.parametrize(
    ("request_body", "says"),
    [
        (body(*[block(9, "5m")] * 5), "maximum of 4"),
        (body(block(9, "2h")), "ttl"),
        (body(block(9, "5m"), block(9, "1h")), "must not come after"),
        (body(block(9, "1h"), block(9, "5m")), None),
    ],
)
def test_marks_are_checked(request_body: dict, says: str | None) -> None:
    problem = Meter().problem(request_body)
    assert problem is None if says is None else says in problem


# --- in conversations ------------------------------------------------------------------------------------------------

LONG = "The specification of a unit. " * 800  # 5,800 tokens: more than any model's minimum


def unit(number: int, cache: str = "5m"):
    address = CallAddress("book:demo", "P4_production", f"u{number}")
    return a_call(address, prefix=LONG, prompt=f"Unit {number}. " * 200, cache=cache)


async def batch(recordings: Path, journal: Journal, toolbox: Toolbox, cache: str = "5m", **server) -> Usage:
    """Eight conversations of three turns, all at once."""
    for number in range(8):
        looks = [message(use("read_unit", {"id": "03.09.02", "part": n + 1}, n)) for n in range(2)]
        record(recordings, unit(number).address, [*looks, message(submit(9))])
    with ReplayServer(recordings, meter=CacheMeter(), **server) as running:
        backend = replay_backend(running.url)
        calls = [converse(unit(n, cache), backend, journal, toolbox, policy=Pauses().policy()) for n in range(8)]
        outcomes = await asyncio.gather(*calls)
    assert all(outcome.reply is not None for outcome in outcomes)
    return sum((outcome.usage for outcome in outcomes), Usage())


def prefix_tokens(toolbox: Toolbox) -> int:
    call = unit(0)
    request = build_body(call, toolbox.definitions(call.tools), opening_messages(call))
    return sum(estimated_tokens(tool) for tool in request["tools"]) + estimated_tokens(
        {"type": "text", "text": call.prefix}
    )


async def test_eight_at_once_write_the_shared_prefix_once(recordings: Path, journal, toolbox: Toolbox) -> None:
    used = await batch(recordings, journal, toolbox, delay=0.1)
    own = used.cache_write_tokens - prefix_tokens(toolbox)
    assert 0 < own < 8 * 2000  # each its own prompt and results; eight prefixes would be 50,000 more
    price = builtin_prices().of("claude-haiku-4-5")
    assert price.input_cost(used) <= price.input_cost(Usage(used.total_input)) * 35 / 100


async def test_without_marks_everything_is_plain_input(recordings: Path, journal, toolbox: Toolbox) -> None:
    used = await batch(recordings, journal, toolbox, cache="off")
    assert (used.cache_read_tokens, used.cache_write_tokens) == (0, 0)


async def test_the_hour_is_marked_metered_and_dearer(recordings: Path, tmp_path: Path, toolbox: Toolbox) -> None:
    hour = await batch(recordings, Journal(tmp_path / "1"), toolbox, cache="1h")
    short = await batch(recordings, Journal(tmp_path / "2"), toolbox)
    assert hour.cache_write_1h_tokens == hour.cache_write_tokens > 0 == short.cache_write_1h_tokens
    price = builtin_prices().of("claude-haiku-4-5")
    assert price.cost(hour) > price.cost(short)


async def test_when_the_first_fails_the_next_goes_first(recordings: Path, journal, toolbox: Toolbox) -> None:
    used = await batch(recordings, journal, toolbox, delay=0.05, faults=[Fault("status", status=529)])
    assert used.cache_write_tokens < prefix_tokens(toolbox) + 8 * 2000


async def test_warmth_is_lost_after_a_while() -> None:
    now = [0.0]
    warmth, going = Warmth(lambda: now[0]), []
    request = {"model": "m", "tools": [], "system": [block(9, "5m")]}

    async def send(name: str, seconds: float) -> None:
        async with warmth.around(request) as begun:
            going.append(name)
            await asyncio.sleep(seconds)
            begun()

    await asyncio.gather(send("a", 0.05), send("b", 0), send("c", 0))
    assert going[0] == "a"
    going.clear()
    await asyncio.gather(send("d", 0.05), send("e", 0))
    assert going == ["d", "e"]  # warm: both at once
    now[0] += WARM_SECONDS + 1
    order: list[str] = []

    async def first() -> None:
        async with warmth.around(request) as begun:
            await asyncio.sleep(0.05)
            order.append("first began")
            begun()

    async def second() -> None:
        await asyncio.sleep(0.01)
        async with warmth.around(request):
            order.append("second goes")

    await asyncio.gather(first(), second())
    assert order == ["first began", "second goes"]


def test_how_it_is_cached_is_not_what_was_asked() -> None:
    bodies = [build_body(unit(1, cache), [], opening_messages(unit(1))) for cache in ("5m", "1h", "off")]
    assert len({prompt_sha256(each) for each in bodies}) == 1
    with_web = build_body(unit(1), [], opening_messages(unit(1)), Toolbox.server_definitions({"web_search": 3}))
    assert prompt_sha256(with_web) == prompt_sha256(bodies[0])


def test_a_batched_call_marks_only_what_others_share() -> None:
    request = build_body(a_call(batch=True), [], opening_messages(a_call()))
    assert "cache_control" in request["system"][0]
    assert "cache_control" not in request["messages"][0]["content"][0]
    assert request["tool_choice"] == {"type": "tool", "name": "submit"}


# --- the figures -----------------------------------------------------------------------------------------------------


def test_models_have_limits_and_careful_defaults(tmp_path: Path) -> None:
    models = builtin_models()
    assert models.of("claude-sonnet-4-5").cache_minimum == 1024
    assert models.of("a-model-of-tomorrow") == models.default
    assert set(models.models) <= set(builtin_prices().prices)
    own = tmp_path / "models.json"
    own.write_text('{"cache": {"ttl_seconds": {}, "lookback_blocks": 1, "marks_most": 1}, "models": {"x": {}},'
                   ' "default": {"output_most": 5, "context_window": 6, "cache_minimum": 7}}')  # fmt: skip
    assert load_models(own).of("x") == ModelLimits(5, 6, 7)
    assert load_models(tmp_path / "absent.json") is models


@pytest.mark.parametrize("text", ["", "{}", '{"default": {}, "models": {}, "cache": {}}', "[]"])
def test_what_is_no_list_of_models_is_refused_by_name(text: str) -> None:
    with pytest.raises(DataError, match=r"own\.json is not a list of models"):
        parse_models(text, "own.json")


def test_web_tools_are_priced_and_bounded() -> None:
    price = builtin_prices().of("claude-opus-4-8")
    used = Usage.of({"input_tokens": 1000, "server_tool_use": {"web_search_requests": 3}})
    assert price.cost(used) - price.cost(Usage(1000)) == 3 * price.tools["web_search"].usd_each
    with_web = build_body(unit(1), [], opening_messages(unit(1)), Toolbox.server_definitions({"web_search": 3}))
    without = build_body(unit(1), [], opening_messages(unit(1)))
    results = 3 * price.tools["web_search"].tokens_each * price.cache_write_5m / 1_000_000
    assert price.worst_case(with_web) > price.worst_case(without) + results
    assert SERVER_TOOLS["web_fetch"]["max_content_tokens"] <= price.tools["web_fetch"].tokens_each
    assert set(SERVER_TOOLS) == set(price.tools)


def test_the_providers_tools_are_known_by_name() -> None:
    with pytest.raises(UserError, match="There is no tool 'shell'"):
        Toolbox.server_definitions({"shell": 1})
    assert Toolbox.server_definitions({"web_search": 0}) == []
