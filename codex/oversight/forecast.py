"""What is left, in tokens, dollars, sessions and days: from the cost ledger's own history, or not at all.

An *item* is what one pass does once: a unit written, a book audited, a book verified. What an item took is the sum over
all its agent calls, attempts that were sent back included. Only finished items count, since one under way has not taken
its all; and only passes with at least one finished item are estimated, never from another pass.

The range comes from a two-level bootstrap: the history is drawn anew with replacement (how well do so few items tell
what an item takes?), then as many items as are left are drawn from that (how much does a sum of them vary?). The
estimate is the median of the draws, the range from their tenth to their ninetieth percentile. Sessions and days divide
the same draws by tokens a session and tokens a day, drawn anew each time. The generator is seeded: the same ledger
gives the same figures.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from codex.campaign.clock import moment_or_none
from codex.campaign.costs import Cost

#: A break of so long between two calls begins another session.
SESSION_BREAK = timedelta(hours=1)
#: With fewer items, sessions or days of history no range is told: so few do not show how much they vary.
ENOUGH = 3
DRAWS = 200
LOW, HIGH = 0.10, 0.90
#: Items drawn one by one; a longer sum is scaled up from so many.
_DRAWN = 200
#: Backend of turns that were answered from a recording: their tokens and prices are real, their times are not.
_REPLAYED = "replay"


@dataclass(frozen=True, slots=True)
class Took:
    """What one finished item took."""

    tokens: int
    usd: float


@dataclass(frozen=True, slots=True)
class Range:
    """An estimate with its range; ``low`` and ``high`` are None where the history is too short to tell one."""

    middle: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Pace:
    """Tokens of each session, and of each day from the first to the last, idle ones included. Replays have none."""

    sessions: tuple[int, ...] = ()
    days: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Forecast:
    """``missing``: passes with items left and none finished, which the estimate does not hold."""

    tokens: Range | None = None
    usd: Range | None = None
    sessions: Range | None = None
    days: Range | None = None
    missing: tuple[str, ...] = ()


Item = tuple[str, str, str]


def item_of(cost: Cost) -> Item:
    """Pass, subject and unit ("" for a pass over a whole book) that a call worked for."""
    return cost.pass_name, cost.book, cost.unit or ""


def history(costs: Iterable[Cost], finished: frozenset[Item]) -> dict[str, list[Took]]:
    """Pass → what each of its finished items took, in the order in which they began."""
    sums: dict[Item, tuple[int, float]] = {}
    for cost in costs:
        item = item_of(cost)
        if item in finished:
            tokens, dollars = sums.get(item, (0, 0.0))
            sums[item] = tokens + cost.tokens, dollars + float(cost.cost_usd)
    found: dict[str, list[Took]] = {}
    for (name, _, _), (tokens, dollars) in sums.items():
        found.setdefault(name, []).append(Took(tokens, dollars))
    return found


def pace(costs: Iterable[Cost]) -> Pace:
    """How fast the campaign went so far, from the times of its calls."""
    timed = ((moment_or_none(cost.timestamp), cost.tokens) for cost in costs if cost.backend != _REPLAYED)
    calls = sorted((at, tokens) for at, tokens in timed if at is not None)
    sessions: list[int] = []
    days: dict[int, int] = {}
    before: datetime | None = None
    for at, tokens in calls:
        if before is None or at - before >= SESSION_BREAK:
            sessions.append(0)
        sessions[-1] += tokens
        days[at.toordinal()] = days.get(at.toordinal(), 0) + tokens
        before = at
    span = range(min(days), max(days) + 1) if days else range(0)
    return Pace(tuple(sessions), tuple(days.get(day, 0) for day in span))


def quartiles(values: Sequence[float]) -> tuple[float, float, float] | None:
    """First quartile, median, third quartile; None for nothing."""
    if not values:
        return None
    if len(values) == 1:
        return values[0], values[0], values[0]
    first, middle, third = statistics.quantiles(values, n=4, method="inclusive")
    return first, middle, third


def forecast(took: Mapping[str, Sequence[Took]], left: Mapping[str, int], gone: Pace) -> Forecast:
    """What the items left will take. Passes without history are named, not guessed; no history gives no estimate."""
    known = {name: (took[name], number) for name, number in left.items() if number > 0 and took.get(name)}
    missing = tuple(name for name, number in left.items() if number > 0 and not took.get(name))
    if not known:
        return Forecast(missing=missing)
    draw = random.Random(0)
    sums = [_drawn(known, draw) for _ in range(DRAWS)]
    tokens, dollars = [each[0] for each in sums], [each[1] for each in sums]
    told = all(len(items) >= ENOUGH for items, _ in known.values())
    return Forecast(
        _range(tokens, told=told),
        _range(dollars, told=told),
        _at_pace(tokens, gone.sessions, draw, told=told),
        _at_pace(tokens, gone.days, draw, told=told),
        missing,
    )


def _drawn(known: Mapping[str, tuple[Sequence[Took], int]], draw: random.Random) -> tuple[float, float]:
    """One possible sum of tokens and dollars of everything left."""
    tokens = dollars = 0.0
    for items, number in known.values():
        again = draw.choices(items, k=len(items))
        picked = draw.choices(again, k=min(number, _DRAWN))
        scale = number / len(picked)
        tokens += scale * sum(each.tokens for each in picked)
        dollars += scale * sum(each.usd for each in picked)
    return tokens, dollars


def _at_pace(tokens: Sequence[float], past: Sequence[int], draw: random.Random, *, told: bool) -> Range | None:
    """The draws of tokens, each divided by a mean of the past drawn anew; None where nothing was done in the past."""
    if not any(past):
        return None
    overall = statistics.fmean(past)
    means = (statistics.fmean(draw.choices(past, k=len(past))) for _ in tokens)
    draws = [each / (mean or overall) for each, mean in zip(tokens, means, strict=True)]
    return _range(draws, told=told and len(past) >= ENOUGH)


def _range(draws: Sequence[float], *, told: bool) -> Range:
    ordered = sorted(draws)
    if not told:
        return Range(statistics.median(ordered))
    at = [ordered[round(part * (len(ordered) - 1))] for part in (LOW, HIGH)]
    return Range(statistics.median(ordered), at[0], at[1])
