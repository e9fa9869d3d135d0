"""How a conversation ended."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Generic

from codex.agents.call import ReplyT
from codex.agents.usage import Usage


class Failure(StrEnum):
    """Why a conversation ended without a reply."""

    INVALID_REPLY = "invalid_reply"
    REFUSAL = "refusal"
    MAX_TOKENS = "max_tokens"
    MAX_TURNS = "max_turns"
    TOOL_LOOP = "tool_loop"
    TRANSPORT = "transport"
    BREAKER = "breaker"
    BUDGET = "budget"
    NO_SUBMIT = "no_submit"


@dataclass(frozen=True, slots=True)
class Outcome(Generic[ReplyT]):
    """How a conversation ended: ``reply`` or ``failure``, never both.

    ``usage``, ``cost`` (US dollars), ``seconds`` and ``calls`` (the journal's row ids) count every turn of this
    conversation that was ever sent, lost and failed ones and earlier runs included. ``repairs`` is how often a reply
    did not match its model. ``model`` is the one that answered last.
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
    pattern: str = ""
