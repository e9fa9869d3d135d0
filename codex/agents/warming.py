"""One request warms the provider's cache for those beside it.

A prefix can be read from the cache only after the first answer that wrote it has begun. Eight agents that start
together would each pay for writing it; so the first goes alone, and the others follow as soon as its answer begins.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from codex.agents.messages import digest

#: Seconds after its last use for which a prefix counts as warm: less than the shortest life of an entry.
WARM_SECONDS = 240.0


class Warmth:
    """Which prefixes (model, tools, system) are warm. For one event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._warm_until: dict[str, float] = {}
        self._first: dict[str, asyncio.Event] = {}

    @asynccontextmanager
    async def around(self, body: Mapping[str, Any]) -> AsyncIterator[Callable[[], None]]:
        """Send the request within it, and call what it gives once the answer begins. The others wait until then, or
        until the first has failed: then the next of them goes first.
        """
        key = _prefix(body)
        while key and not self._is_warm(key) and key in self._first:
            await self._first[key].wait()
        leads = bool(key) and not self._is_warm(key)
        if leads:
            self._first[key] = asyncio.Event()

        def begun() -> None:
            if key:
                self._warm_until[key] = self._clock() + WARM_SECONDS
            self._let_go(key)

        try:
            yield begun
        finally:
            if leads:
                self._let_go(key)

    def _is_warm(self, key: str) -> bool:
        return self._clock() < self._warm_until.get(key, 0.0)

    def _let_go(self, key: str) -> None:
        waiting = self._first.pop(key, None)
        if waiting is not None:
            waiting.set()


def _prefix(body: Mapping[str, Any]) -> str:
    """A name for the part of the request that others may share; "" when nothing of it is cached."""
    system = body.get("system")
    if not isinstance(system, list) or not any("cache_control" in block for block in system):
        return ""
    return digest([body.get("model"), body.get("tools"), system])
