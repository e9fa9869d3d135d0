"""What the journal's rows mean: amounts, a finished turn, what a conversation cost, the lines of the cost ledger."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, fields
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from typing import Any

from codex.agents.call import CallAddress
from codex.agents.messages import Reply
from codex.agents.usage import Usage
from codex.errors import BudgetReached, Conflict, StorageError


class BudgetExceeded(BudgetReached):
    """A ceiling would be passed. ``scope`` and the amounts (US dollars) say which and by what."""

    def __init__(self, scope: str, ceiling: Decimal, counted: Decimal, worst: Decimal) -> None:
        super().__init__(
            f"The budget of {scope} (${ceiling:.2f}) does not allow another turn: "
            f"${counted:.2f} is spent or reserved and the turn may cost ${worst:.2f}.",
            remedy="Raise the ceiling, or leave this work for later; everything finished is kept.",
        )
        self.scope, self.ceiling, self.counted, self.worst = scope, ceiling, counted, worst


class TurnUnderWay(Conflict):
    """The very same turn is being answered right now by a living process, or was answered a moment ago."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What one conversation has cost so far, lost and failed turns included. ``calls`` are the rows' ids in order."""

    usage: Usage
    cost: Decimal
    seconds: float
    calls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """A finished turn: the journal's row and what was answered."""

    call: str
    reply: Reply


@dataclass(frozen=True, slots=True)
class Adopted:
    """A call that was sent in a batch by a run that has ended. ``batch`` is None when its id was not noted in time."""

    call: str
    batch: str | None
    submitted_at: str


def to_micro(amount: Decimal, rounding: str = ROUND_CEILING) -> int:
    """US dollars as whole micro-dollars."""
    return int((amount * 1_000_000).to_integral_value(rounding))


def from_micro(micro: int) -> Decimal:
    return Decimal(micro).scaleb(-6)


def _usage(row: sqlite3.Row) -> Usage:
    return Usage(**{each.name: row[each.name] for each in fields(Usage)})


def address_of(row: sqlite3.Row) -> CallAddress:
    return CallAddress(row["subject"], row["pass"], row["unit"], row["attempt"])


def totals_of(rows: Sequence[sqlite3.Row]) -> Totals:
    usage = sum((_usage(row) for row in rows), Usage())
    cost = from_micro(sum(row["charged"] for row in rows))
    return Totals(usage, cost, sum(row["seconds"] for row in rows), tuple(row["id"] for row in rows))


def cost_line(row: sqlite3.Row) -> dict[str, Any]:
    address = address_of(row)
    same = ("backend", "model", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "outcome")
    return {
        "call": row["id"],
        "timestamp": row["submitted_at"] or row["created_at"],
        "book": address.name,
        "pass_name": address.pass_name,
        "unit": address.unit,
        "attempt": address.attempt,
        "agent_id": address.agent_id,
        **{name: row[name] for name in same},
        "web_searches": row["web_searches"],
        "batch": bool(row["batch"]),
        "pattern": row["pattern"],
        "tokens_estimated": bool(row["tokens_estimated"]),
        "cost_usd": from_micro(row["charged"]),
        "duration_s": round(row["seconds"], 3),
    }


def unusable(path: Path, exc: Exception) -> StorageError:
    return StorageError(
        f"The journal {path} cannot be used: {exc}.",
        remedy="Check space and permissions of its folder. Never delete it: it keeps calls from being paid twice.",
    )
