"""What work costs: calls, tokens, US dollars and seconds, added up and compared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import Any

from codex.campaign.costs import Cost


@dataclass(frozen=True, slots=True)
class Figures:
    """A sum: agent calls, tokens (input, cached and output together), US dollars, seconds of wall clock."""

    calls: int = 0
    tokens: int = 0
    usd: Decimal = Decimal(0)
    seconds: float = 0.0

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            self.calls + other.calls, self.tokens + other.tokens, self.usd + other.usd, self.seconds + other.seconds
        )

    def divided(self, count: int) -> Figures:
        """The mean over ``count`` attempts; the figures themselves when none has ended."""
        if count < 1:
            return self
        return Figures(round(self.calls / count), round(self.tokens / count), self.usd / count, self.seconds / count)

    def as_data(self) -> dict[str, Any]:
        return {"calls": self.calls, "tokens": self.tokens, "usd": str(self.usd), "seconds": round(self.seconds, 1)}


def total(figures: Iterable[Figures]) -> Figures:
    return sum(figures, Figures())


def of_cost(cost: Cost) -> Figures:
    """One line of the cost ledger."""
    return Figures(1, cost.tokens, cost.cost_usd, cost.duration_s)


def typical(known: Iterable[Figures]) -> Figures:
    """The median of each figure: what another one of the same kind is likely to take; nothing without history."""
    found = list(known)
    if not found:
        return Figures()
    return Figures(
        int(median(each.calls for each in found)),
        int(median(each.tokens for each in found)),
        median(each.usd for each in found),
        float(median(each.seconds for each in found)),
    )


def saving(part: float | Decimal, whole: float | Decimal) -> float | None:
    """The share of ``whole`` that is saved when only ``part`` is spent; None when there is nothing to save."""
    return float(1 - part / whole) if whole else None  # type: ignore[operator]
