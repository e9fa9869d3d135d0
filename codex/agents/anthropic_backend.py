"""The Anthropic API, or anything that speaks it: one streamed request a turn, and Message Batches.

The SDK's own retries are off; what failed is named (api_errors.py) and retried by turns.py, where money is counted.
The key goes into the client and nowhere else.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import ssl
import weakref
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from codex.agents.api_errors import Translator
from codex.agents.backend import Batch, BatchResult
from codex.agents.call import CallAddress
from codex.agents.failures import TurnFailed
from codex.agents.messages import Reply, TurnRequest, checked_message
from codex.agents.warming import Warmth
from codex.agents.wire import CALL_HEADER, ESTIMATED_HEADER, SENT_HEADER
from codex.errors import BackendError

if TYPE_CHECKING:
    import anthropic
    from anthropic.lib.streaming import AsyncMessageStreamManager


class AnthropicBackend:
    """Answers over HTTP. Seconds: ``connect`` to reach the server, ``first`` until an answer begins, ``idle`` between
    two events that are not pings.

    ``base_url`` defaults to ANTHROPIC_BASE_URL, the key to ANTHROPIC_API_KEY. Raises BackendError when there is
    neither a key nor a base URL. A loopback server that is given without a key gets a dummy one.
    """

    server_tools = True

    def __init__(
        self,
        *,
        name: str = "anthropic",
        base_url: str | None = None,
        api_key: str | None = None,
        connect: float = 10.0,
        first: float = 600.0,
        idle: float = 300.0,
    ) -> None:
        self.name = name
        self._url = base_url or os.environ.get("ANTHROPIC_BASE_URL") or None
        self._key = api_key or os.environ.get("ANTHROPIC_API_KEY") or ""
        if not self._key and self._url is None:
            raise BackendError(
                "There is no key for the Anthropic API (ANTHROPIC_API_KEY is not set).",
                remedy="Set it, or choose who answers: --backend handoff (an agent or a person, through files) "
                "or --backend replay (recorded replies).",
            )
        self._loopback = self._url is not None and is_loopback(self._url)
        self._connect, self._named = connect, Translator(self._key, first, idle)
        # an asynchronous client belongs to the event loop it was first used in
        self._clients: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[Any, Warmth]] = (
            weakref.WeakKeyDictionary()
        )

    async def turn(self, request: TurnRequest) -> Reply:
        """Send one request; raises TurnFailed or BackendError (failures.FAULTS)."""
        client, warmth = self._client()
        headers = {CALL_HEADER: request.label, SENT_HEADER: request.sent_as} if self._loopback else {}
        async with warmth.around(request.body) as begun:
            with self._named.around(request.label):
                opening = client.messages.stream(**request.body, extra_headers=headers)
                return await self._stream(opening, begun)

    async def _stream(self, opening: AsyncMessageStreamManager[None], begun: Callable[[], None]) -> Reply:
        first, idle = self._named.first, self._named.idle
        try:
            async with asyncio.timeout(first):
                stream = await opening.__aenter__()
        except TimeoutError as exc:
            raise TurnFailed("timeout", f"The API did not begin to answer within {first:g} s.") from exc
        try:
            events = aiter(stream)
            ended = False
            while not ended:
                async with asyncio.timeout(idle):
                    ended = await anext(events, None) is None
                begun()
            return self._reply(await stream.get_final_message(), stream.response.headers)
        finally:
            await stream.close()

    def _reply(self, message: Any, headers: Mapping[str, str]) -> Reply:
        if getattr(message, "type", None) != "message":
            raise ValueError("it is of another type")
        raw = message.model_dump(mode="json", exclude_unset=True)
        estimated = self._loopback and headers.get(ESTIMATED_HEADER) == "1"
        return Reply(checked_message(raw), self.name, estimated, headers.get("request-id"))

    async def finished(self, address: CallAddress, state: str, detail: str) -> None:
        """Nothing is open between turns."""

    # --- Message Batches -------------------------------------------------------------------------------------------

    async def create_batch(self, requests: Sequence[TurnRequest]) -> str:
        """Send requests as one batch, each under its journal id; returns the batch's id."""
        with self._named.around(f"a batch of {len(requests)}"):
            entries: list[Any] = [{"custom_id": each.sent_as, "params": self._params(each)} for each in requests]
            made = await self._client()[0].messages.batches.create(requests=entries)
            return _described(made).id

    def _params(self, request: TurnRequest) -> dict[str, Any]:
        """A request within a batch has no headers of its own: the local server reads its address from the metadata."""
        return {**request.body, "metadata": {"user_id": request.label}} if self._loopback else dict(request.body)

    async def batch(self, identity: str) -> Batch:
        with self._named.around(f"batch {identity}"):
            return _described(await self._client()[0].messages.batches.retrieve(identity))

    async def batches(self) -> AsyncIterator[Batch]:
        """All batches of the account's workspace, the newest first."""
        with self._named.around("the list of batches"):
            async for each in self._client()[0].messages.batches.list(limit=100):
                yield _described(each)

    async def batch_results(self, identity: str) -> AsyncIterator[BatchResult]:
        """The results of a batch that has ended, in any order."""
        with self._named.around(f"the results of batch {identity}"):
            async for line in await self._client()[0].messages.batches.results(identity):
                yield self._result(line)

    def _result(self, line: Any) -> BatchResult:
        result = line.result
        if result.type == "succeeded":
            raw = result.message.model_dump(mode="json", exclude_unset=True)
            return BatchResult(line.custom_id, raw, tokens_estimated=self._loopback and bool(raw.get(ESTIMATED_HEADER)))
        if result.type != "errored":
            return BatchResult(line.custom_id, None, result.type)
        error = result.error.error
        return BatchResult(line.custom_id, None, str(error.type), self._named.clean(str(error.message)))

    # --- the client ------------------------------------------------------------------------------------------------

    def _client(self) -> tuple[anthropic.AsyncAnthropic, Warmth]:
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            self._clients[loop] = (self._new_client(), Warmth())
        return self._clients[loop]

    def _new_client(self) -> anthropic.AsyncAnthropic:
        import anthropic
        import httpx2

        first, idle = self._named.first, self._named.idle
        timeout = httpx2.Timeout(first, connect=self._connect, read=max(first, idle))
        http = anthropic.DefaultAsyncHttpxClient(
            # no connection is kept between turns: they are minutes apart, and a stale one costs a failed turn
            limits=httpx2.Limits(max_connections=64, max_keepalive_connections=0),
            timeout=timeout,
            trust_env=not self._loopback,  # a proxy of the environment is not asked for this machine's own server
            # loading the certificates takes 45 ms, and plain HTTP to this machine needs none
            verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if self._loopback else True,
        )
        key = self._key or "none"
        return anthropic.AsyncAnthropic(
            api_key=key, base_url=self._url, max_retries=0, timeout=timeout, http_client=http
        )


def _described(batch: Any) -> Batch:
    """A batch as the SDK gives it; raises ValueError when it is something else (the SDK checks nothing)."""
    if getattr(batch, "type", None) != "message_batch" or not isinstance(batch.created_at, datetime):
        raise ValueError("it is no message batch")
    return Batch(batch.id, batch.created_at, batch.processing_status == "ended")


def is_loopback(url: str) -> bool:
    """Whether a base URL names this machine itself."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def replay_backend(url: str, **limits: float) -> AnthropicBackend:
    """The backend that asks a local server of recordings. The real key, if any, is not sent there."""
    return AnthropicBackend(name="replay", base_url=url, api_key="replay", **limits)
