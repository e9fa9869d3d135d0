"""Tokens of a turn: as the API meters them, and as they are estimated where nobody does."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

#: The API's names of the counts in ``Usage``'s order; the cache's are reached through ``cache_creation`` as well.
COUNTS = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one turn or of several. ``input_tokens`` excludes what was read from or written to the cache.

    ``cache_write_1h_tokens`` is the part of ``cache_write_tokens`` that went into the one-hour cache; ``web_searches``
    counts uses of the provider's search tool, which are paid for one by one.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cache_write_1h_tokens: int = 0
    web_searches: int = 0

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Usage:
        """From the API's own usage object; an absent or null count is 0."""
        written = raw.get("cache_creation") or {}
        tools = raw.get("server_tool_use") or {}
        fresh, out, read, write = (_count(raw, name) for name in COUNTS)
        an_hour = min(_count(written, "ephemeral_1h_input_tokens"), write)
        return cls(fresh, out, read, write, an_hour, _count(tools, "web_search_requests"))

    def __add__(self, other: Usage) -> Usage:
        return Usage(**{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(Usage)})

    @property
    def total_input(self) -> int:
        return self.input_tokens + self.cache_read_tokens + self.cache_write_tokens


def _count(raw: Any, name: str) -> int:
    value = raw.get(name) if isinstance(raw, Mapping) else None
    return value if isinstance(value, int) and value > 0 else 0


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
