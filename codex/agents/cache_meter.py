"""Accounts for prompt caching as the provider does, so that what caching saves can be measured on this machine.

A request is a row of blocks: tools, system, the blocks of its messages. A mark (``cache_control``) says that everything
up to it may be kept. An earlier entry is looked for at each mark and at some blocks before it, the longest first; what
follows it up to the last mark is written, the rest is plain input. Entries live for the time of their mark after their
last use; a prefix below the model's minimum is not kept. Figures: manifests/models.json.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from codex.agents.limits import ModelList, builtin_models
from codex.agents.messages import canonical
from codex.agents.usage import estimated_tokens


@dataclass(frozen=True, slots=True)
class _Block:
    """One block: the hash of everything up to and with it, the tokens up to there, and the life of its mark."""

    prefix: str
    tokens: int
    ttl: str | None


@dataclass(frozen=True, slots=True)
class Metered:
    """What one request counts as, in the API's own usage fields, and the entries that it leaves (name → life)."""

    usage: Mapping[str, Any]
    leaves: Mapping[str, float]


class CacheMeter:
    """The cache of one provider's account. Safe to use from several threads."""

    def __init__(self, models: ModelList | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._models, self._clock = models or builtin_models(), clock
        self._lives: dict[str, tuple[float, float]] = {}  # prefix → dead from, seconds of life
        self._lock = threading.Lock()

    def problem(self, body: Mapping[str, Any]) -> str | None:
        """What the API would refuse of the request's marks; None when they are in order."""
        marks = [block.ttl for block in _blocks(body) if block.ttl]
        if len(marks) > self._models.cache.marks_most:
            return f"a maximum of {self._models.cache.marks_most} blocks with cache_control may be provided"
        if any(ttl not in self._models.cache.ttl_seconds for ttl in marks):
            return "cache_control.ttl: unknown"
        if "5m" in marks and "1h" in marks[marks.index("5m") :]:
            return "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block"
        return None

    def arrived(self, body: Mapping[str, Any]) -> Metered:
        """Meter a request as it arrives: it reads what is there by then."""
        blocks = _blocks(body)
        minimum = self._models.of(str(body.get("model"))).cache_minimum
        marks = [i for i, block in enumerate(blocks) if block.ttl and block.tokens >= minimum]
        whole = blocks[-1].tokens if blocks else 0
        with self._lock:
            read = self._longest(blocks, marks)
        last = blocks[marks[-1]].tokens if marks else 0
        leaves = {blocks[i].prefix: float(self._models.cache.ttl_seconds[blocks[i].ttl or "5m"]) for i in marks}
        written = {"5m": 0, "1h": 0}
        at = read
        for i in marks:
            written[blocks[i].ttl or "5m"] += max(blocks[i].tokens - at, 0)
            at = max(at, blocks[i].tokens)
        usage = {
            "input_tokens": whole - max(last, read),
            "cache_read_input_tokens": read,
            "cache_creation_input_tokens": sum(written.values()),
            "cache_creation": {f"ephemeral_{ttl}_input_tokens": tokens for ttl, tokens in written.items()},
        }
        return Metered(usage, leaves)

    def begun(self, metered: Metered) -> None:
        """The answer begins: from now on others can read what the request has left."""
        with self._lock:
            now = self._clock()
            self._lives |= {prefix: (now + life, life) for prefix, life in metered.leaves.items()}

    def _longest(self, blocks: list[_Block], marks: list[int]) -> int:
        """Tokens of the longest entry that a mark reaches; reading it gives it its whole life again."""
        now, back = self._clock(), self._models.cache.lookback_blocks
        for mark in reversed(marks):
            for i in range(mark, max(mark - back, 0) - 1, -1):
                dead_from, life = self._lives.get(blocks[i].prefix, (0.0, 0.0))
                if now < dead_from:
                    self._lives[blocks[i].prefix] = (now + life, life)
                    return blocks[i].tokens
        return 0


def _blocks(body: Mapping[str, Any]) -> list[_Block]:
    """The request's blocks in the order in which prefixes are made of them."""
    seen = hashlib.sha256(canonical([body.get("model"), body.get("tool_choice")]))
    found: list[_Block] = []
    tokens = 0
    for place, block in _parts(body):
        plain = {key: value for key, value in block.items() if key != "cache_control"}
        seen.update(canonical([place, plain]))
        tokens += estimated_tokens(plain)
        mark = block.get("cache_control")
        found.append(_Block(seen.hexdigest(), tokens, mark.get("ttl", "5m") if isinstance(mark, Mapping) else None))
    return found


def _parts(body: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    parts = [("tools", tool) for tool in body.get("tools") or ()]
    parts += [("system", block) for block in _as_blocks(body.get("system") or ())]
    for message in body.get("messages") or ():
        parts += [(f"message {message['role']}", block) for block in _as_blocks(message["content"])]
    return parts


def _as_blocks(content: Any) -> Any:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def metered_message(message: Mapping[str, Any], metered: Metered) -> dict[str, Any]:
    """A recorded message with what the request counts as today; what was put out stays as recorded."""
    usage = {**json.loads(json.dumps(message["usage"])), **metered.usage}
    return {**message, "usage": usage}
