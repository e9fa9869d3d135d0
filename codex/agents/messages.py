"""Requests and replies in the Messages API's own JSON, and the two hashes by which they are known.

A request holds no clock, no commit id and nothing random: the same call, answered the same way, builds byte-equal
requests on every machine.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from codex.agents.call import AgentCall, CallAddress
from codex.agents.usage import COUNTS, Usage

#: Name of the tool with which a reply is handed in.
SUBMIT = "submit"

#: Fields of a request that shape the answer: all of them are in the journal's key.
KEYED_FIELDS = frozenset(
    {
        "model", "max_tokens", "system", "messages", "tools", "tool_choice", "output_config", "thinking",
        "stop_sequences", "speed", "service_tier", "inference_geo", "container",
    }
)  # fmt: skip

#: Fields that do not shape the answer, each with the reason for leaving it out of the key.
LEFT_OUT_FIELDS = {
    "stream": "the same answer, in pieces",
    "cache_control": "what is cached changes the price and not the answer; so do the marks on single blocks",
    "metadata": "accounting at the provider",
    "diagnostics": "asks for a report on cache use",
    "user_profile_id": "attribution at the provider",
    "workspace_id": "attribution at the provider",
}

#: The mark as recordings know it; requests may have another (``cache_mark``).
_MARK = {"type": "ephemeral"}


@dataclass(frozen=True, slots=True)
class TurnRequest:
    """One HTTP turn: the body to send and where it belongs. ``turn`` counts from 1.

    ``sent_as`` is the journal's id of this very sending, known once it is reserved.
    """

    call: AgentCall[Any]
    turn: int
    body: Mapping[str, Any]
    sent_as: str = ""

    @property
    def address(self) -> CallAddress:
        return self.call.address

    @property
    def label(self) -> str:
        """``<address>/<turn>``: the value of the header that the local server reads."""
        return f"{self.address}/{self.turn}"


@dataclass(frozen=True, slots=True)
class Reply:
    """What a backend answered. ``message`` has exactly the keys role, content, stop_reason, usage, model."""

    message: Mapping[str, Any]
    backend: str
    tokens_estimated: bool = False
    request_id: str | None = None

    @property
    def content(self) -> list[dict[str, Any]]:
        return list(self.message["content"])

    @property
    def stop_reason(self) -> str:
        return str(self.message["stop_reason"])

    @property
    def usage(self) -> Usage:
        return Usage.of(self.message["usage"])

    @property
    def kind(self) -> str:
        """``ok``, or what is wrong with an answer that came and was paid for (a key of failures.FAULTS)."""
        if not self.content and self.stop_reason not in _STOPS:
            return "empty"
        return _STOPS.get(self.stop_reason, "ok")


#: Stop reason → what it means for the conversation; every other is an answer.
_STOPS = {"refusal": "refusal", "max_tokens": "max_tokens", "model_context_window_exceeded": "context_window"}


def canonical(value: Any) -> bytes:
    """JSON with sorted keys, no blanks, ASCII only: equal values give equal bytes, any text can be hashed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def digest(value: Any) -> str:
    return hashlib.sha256(canonical(value)).hexdigest()


def turn_key(request: TurnRequest, backend: str) -> str:
    """The journal's key: everything that shapes the answer.

    That is the body, but also who answers (the backend) and the address, since a recording is chosen by it and a
    second attempt with an unchanged prompt must be asked again. A field that is neither in ``KEYED_FIELDS`` nor in
    ``LEFT_OUT_FIELDS`` is a programming error (KeyError): it could change an answer unnoticed.
    """
    unknown = set(request.body) - KEYED_FIELDS - set(LEFT_OUT_FIELDS)
    if unknown:
        raise KeyError(f"request fields {sorted(unknown)} are neither keyed nor listed as left out")
    keyed = {name: _unmarked(value) for name, value in request.body.items() if name in KEYED_FIELDS}
    return digest({"address": str(request.address), "turn": request.turn, "backend": backend, "body": keyed})


def prompt_sha256(body: Mapping[str, Any]) -> str:
    """Hash of what the agent was shown (system, tools, messages): a recording's metadata, never its address.

    How it is cached does not count, nor do the provider's own tools: whoever answers by hand has a browser instead.
    """
    tools = body.get("tools")
    own = [tool for tool in tools if "input_schema" in tool] if isinstance(tools, list) else tools
    system, messages = _with_marks(_unmarked(body.get("system")), _unmarked(body["messages"]), _MARK)
    return digest({"system": system, "tools": own, "messages": messages})


def _unmarked(value: Any) -> Any:
    """The value without the cache marks of its blocks."""
    if isinstance(value, list):
        return [_unmarked(item) for item in value]
    if isinstance(value, Mapping):
        inner = value["content"] if isinstance(value.get("content"), list) else None
        plain = {key: item for key, item in value.items() if key != "cache_control"}
        return plain if inner is None else {**plain, "content": _unmarked(inner)}
    return value


def opening_messages(call: AgentCall[Any]) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [{"type": "text", "text": call.prompt}]}]


def build_body(
    call: AgentCall[Any],
    tools: Sequence[Mapping[str, Any]],
    messages: Sequence[Mapping[str, Any]],
    server_tools: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """The request for the next turn: stable parts first, with two cache marks (end of prefix, end of conversation).

    A batched call is a single shot: it has no tools but ``submit``, and must use that.
    """
    marked = _with_marks([{"type": "text", "text": call.prefix}], messages, cache_mark(call))
    if call.batch:  # nothing follows that could read it: only what other requests share is worth writing
        marked = marked[0], [dict(message) for message in messages]
    body: dict[str, Any] = {
        "model": call.model,
        "max_tokens": call.max_tokens,
        "tools": [submit_tool(call)] if call.batch else [*tools, *server_tools, submit_tool(call)],
        "system": marked[0],
        "messages": marked[1],
    }
    if call.batch:
        body["tool_choice"] = {"type": "tool", "name": SUBMIT}
    if call.effort is not None:
        body["output_config"] = {"effort": call.effort}
    return body


def cache_mark(call: AgentCall[Any]) -> dict[str, str] | None:
    """The mark for the call's cache; None when it is not to be cached."""
    if call.cache == "off":
        return None
    return _MARK if call.cache == "5m" else {**_MARK, "ttl": call.cache}


def submit_tool(call: AgentCall[Any]) -> dict[str, Any]:
    return {
        "name": SUBMIT,
        "description": "Hand in your reply. It is checked at once; when it does not match the schema, the exact "
        "errors come back and you submit again. A valid reply ends the conversation.",
        "input_schema": call.reply_model.model_json_schema(),
    }


def _with_marks(system: Any, messages: Any, mark: Mapping[str, str] | None) -> tuple[Any, list[dict[str, Any]]]:
    """System text and messages with a mark on the last block of the one and of the last user message of the other."""
    out = [dict(message) for message in messages]
    if mark is None:
        return system, out
    last = max((i for i, message in enumerate(out) if message["role"] == "user"), default=None)
    if last is not None and isinstance(out[last]["content"], list):
        out[last]["content"] = _last_marked(out[last]["content"], mark)
    return _last_marked(system, mark) if isinstance(system, list) else system, out


def _last_marked(blocks: Sequence[Mapping[str, Any]], mark: Mapping[str, str]) -> list[Any]:
    return [*blocks[:-1], *({**block, "cache_control": dict(mark)} for block in blocks[-1:])]


def checked_message(raw: Any) -> dict[str, Any]:
    """The five keys of an assistant message, checked for shape; raises ValueError saying what is wrong.

    What comes from a server, a file or an outside agent passes here before anything looks into it.
    """
    if not isinstance(raw, Mapping) or raw.get("role") != "assistant":
        raise ValueError("it is not an assistant message")
    content, usage, reason = raw.get("content"), raw.get("usage"), raw.get("stop_reason")
    if not isinstance(content, list) or not all(isinstance(block, Mapping) for block in content):
        raise ValueError("its content is not a list of blocks")
    if not isinstance(usage, Mapping) or not isinstance(reason, str):
        raise ValueError("it has no usage or no stop reason")
    for block in content:
        _check_block(block)
    counts = [usage.get(name) for name in COUNTS if usage.get(name) is not None]
    if not all(isinstance(count, int) and count >= 0 for count in counts):
        raise ValueError("its usage is not made of token counts")
    model = str(raw.get("model") or "")
    return {"role": "assistant", "content": content, "stop_reason": reason, "usage": dict(usage), "model": model}


def _check_block(block: Mapping[str, Any]) -> None:
    kind = block.get("type")
    if not isinstance(kind, str):
        raise ValueError("a block has no type")
    if kind == "text" and not isinstance(block.get("text"), str):
        raise ValueError("a text block has no text")
    if kind == "tool_use" and not (isinstance(block.get("id"), str) and isinstance(block.get("name"), str)):
        raise ValueError("a tool_use block has no id or no name")
    if kind == "tool_use" and not isinstance(block.get("input"), Mapping):
        raise ValueError("the input of a tool_use block is not an object")
