"""What the Anthropic SDK raises, named: each failure as a TurnFailed of its kind (failures.FAULTS) or a BackendError.

The key is cut out of every text that comes back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from codex.agents.failures import TurnFailed
from codex.errors import BackendError

if TYPE_CHECKING:
    import anthropic

#: How the message of a 404 for a missing recording begins; the client tells it from any other 404 by this.
MISSING = "recording missing for "

#: Statuses that are worth asking again, besides every 5xx.
_RETRIED = frozenset({408, 409, 429, 529})

#: Codes of a 429 that waiting does not cure.
_NOT_CURED_BY_WAITING = ("spend_limit", "credit")

#: How the SDK begins to say that a tool's input cannot be read.
_BAD_INPUT = "Unable to parse tool parameter JSON"

#: Status → what a person should do about it.
_REMEDIES = {
    401: "Check the key in ANTHROPIC_API_KEY.",
    402: "Check the account's credit.",
    403: "The key may not use this model or address; check both.",
    404: "Check the model's name and ANTHROPIC_BASE_URL.",
    413: "The conversation has grown too large for one request; use fewer or smaller units.",
}


@dataclass(frozen=True, slots=True)
class Translator:
    """Names what the SDK raises. ``key`` is cut out of texts; ``first`` and ``idle`` are the limits in seconds."""

    key: str
    first: float
    idle: float

    @contextmanager
    def around(self, label: str) -> Iterator[None]:
        """Within it the SDK's errors become TurnFailed or BackendError; ``label`` names what was asked."""
        import anthropic
        import httpx2

        try:
            yield
        except anthropic.APIStatusError as exc:
            raise self._status(exc, label) from exc
        except anthropic.APITimeoutError as exc:
            kind = "unreachable" if isinstance(exc.__cause__, httpx2.ConnectTimeout) else "timeout"
            raise TurnFailed(kind, _SLOW[kind]) from exc
        except anthropic.APIConnectionError as exc:
            kind = "unreachable" if isinstance(exc.__cause__, httpx2.ConnectError) else "connection"
            raise TurnFailed(kind, self.clean(f"The API could not be reached: {exc.__cause__ or exc}") + ".") from exc
        except httpx2.TransportError as exc:
            said = self.clean(f"The API's answer was cut off: {exc or type(exc).__name__}")
            raise TurnFailed("cut", said + ".") from exc
        except TimeoutError as exc:
            raise TurnFailed("stalled", f"The API fell silent for {self.idle:g} s.") from exc
        except (ValueError, TypeError, AttributeError, RuntimeError, AssertionError, anthropic.APIError) as exc:
            # what the SDK raises when the answer is not what the API would send
            raise self._unreadable(exc) from exc

    def clean(self, text: str) -> str:
        """A text of the server's without the key and its last full stop."""
        return text.replace(self.key, "[key]").rstrip(". ") if self.key else text.rstrip(". ")

    def _unreadable(self, exc: Exception) -> TurnFailed:
        if str(exc).startswith(_BAD_INPUT):
            return TurnFailed("invalid_json", "The model wrote a tool's input that is not JSON.")
        return TurnFailed("garbage", self.clean(f"The API's answer is not a message: {exc}") + ".")

    def _status(self, exc: anthropic.APIStatusError, label: str) -> TurnFailed | BackendError:
        said = self.clean(exc.api_message or exc.message)
        status = exc.status_code
        if status == 200:  # an error event in the middle of a stream
            return TurnFailed("overloaded", f"The API broke off its answer: {said}.")
        if (status in _RETRIED and not _for_good(exc)) or status >= 500:
            kind = f"status_{status}" if status in _RETRIED else "status_5xx"
            return TurnFailed(kind, f"The API answered {status}: {said}.", retry_after=_retry_after(exc))
        if said.startswith(MISSING):
            what, _, remedy = said.partition(". ")
            return BackendError(f"{what[0].upper()}{what[1:]}.", remedy=remedy)
        return BackendError(f"The API refused {label} ({status}): {said}.", remedy=_REMEDIES.get(status, ""))


_SLOW = {
    "unreachable": "The API could not be reached in time.",
    "timeout": "The API did not answer in time.",
}


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
