"""The Anthropic API, or anything that speaks it: one streamed request a turn.

The SDK's own retries are off; what failed is named (backend.FAULTS) and retried by turns.py, where money is counted.
The key goes into the client and nowhere else: it is cut out of any text that comes back in an error.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import ssl
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from codex.agents.backend import TurnFailed
from codex.agents.call import CallAddress
from codex.agents.messages import Reply, TurnRequest, checked_message
from codex.agents.replay_server import CALL_HEADER, ESTIMATED_HEADER, MISSING
from codex.errors import BackendError

if TYPE_CHECKING:
    import anthropic
    from anthropic.lib.streaming import AsyncMessageStreamManager

#: Statuses that are worth asking again, besides every 5xx.
_RETRIED = frozenset({408, 409, 429})

#: Codes of a 429 that waiting does not cure.
_NOT_CURED_BY_WAITING = ("spend_limit", "credit")

#: Status → what a person should do about it.
_REMEDIES = {
    401: "Check the key in ANTHROPIC_API_KEY.",
    402: "Check the account's credit.",
    403: "The key may not use this model or address; check both.",
    404: "Check the model's name and ANTHROPIC_BASE_URL.",
    413: "The conversation has grown too large for one request; use fewer or smaller units.",
}


class AnthropicBackend:
    """Answers over HTTP. Seconds: ``connect`` to reach the server, ``first`` until an answer begins, ``idle`` between
    two events that are not pings.

    ``base_url`` defaults to ANTHROPIC_BASE_URL, the key to ANTHROPIC_API_KEY. Raises BackendError when there is
    neither a key nor a base URL. A loopback server that is given without a key gets a dummy one.
    """

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
        self._limits = (connect, first, idle)
        # an asynchronous client belongs to the event loop it was first used in
        self._clients: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Any] = weakref.WeakKeyDictionary()

    async def turn(self, request: TurnRequest) -> Reply:
        """Send one request; raises TurnFailed or BackendError (backend.FAULTS)."""
        import anthropic
        import httpx2

        headers = {CALL_HEADER: request.label} if self._loopback else {}
        opening = self._client().messages.stream(**request.body, extra_headers=headers)
        try:
            return await self._stream(opening)
        except anthropic.APIStatusError as exc:
            raise self._status_failure(exc, request) from exc
        except anthropic.APITimeoutError as exc:
            kind = "unreachable" if isinstance(exc.__cause__, httpx2.ConnectTimeout) else "timeout"
            raise TurnFailed(kind, "The API did not answer in time.") from exc
        except anthropic.APIConnectionError as exc:
            kind = "unreachable" if isinstance(exc.__cause__, httpx2.ConnectError) else "connection"
            raise TurnFailed(kind, self._clean(f"The API could not be reached: {exc.__cause__ or exc}.")) from exc
        except httpx2.TransportError as exc:
            raise TurnFailed("cut", self._clean(f"The API's answer was cut off: {exc or type(exc).__name__}.")) from exc
        except TimeoutError as exc:
            raise TurnFailed("stalled", f"The API fell silent for {self._limits[2]:g} s.") from exc
        except (ValueError, TypeError, AttributeError, RuntimeError, AssertionError, anthropic.APIError) as exc:
            # what the SDK raises when the answer is not what the API would send
            raise TurnFailed("garbage", self._clean(f"The API's answer is not a message: {exc}.")) from exc

    async def _stream(self, opening: AsyncMessageStreamManager[None]) -> Reply:
        _, first, idle = self._limits
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

    def _client(self) -> anthropic.AsyncAnthropic:
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            self._clients[loop] = self._new_client()
        client: anthropic.AsyncAnthropic = self._clients[loop]
        return client

    def _new_client(self) -> anthropic.AsyncAnthropic:
        import anthropic
        import httpx2

        connect, first, idle = self._limits
        timeout = httpx2.Timeout(first, connect=connect, read=max(first, idle))
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

    def _status_failure(self, exc: anthropic.APIStatusError, request: TurnRequest) -> TurnFailed | BackendError:
        said = self._clean(exc.api_message or exc.message)
        status = exc.status_code
        if status == 200:  # an error event in the middle of a stream
            return TurnFailed("overloaded", f"The API broke off its answer: {said}.")
        if status in _RETRIED and not _for_good(exc):
            return TurnFailed(f"status_{status}", f"The API answered {status}: {said}.", retry_after=_retry_after(exc))
        if status >= 500:
            return TurnFailed("status_5xx", f"The API answered {status}: {said}.", retry_after=_retry_after(exc))
        if said.startswith(MISSING):
            what, _, remedy = said.partition(". ")
            return BackendError(f"{what[0].upper()}{what[1:]}.", remedy=remedy)
        return BackendError(f"The API refused {request.label} ({status}): {said}.", remedy=_REMEDIES.get(status, ""))

    def _clean(self, text: str) -> str:
        return text.replace(self._key, "[key]").rstrip(". ") if self._key else text.rstrip(". ")


def _for_good(exc: anthropic.APIStatusError) -> bool:
    return any(word in (exc.error_code or "") for word in _NOT_CURED_BY_WAITING)


def _retry_after(exc: anthropic.APIStatusError) -> float | None:
    """Seconds from ``retry-after-ms`` or ``retry-after``; None when absent, a date or nonsense."""
    headers: Mapping[str, str] = exc.response.headers
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) * unit
        except ValueError:
            continue
        if 0 <= seconds < float("inf"):
            return seconds
    return None


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
