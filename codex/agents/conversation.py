"""The loop: ask, run the tools that the agent calls, ask again, until a valid reply is handed in.

The same for every backend. Nothing in a request depends on the time or on chance, so a run that is resumed rebuilds
the same requests and takes the finished turns from the journal.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic

from codex.agents.backend import Backend, TurnFailed
from codex.agents.call import AgentCall, ReplyT
from codex.agents.journal import BudgetExceeded, Journal
from codex.agents.messages import SUBMIT, Reply, TurnRequest, Usage, build_body, opening_messages
from codex.agents.prices import Price, PriceList, builtin_prices
from codex.agents.turns import RetryPolicy, take_turn

if TYPE_CHECKING:
    from codex.agents.recording import Recorder
    from codex.agents.tools import Toolbox

#: How often an invalid reply is sent back with its errors before the conversation is given up.
MAX_REPAIRS = 2

#: How often an agent that stops without handing in is reminded to.
MAX_NUDGES = 1

_NUDGE = f"Hand in your reply by calling the tool `{SUBMIT}`."
_LAST_TURN = f"This is your last turn: call `{SUBMIT}` now."


class Failure(StrEnum):
    """Why a conversation ended without a reply."""

    INVALID_REPLY = "invalid_reply"
    REFUSAL = "refusal"
    MAX_TOKENS = "max_tokens"
    MAX_TURNS = "max_turns"
    TRANSPORT = "transport"
    BUDGET = "budget"
    NO_SUBMIT = "no_submit"


@dataclass(frozen=True, slots=True)
class Outcome(Generic[ReplyT]):
    """How a conversation ended: ``reply`` or ``failure``, never both.

    ``usage``, ``cost`` (US dollars), ``seconds`` and ``calls`` (the journal's row ids) count every turn of this
    conversation that was ever sent, lost and failed ones and earlier runs included. ``repairs`` is how often a reply
    did not match its model.
    """

    reply: ReplyT | None
    failure: Failure | None
    detail: str
    turns: int
    usage: Usage
    cost: Decimal
    seconds: float
    model: str
    calls: tuple[str, ...]
    repairs: int = 0


async def converse(
    call: AgentCall[ReplyT],
    backend: Backend,
    journal: Journal,
    toolbox: Toolbox,
    *,
    prices: PriceList | None = None,
    record: Recorder | None = None,
    policy: RetryPolicy | None = None,
) -> Outcome[ReplyT]:
    """Hold one conversation to its end.

    What the agent or the money brings about ends as an Outcome with a failure. Raises UserError for a model without a
    price, BackendError when the backend cannot be used at all (no key, no recording, refused request).
    """
    price = (prices or builtin_prices()).of(call.model)
    talk = _Conversation(call, backend, journal, toolbox, price, record, policy or RetryPolicy())
    try:
        ending = await talk.run()
    except BudgetExceeded as exc:
        ending = _Ending(Failure.BUDGET, str(exc))
    except TurnFailed as exc:
        ending = _Ending(Failure.TRANSPORT, exc.what)
    await backend.finished(call.address, ending.failure or "finished", ending.detail)
    return talk.outcome(ending)


@dataclass(frozen=True, slots=True)
class _Ending:
    failure: Failure | None
    detail: str = ""
    reply: Any = None


@dataclass(slots=True)
class _Conversation(Generic[ReplyT]):
    call: AgentCall[ReplyT]
    backend: Backend
    journal: Journal
    toolbox: Toolbox
    price: Price
    record: Recorder | None
    policy: RetryPolicy
    messages: list[dict[str, Any]] = field(init=False)
    turns: int = 0
    repairs: int = 0
    nudges: int = 0
    _known: Usage | None = None
    _mismatch: str = ""

    def __post_init__(self) -> None:
        self.messages = opening_messages(self.call)

    async def run(self) -> _Ending:
        tools = self.toolbox.definitions(self.call.tools)
        while self.turns < self.call.max_turns:
            reply = await self._ask(tools)
            if reply.content:  # the API takes no empty assistant message
                self.messages.append({"role": "assistant", "content": reply.content})
            ending = await self._answer(reply)
            if ending is not None:
                return ending
        return _Ending(Failure.MAX_TURNS, f"No reply was handed in within {self.call.max_turns} turns.")

    async def _ask(self, tools: list[dict[str, Any]]) -> Reply:
        request = TurnRequest(self.call, self.turns + 1, build_body(self.call, tools, self.messages))
        worst = self.price.worst_case(request.body, self._known, self.messages[-1:])
        reply = await take_turn(request, self.backend, self.journal, self.price, worst, self.policy)
        self.turns += 1
        self._known = reply.usage
        if self.record is not None:
            self.record.put(request, reply)
        return reply

    async def _answer(self, reply: Reply) -> _Ending | None:
        """What a turn leads to: an ending, or None when the agent has been told something and is asked again."""
        ending = _stopped(reply)
        if ending is not None or reply.stop_reason == "pause_turn":
            return ending
        uses = [block for block in reply.content if block.get("type") == "tool_use"]
        if not uses:
            return self._nudge()
        results = []
        for use in uses:
            result, handed_in = await self._use(use)
            if handed_in is not None:
                return _Ending(None, reply=handed_in)
            results.append(result)
        if self.repairs > MAX_REPAIRS:
            return _Ending(Failure.INVALID_REPLY, self._mismatch)
        self._tell(results)
        return None

    def _nudge(self) -> _Ending | None:
        self.nudges += 1
        if self.nudges > MAX_NUDGES:
            return _Ending(Failure.NO_SUBMIT, f"The agent stopped without calling `{SUBMIT}`.")
        self._tell([{"type": "text", "text": _NUDGE}])
        return None

    def _tell(self, blocks: list[dict[str, Any]]) -> None:
        if self.turns == self.call.max_turns - 1:
            blocks = [*blocks, {"type": "text", "text": _LAST_TURN}]
        self.messages.append({"role": "user", "content": blocks})

    async def _use(self, use: Mapping[str, Any]) -> tuple[dict[str, Any], ReplyT | None]:
        """Run one tool call; returns the block that answers it, and the reply when it was a valid submit."""
        handed_in: ReplyT | None = None
        if use["name"] == SUBMIT:
            handed_in, text = self._read(use["input"])
            failed = handed_in is None
        else:
            result = await asyncio.to_thread(self.toolbox.run, use["name"], use["input"], self.call.tools)
            text, failed = result.text, result.is_error
        block = {"type": "tool_result", "tool_use_id": use["id"], "content": text, "is_error": failed}
        return block, handed_in

    def _read(self, given: Any) -> tuple[ReplyT | None, str]:
        from pydantic import ValidationError

        from codex.agents.tools import explain

        try:
            return self.call.reply_model.model_validate_json(json.dumps(given)), "Accepted."
        except ValidationError as exc:
            self.repairs += 1
            self._mismatch = f"The reply does not match its schema.\n{explain(exc)}"
            return None, f"{self._mismatch}\nCorrect this and submit the whole reply again."

    def outcome(self, ending: _Ending) -> Outcome[ReplyT]:
        totals = self.journal.totals(self.call.address, self.backend.name)
        return Outcome(
            reply=ending.reply,
            failure=ending.failure,
            detail=ending.detail,
            turns=self.turns,
            usage=totals.usage,
            cost=totals.cost,
            seconds=totals.seconds,
            model=self.call.model,
            calls=totals.calls,
            repairs=self.repairs,
        )


_OUT_OF_ROOM = {
    "max_tokens": "The answer was cut off at max_tokens ({limit}).",
    "model_context_window_exceeded": "The conversation has outgrown the model's context window.",
}


def _stopped(reply: Reply) -> _Ending | None:
    """The ending that the API itself declares, if any."""
    if reply.stop_reason == "refusal":
        return _Ending(Failure.REFUSAL, "The model refused to answer.")
    if reply.stop_reason in _OUT_OF_ROOM:
        return _Ending(Failure.MAX_TOKENS, _OUT_OF_ROOM[reply.stop_reason].format(limit=reply.usage.output_tokens))
    return None
