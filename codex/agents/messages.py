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

#: Name of the tool with which a reply is handed in.
SUBMIT = "submit"

#: Fields of a request that shape the answer: all of them are in the journal's key.
KEYED_FIELDS = frozenset(
    {
        "model", "max_tokens", "system", "messages", "tools", "tool_choice", "output_config", "thinking",
        "stop_sequences", "speed", "service_tier", "inference_geo", "container", "cache_control",
    }
)  # fmt: skip

#: Fields that do not shape the answer, each with the reason for leaving it out of the key.
LEFT_OUT_FIELDS = {
    "stream": "the same answer, in pieces",
    "metadata": "accounting at the provider",
    "diagnostics": "asks for a report on cache use",
    "user_profile_id": "attribution at the provider",
    "workspace_id": "attribution at the provider",
}

_COUNTS = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
_CACHED = {"type": "ephemeral"}


@dataclass(frozen=True, slots=True)
class TurnRequest:
    """One HTTP turn: the body to send and where it belongs. ``turn`` counts from 1."""

    call: AgentCall[Any]
    turn: int
    body: Mapping[str, Any]

    @property
    def address(self) -> CallAddress:
        return self.call.address

    @property
    def label(self) -> str:
        """``<address>/<turn>``: the value of the header that the local server reads."""
        return f"{self.address}/{self.turn}"


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one turn or of several. ``input_tokens`` excludes what was read from or written to the cache."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Usage:
        """From the API's own usage object; an absent or null count is 0."""
        return cls(*(int(raw.get(name) or 0) for name in _COUNTS))

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cache_read_tokens + other.cache_read_tokens,
            self.cache_write_tokens + other.cache_write_tokens,
        )

    @property
    def total_input(self) -> int:
        return self.input_tokens + self.cache_read_tokens + self.cache_write_tokens


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
    keyed = {name: value for name, value in request.body.items() if name in KEYED_FIELDS}
    return digest({"address": str(request.address), "turn": request.turn, "backend": backend, "body": keyed})


def prompt_sha256(body: Mapping[str, Any]) -> str:
    """Hash of what the agent was shown (system, tools, messages): a recording's metadata, never its address."""
    return digest({name: body.get(name) for name in ("system", "tools", "messages")})


def opening_messages(call: AgentCall[Any]) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [{"type": "text", "text": call.prompt}]}]


def build_body(
    call: AgentCall[Any], tools: Sequence[Mapping[str, Any]], messages: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The request for the next turn: stable parts first, with two cache marks (end of prefix, end of conversation)."""
    body: dict[str, Any] = {
        "model": call.model,
        "max_tokens": call.max_tokens,
        "tools": [*tools, submit_tool(call)],
        "system": [{"type": "text", "text": call.prefix, "cache_control": _CACHED}],
        "messages": _marked(messages),
    }
    if call.effort is not None:
        body["output_config"] = {"effort": call.effort}
    return body


def submit_tool(call: AgentCall[Any]) -> dict[str, Any]:
    return {
        "name": SUBMIT,
        "description": "Hand in your reply. It is checked at once; when it does not match the schema, the exact "
        "errors come back and you submit again. A valid reply ends the conversation.",
        "input_schema": call.reply_model.model_json_schema(),
    }


def _marked(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The messages with a cache mark on the last block of the last user message."""
    out = [dict(message) for message in messages]
    last = max((i for i, message in enumerate(out) if message["role"] == "user"), default=None)
    if last is not None:
        *before, block = out[last]["content"]
        out[last]["content"] = [*before, {**block, "cache_control": _CACHED}]
    return out


def estimated_tokens(value: Any) -> int:
    """A quarter of the characters of the value's JSON, rounded up: the estimate where a backend counts no tokens."""
    return -(-len(json.dumps(value, ensure_ascii=False)) // 4)


def estimated_usage(body: Mapping[str, Any], content: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """The API's usage object for a turn nobody metered, as the API would have billed it.

    The request's marks make the previous turn's request a cache read and the rest a cache write; the first turn writes
    all of it. (A prefix still warm from another conversation, or gone cold after five minutes, is not guessed at.)
    """
    whole = estimated_tokens([body.get("tools"), body.get("system"), body["messages"]])
    earlier = _previous_messages(body["messages"])
    read = estimated_tokens([body.get("tools"), body.get("system"), earlier]) if earlier else 0
    return {
        "input_tokens": 0,
        "output_tokens": estimated_tokens(list(content)),
        "cache_read_input_tokens": min(read, whole),
        "cache_creation_input_tokens": max(whole - read, 0),
    }


def _previous_messages(messages: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The messages of the request before this one: all before the last assistant message."""
    last = max((i for i, message in enumerate(messages) if message["role"] == "assistant"), default=0)
    return list(messages[:last])


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
    counts = [usage.get(name) for name in _COUNTS if usage.get(name) is not None]
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
