"""Requests: nothing that shapes an answer is missing from the key, and nothing else is in them."""

from __future__ import annotations

import dataclasses
from typing import Any, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codex.agents.call import AgentCall, CallAddress
from codex.agents.messages import (
    KEYED_FIELDS,
    LEFT_OUT_FIELDS,
    TurnRequest,
    build_body,
    canonical,
    checked_message,
    digest,
    opening_messages,
    prompt_sha256,
    turn_key,
)
from codex.agents.usage import estimated_usage

from .helpers import Answer, a_call, a_request, message, submit, text, use

#: A changed value for every field of a call, and whether the key must change with it.
CHANGES: dict[str, tuple[Any, bool]] = {
    "address": (CallAddress("book:demo", "P4_production", "03.09.02", 2), True),
    "prefix": ("You answer in words.", True),
    "prompt": ("Give rows.", True),
    "tools": ((), True),
    "reply_model": (type("Other", (Answer,), {"__doc__": "Another."}), True),
    "model": ("claude-sonnet-5", True),
    "max_tokens": (2000, True),
    "effort": ("low", True),
    # these end a conversation sooner or later; they shape no answer
    "max_turns": (3, False),
    "ceilings": ({}, False),
    "answer_seconds": (1.0, False),
    "batch": (True, True),
    "web": ({"web_search": 3}, True),
    # the price, not the answer
    "cache": ("1h", False),
    # who is asked next is in that request's own key
    "fallbacks": (("claude-sonnet-5",), False),
    "pattern": ("production 2", False),
}


def key_of(call: AgentCall[Any], backend: str = "replay") -> str:
    from codex.agents.tools import Toolbox
    from codex.snapshot import TreeSnapshot

    tools = Toolbox(TreeSnapshot.__new__(TreeSnapshot)).definitions(call.tools)
    web = Toolbox.server_definitions(call.web)
    return turn_key(TurnRequest(call, 1, build_body(call, tools, opening_messages(call), web)), backend)


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(AgentCall)])
def test_every_field_of_a_call_is_in_the_key_or_known_to_shape_no_answer(field: str) -> None:
    value, shapes = CHANGES[field]  # a new field must be entered there
    changed = dataclasses.replace(a_call(), **{field: value})
    assert (key_of(changed) != key_of(a_call())) is shapes


def test_every_parameter_of_the_api_is_in_the_key_or_listed_as_left_out() -> None:
    from anthropic.types.message_create_params import MessageCreateParamsBase

    known = KEYED_FIELDS | set(LEFT_OUT_FIELDS)
    assert set(get_type_hints(MessageCreateParamsBase)) <= known
    assert not KEYED_FIELDS & set(LEFT_OUT_FIELDS)


@pytest.mark.parametrize("field", sorted(KEYED_FIELDS))
def test_each_keyed_field_changes_the_key(field: str) -> None:
    request = a_request()
    changed = TurnRequest(request.call, 1, {**request.body, field: "something else"})
    assert turn_key(changed, "replay") != turn_key(request, "replay")


@pytest.mark.parametrize("field", sorted(LEFT_OUT_FIELDS))
def test_no_left_out_field_changes_the_key(field: str) -> None:
    request = a_request()
    assert turn_key(TurnRequest(request.call, 1, {**request.body, field: "x"}), "replay") == turn_key(request, "replay")


def test_an_unknown_field_is_a_fault_of_ours() -> None:
    request = a_request()
    with pytest.raises(KeyError):
        turn_key(TurnRequest(request.call, 1, {**request.body, "seed": 4}), "replay")


def test_backend_and_turn_are_in_the_key() -> None:
    assert key_of(a_call(), "handoff") != key_of(a_call(), "replay")
    assert turn_key(a_request(turn=2), "replay") != turn_key(a_request(turn=1), "replay")


def test_requests_are_the_same_every_time() -> None:
    assert canonical(a_request().body) == canonical(a_request().body)


def test_the_prefix_is_byte_equal_between_units() -> None:
    one, other = a_call(), a_call(CallAddress("book:other", "P4_production", "01.01.01", 3), prompt="Another.")
    bodies = [build_body(call, [], opening_messages(call)) for call in (one, other)]
    heads = [canonical({name: body[name] for name in ("tools", "system")}) for body in bodies]
    assert heads[0] == heads[1]
    assert list(bodies[0])[:4] == ["model", "max_tokens", "tools", "system"]


def test_cache_marks_stand_at_the_end_of_prefix_and_conversation() -> None:
    call = a_call()
    talk = [*opening_messages(call), {"role": "assistant", "content": [text("hm")]}, *opening_messages(call)]
    body = build_body(call, [], talk)
    assert "cache_control" in body["system"][-1]
    assert "cache_control" not in str(body["messages"][:2])
    assert "cache_control" in body["messages"][2]["content"][-1]
    assert "cache_control" not in str(talk)  # the conversation itself is not written into


def test_usage_is_estimated_as_it_would_be_billed() -> None:
    call = a_call()
    first = build_body(call, [], opening_messages(call))
    opening = estimated_usage(first, [submit()])
    assert opening["cache_read_input_tokens"] == 0
    assert opening["cache_creation_input_tokens"] > len(call.prefix + call.prompt) // 4
    second = build_body(
        call,
        [],
        [
            *opening_messages(call),
            {"role": "assistant", "content": [submit()]},
            {"role": "user", "content": [text("no")]},
        ],
    )
    later = estimated_usage(second, [submit()])
    assert abs(later["cache_read_input_tokens"] - opening["cache_creation_input_tokens"]) < 20
    assert later["cache_creation_input_tokens"] < 100


def test_prompt_hash_sees_what_the_agent_was_shown_and_no_limits() -> None:
    body = a_request().body
    assert prompt_sha256(body) == prompt_sha256({**body, "max_tokens": 7, "model": "other"})
    assert prompt_sha256(body) != prompt_sha256({**body, "system": []})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(max_examples=50)
@given(json_values)
def test_anything_in_json_can_be_hashed(value: Any) -> None:
    assert len(digest([value, "\ud800"])) == 64


@settings(max_examples=50)
@given(json_values)
def test_whatever_a_server_sends_is_a_message_or_a_value_error(value: Any) -> None:
    candidates = [value, {"role": "assistant", "content": value, "usage": {}, "stop_reason": "end_turn"}]
    candidates.append({"role": "assistant", "content": [value], "usage": value, "stop_reason": "end_turn"})
    for candidate in candidates:
        try:
            checked = checked_message(candidate)
        except ValueError:
            continue
        assert set(checked) == {"role", "content", "stop_reason", "usage", "model"}


@pytest.mark.parametrize(
    "content",
    [
        [{"type": "text"}],
        [{"type": "tool_use", "id": "a", "name": "b", "input": "c"}],
        [{"type": "tool_use", "name": "b", "input": {}}],
        [{}],
        "text",
    ],
)
def test_malformed_blocks_are_refused(content: Any) -> None:
    with pytest.raises(ValueError, match=r"block|content"):
        checked_message({**message(use("x", {})), "content": content})
