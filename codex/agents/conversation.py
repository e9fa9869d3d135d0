"""The loop: ask, run the tools that the agent calls, ask again, until a valid reply is handed in.

The same for every backend. Nothing in a request depends on the time or on chance, so a run that is resumed rebuilds
the same requests and takes the finished turns from the journal. What is done about a turn that went wrong, and how
often, is said by failures.FAULTS.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic

from codex.agents.backend import Backend, BatchApi
from codex.agents.batches import BatchPolicy, lane_of
from codex.agents.breaker import Breaker, BreakerOpen, BreakerRules
from codex.agents.call import AgentCall, ReplyT
from codex.agents.failures import FAULTS, TurnFailed
from codex.agents.journal import BudgetExceeded, Journal
from codex.agents.limits import ModelList, builtin_models
from codex.agents.messages import SUBMIT, Reply, TurnRequest, build_body, canonical, opening_messages, turn_key
from codex.agents.outcome import Failure, Outcome
from codex.agents.prices import Price, PriceList, builtin_prices
from codex.agents.turns import Line, RetryPolicy, take_turn
from codex.agents.usage import Usage

if TYPE_CHECKING:
    from codex.agents.recording import Recorder
    from codex.agents.tools import Toolbox

__all__ = ["Failure", "Outcome", "converse"]

_NUDGE = f"Hand in your reply by calling the tool `{SUBMIT}`."
_LAST_TURN = f"This is your last turn: call `{SUBMIT}` now."
_CUT = (
    "Your answer was cut off at {used} tokens, before its end; no tool call in it was used. "
    "You now have {room} tokens: go on, and make the tool call again as a whole."
)
_SAME = "\n\n[You have made this very call {count} times in a row: its result does not change. Do something else.]"

#: From which identical tool call in a row the agent is told so.
_TOLD_FROM = 3


async def converse(
    call: AgentCall[ReplyT],
    backend: Backend,
    journal: Journal,
    toolbox: Toolbox,
    *,
    prices: PriceList | None = None,
    limits: ModelList | None = None,
    record: Recorder | None = None,
    policy: RetryPolicy | None = None,
    breaker: BreakerRules | None = None,
    batching: BatchPolicy | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Outcome[ReplyT]:
    """Hold one conversation to its end; ``tell`` gets a line for people when something is tried again.

    What the agent or the money brings about ends as an Outcome with a failure. Raises UserError for a model without a
    price, BackendError when the backend cannot be used at all (no key, no recording, refused request), and Stopped when
    a batch goes on that cannot be looked at now.
    """
    prices = prices or builtin_prices()
    lane = lane_of(backend, journal, batching) if call.batch and isinstance(backend, BatchApi) else None
    call = replace(call, batch=lane is not None)
    models = tuple((model, prices.of(model)) for model in dict.fromkeys((call.model, *call.fallbacks)))
    line = Line(backend, journal, Breaker(journal, backend.name, breaker), policy or RetryPolicy(), tell, lane)
    talk = _Conversation(call, line, toolbox, models, limits or builtin_models(), record)
    try:
        ending = await talk.run()
    except BudgetExceeded as exc:
        ending = _Ending(Failure.BUDGET, str(exc))
    except BreakerOpen as exc:
        ending = _Ending(Failure.BREAKER, str(exc))
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
    line: Line
    toolbox: Toolbox
    models: tuple[tuple[str, Price], ...]
    limits: ModelList
    record: Recorder | None
    messages: list[dict[str, Any]] = field(init=False)
    turns: int = 0
    repairs: int = 0
    nudges: int = 0
    cuts: int = 0
    wrong_calls: int = 0
    same_calls: int = 0
    model: int = 0
    _tools: tuple[list[dict[str, Any]], list[dict[str, Any]]] = ([], [])
    _last_call: bytes = b""
    _known: Usage | None = None
    _mismatch: str = ""

    def __post_init__(self) -> None:
        self.messages = opening_messages(self.call)

    async def run(self) -> _Ending:
        web = self.toolbox.server_definitions(self.call.web) if self.line.backend.server_tools else []
        self._tools = self.toolbox.definitions(self.call.tools), web
        while self.turns < self.call.max_turns:
            ending = await self._answer(await self._ask())
            if ending is not None:
                return ending
        return _Ending(Failure.MAX_TURNS, f"No reply was handed in within {self.call.max_turns} turns.")

    # --- asking ----------------------------------------------------------------------------------------------------

    async def _ask(self) -> Reply:
        """The answer to the next turn: of the pass's model, or of the next one when that cannot or will not answer."""
        self._go_on_with_whom_answered()
        while True:
            request, price = self._request(self.model), self.models[self.model][1]
            worst = price.worst_case(request.body, self._known, self.messages[-1:], batch=self.call.batch)
            try:
                reply = await take_turn(request, self.line, price, worst)
            except TurnFailed as failed:
                if not failed.rule.fallback or not self._next_model(failed.what):
                    raise
                continue
            if self.record is not None:
                self.record.put(request, reply)
            if reply.kind != "refusal" or not self._next_model("The model refused to answer."):
                break
        self.turns += 1
        self._known = reply.usage
        return reply

    def _request(self, model: int) -> TurnRequest:
        call = replace(self.call, model=self.models[model][0])
        return TurnRequest(call, self.turns + 1, build_body(call, self._tools[0], self.messages, self._tools[1]))

    def _go_on_with_whom_answered(self) -> None:
        """In a resumed run, the model that answered this turn then answers it now: its answer is paid for."""
        for model in range(self.model, len(self.models)) if len(self.models) > 1 else ():
            done = self.line.journal.answered(turn_key(self._request(model), self.line.backend.name))
            if done is not None and done.reply.kind != "refusal":
                self.model = model
                return

    def _next_model(self, why: str) -> bool:
        if self.model + 1 >= len(self.models):
            return False
        self.model += 1
        self.line.tell(f"{why} Going on with {self.models[self.model][0]}.")
        return True

    # --- what an answer leads to -------------------------------------------------------------------------------------

    async def _answer(self, reply: Reply) -> _Ending | None:
        """What a turn leads to: an ending, or None when the agent has been told something and is asked again."""
        if reply.kind == "max_tokens":
            return self._go_on_after_cut(reply)
        if reply.content:  # the API takes no empty assistant message
            self.messages.append({"role": "assistant", "content": reply.content})
        ending = _stopped(reply)
        if ending is not None or reply.stop_reason == "pause_turn":
            return ending
        uses = [block for block in reply.content if block.get("type") == "tool_use"]
        if not uses:
            return self._nudge("empty" if reply.kind == "empty" else "no_submit")
        results = []
        for use in uses:
            result, handed_in = await self._use(use)
            if handed_in is not None:
                return _Ending(None, reply=handed_in)
            results.append(result)
        ending = self._given_up()
        if ending is None:
            self._tell(results)
        return ending

    def _given_up(self) -> _Ending | None:
        if self.repairs > (FAULTS["invalid_reply"].limit or 0):
            return _Ending(Failure.INVALID_REPLY, self._mismatch)
        if self.wrong_calls > (FAULTS["wrong_arguments"].limit or 0):
            return _Ending(Failure.TOOL_LOOP, f"The agent called tools wrongly {self.wrong_calls} times in a row.")
        if self.same_calls > (FAULTS["tool_loop"].limit or 0):
            return _Ending(Failure.TOOL_LOOP, f"The agent made the same tool call {self.same_calls} times in a row.")
        return None

    def _go_on_after_cut(self, reply: Reply) -> _Ending | None:
        """Of a cut answer only its text is kept; a tool call in it may be half of one."""
        self.cuts += 1
        used = self.call.max_tokens
        if self.cuts > (FAULTS["max_tokens"].limit or 0):
            return _Ending(Failure.MAX_TOKENS, f"The answer was cut off at max_tokens ({used}).")
        most = max(self.limits.of(self.models[self.model][0]).output_most, used)
        self.call = replace(self.call, max_tokens=min(2 * used, most))
        kept = [block for block in reply.content if block.get("type") == "text" and block["text"].strip()]
        if kept:
            self.messages.append({"role": "assistant", "content": kept})
        self._tell([{"type": "text", "text": _CUT.format(used=used, room=self.call.max_tokens)}])
        return None

    def _nudge(self, kind: str) -> _Ending | None:
        self.nudges += 1
        if self.nudges > (FAULTS[kind].limit or 0):
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
            text, failed = result.text + self._said_again(use), result.is_error
            self.wrong_calls = self.wrong_calls + 1 if result.misused else 0
        block = {"type": "tool_result", "tool_use_id": use["id"], "content": text, "is_error": failed}
        return block, handed_in

    def _said_again(self, use: Mapping[str, Any]) -> str:
        """What is added to the result of a call that was made before, again and again."""
        this = canonical([use["name"], use["input"]])
        self.same_calls = self.same_calls + 1 if this == self._last_call else 1
        self._last_call = this
        return _SAME.format(count=self.same_calls) if self.same_calls >= _TOLD_FROM else ""

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
        totals = self.line.journal.totals(self.call.address, self.line.backend.name)
        return Outcome(
            reply=ending.reply,
            failure=ending.failure,
            detail=ending.detail,
            turns=self.turns,
            usage=totals.usage,
            cost=totals.cost,
            seconds=totals.seconds,
            model=self.models[self.model][0],
            calls=totals.calls,
            repairs=self.repairs,
            pattern=self.call.pattern,
        )


def _stopped(reply: Reply) -> _Ending | None:
    """The ending that the API itself declares, if any."""
    if reply.kind == "refusal":
        return _Ending(Failure.REFUSAL, "The model refused to answer.")
    if reply.kind == "context_window":
        return _Ending(Failure.MAX_TOKENS, "The conversation has outgrown the model's context window.")
    return None
