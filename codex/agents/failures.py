"""Everything that can go wrong in a turn or a conversation, and what is done about it: one table.

``docs/faults.md`` is written from it (``python -m codex.agents.faultdocs``), and tests have the local server do each of
these things and hold client, cost and message to what stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from codex.errors import CodexError

Action = Literal["retry", "continue", "repair", "give up"]

#: ``free``: surely not billed. ``kept``: it may have been billed, so what was set aside counts as spent. ``paid``: an
#: answer came, with its tokens.
Money = Literal["free", "kept", "paid"]


@dataclass(frozen=True, slots=True)
class FaultRule:
    """One kind of failure. ``limit``: how often it is retried, continued or repaired in a row before it is given up
    (0: never tried again; None: the retry policy's tries). ``breaker``: it counts towards the circuit breaker.
    ``fallback``: the pass's next model is asked before it is given up.

    ``server`` and ``client`` say what the one did and the other does, ``operator`` how the sentence begins that is seen
    when it is given up.
    """

    action: Action
    money: Money
    server: str
    client: str
    operator: str
    limit: int | None = None
    breaker: bool = False
    fallback: bool = False

    @property
    def retry(self) -> bool:
        return self.action == "retry"

    @property
    def free(self) -> bool:
        return self.money == "free"


def _down(money: Money, server: str, operator: str) -> FaultRule:
    """The server or the way to it is in trouble: tried again after a growing pause, and the breaker counts it."""
    return FaultRule("retry", money, server, "tries again after a pause", operator, breaker=True, fallback=True)


def _busy(server: str, operator: str) -> FaultRule:
    """The server is well and asks for patience: the breaker does not count it."""
    client = "tries again after a pause, not before the time that `retry-after` names (at most a minute)"
    return FaultRule("retry", "free", server, client, operator, fallback=True)


def _ends(money: Money, server: str, operator: str, *, fallback: bool = False) -> FaultRule:
    client = "asks the pass's next model, if it has one; else gives up" if fallback else "gives up at once"
    return FaultRule("give up", money, server, client, operator, limit=0, fallback=fallback)


def _told(server: str, client: str, operator: str, limit: int) -> FaultRule:
    """The agent is told what is wrong and asked again, within the same conversation."""
    return FaultRule("repair", "paid", server, client, operator, limit=limit)


FAULTS: Mapping[str, FaultRule] = {
    # the way to the server, and the server itself
    "unreachable": _down("free", "does not listen", "The API could not be reached"),
    "connection": _down("kept", "closes the connection before it answers", "The API could not be reached"),
    "timeout": _down("kept", "does not begin to answer in time", "The API did not"),
    "status_408": _busy("answers 408", "The API answered 408"),
    "status_409": _busy("answers 409", "The API answered 409"),
    "status_429": _busy("answers 429 with `retry-after`", "The API answered 429"),
    "status_5xx": _down("free", "answers 500 (or another 5xx)", "The API answered 5"),
    "status_529": _down("free", "answers 529, overloaded", "The API answered 529"),
    "overloaded": _down("kept", "breaks off its answer with an error event", "The API broke off its answer"),
    "cut": _down("kept", "closes the connection in the middle of its answer", "The API's answer was cut off"),
    "stalled": _down("kept", "sends only pings in the middle of its answer", "The API fell silent"),
    "garbage": _down("kept", "answers with something that is no message", "The API's answer is not a message"),
    "invalid_json": FaultRule(
        "retry", "kept", "sends a tool's input that is not JSON", "tries again after a pause",
        "The model wrote a tool's input that is not JSON", limit=2, fallback=True,
    ),
    "refused": _ends("free", "answers 400, 401, 402, 403, 404, 413 or 422", "The API refused"),
    # Message Batches
    "batch_errored": _ends("free", "reports the request of a batch as invalid", "The API refused"),
    "batch_failed": FaultRule(
        "retry", "free", "reports the request of a batch as failed on its side", "sends it in another batch",
        "The batch came back without an answer", limit=2,
    ),
    "batch_expired": FaultRule(
        "retry", "free", "lets a batch expire after 24 hours, or it was cancelled", "sends it in another batch",
        "The batch ended without an answer", limit=2,
    ),
    "batch_unfound": FaultRule(
        "retry", "kept", "knows no batch with the request of a run that died", "sends it in another batch",
        "No batch of the API has the request", limit=2,
    ),
    # what an answer says
    "refusal": _ends("paid", "answers with the stop reason refusal", "The model refused to answer", fallback=True),
    "context_window": _ends(
        "paid", "stops because the context window is full", "The conversation has outgrown the model's context window"
    ),
    "max_tokens": FaultRule(
        "continue", "paid", "stops at max_tokens",
        "uses no tool call of the cut answer, doubles max_tokens (up to the model's most) and has the agent go on",
        "The answer was cut off at max_tokens", limit=2,
    ),
    "pause_turn": FaultRule(
        "continue", "paid", "pauses a long turn (pause_turn)", "sends the conversation back as it is",
        "No reply was handed in within",
    ),
    "empty": _told("answers with no content", "asks for the reply once", "The agent stopped without calling", 1),
    "no_submit": _told("answers with text alone", "asks for the reply once", "The agent stopped without calling", 1),
    "wrong_arguments": _told(
        "calls a tool with wrong arguments, or one it does not have", "answers with the exact errors",
        "The agent called tools wrongly 6 times in a row", 5,
    ),
    "invalid_reply": _told(
        "hands in a reply that does not match its schema", "answers with the exact errors, once",
        "The reply does not match its schema", 1,
    ),
    "tool_loop": _told(
        "makes the same tool call again and again", "from the third time on says so with the result",
        "The agent made the same tool call 5 times in a row", 4,
    ),
    "max_turns": FaultRule(
        "give up", "paid", "calls tools without an end", "announces the last turn, then gives up",
        "No reply was handed in within", limit=0,
    ),
    # nobody there
    "unanswered": _ends("free", "(handoff) nobody answers in time", "Nobody answered call"),
}  # fmt: skip


class TurnFailed(CodexError):
    """One turn got no usable answer. ``kind`` is a key of ``FAULTS``; ``retry_after`` seconds, as the server asked."""

    def __init__(self, kind: str, what: str, *, retry_after: float | None = None) -> None:
        super().__init__(what, remedy="Run the same command again to go on from here.")
        self.kind = kind
        self.rule = FAULTS[kind]
        self.retry_after = retry_after
