"""What is left, as an estimate (codex/oversight/forecast.py says how)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from codex.oversight.forecast import ENOUGH, Forecast, Pace, Range, Took, forecast, history, pace, quartiles
from codex.oversight.sheet import Column, Fact, Line, Sheet, count, tokens, usd
from codex.oversight.view import View
from codex.oversight.workload import finished, left
from codex.tracks.fasttrack.books import BOOK


@dataclass(frozen=True, slots=True)
class PassEstimate:
    """One pass: items left, items finished, and what a finished one took (quartiles; None without history)."""

    pass_name: str
    items_left: int
    items_finished: int
    tokens_q1: float | None
    tokens_median: float | None
    tokens_q3: float | None
    usd_median: float | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """Sessions, tokens, US dollars and days left: median and range (10 to 90 %); None where nothing can be told."""

    items_left: int
    tokens: float | None
    tokens_low: float | None
    tokens_high: float | None
    usd: float | None
    usd_low: float | None
    usd_high: float | None
    sessions: float | None
    sessions_low: float | None
    sessions_high: float | None
    days: float | None
    days_low: float | None
    days_high: float | None
    sessions_known: int
    days_known: int
    missing: tuple[str, ...]
    rows: tuple[PassEstimate, ...]

    def sheet(self) -> Sheet:
        facts = (
            _fact("tokens", tokens, self.tokens, self.tokens_low, self.tokens_high),
            _fact("US dollars", usd, self.usd, self.usd_low, self.usd_high),
            _fact("sessions", _few, self.sessions, self.sessions_low, self.sessions_high),
            _fact("days", _few, self.days, self.days_low, self.days_high),
        )
        return Sheet(
            "Estimate of what is left",
            facts=facts if self.items_left else (),
            columns=(Column("pass"), Column("left", right=True), Column("finished", right=True),
                     Column("median tokens (quartiles)", right=True)),
            lines=tuple(_line(row) for row in self.rows if row.items_left),
            empty="Nothing is left to do.",
            note=self._note(),
        )  # fmt: skip

    def _note(self) -> str:
        if not self.items_left:
            return ""
        said = (
            [f"No history, so not in it: {', '.join(name.replace('_', ' ') for name in self.missing)}."]
            if self.missing
            else []
        )
        if self.tokens is not None and self.tokens_low is None:
            said.append("Fewer than three finished items in a pass: no range.")
        if self.tokens is not None and self.days is None:
            said.append("No call but replayed ones: no pace, so neither sessions nor days.")
        if self.tokens is not None:
            said.append("Median and 10–90 % of a seeded bootstrap over the cost ledger.")
        return " ".join(said)


def _fact(
    label: str, show: Callable[[float | None], str], middle: float | None, low: float | None, high: float | None
) -> Fact:
    if middle is None:
        return Fact(label, "no estimate", "dim")
    return Fact(label, show(middle) + (f" ({show(low)} to {show(high)})" if low is not None else ""))


def _few(number: float | None) -> str:
    """Small numbers with a decimal: half a session is not none."""
    return "–" if number is None else f"{number:.1f}" if number < 10 else count(number)


def _line(row: PassEstimate) -> Line:
    told = "no history" if row.tokens_median is None else tokens(row.tokens_median)
    if row.items_finished >= ENOUGH:
        told += f" ({tokens(row.tokens_q1)}–{tokens(row.tokens_q3)})"
    return Line((row.pass_name.replace("_", " "), count(row.items_left), count(row.items_finished), told))


def estimate(view: View) -> Estimate:
    took = history(view.costs, finished(view.ledger))
    to_come = left(view.plan, view.ledger, view.matrix)
    gone = pace(view.costs)
    rows = tuple(_row(name, to_come[name], took.get(name, [])) for name in BOOK.passes)
    return _estimate(forecast(took, to_come, gone), gone, rows)


def _row(name: str, items_left: int, took: Sequence[Took]) -> PassEstimate:
    low, middle, high = quartiles([each.tokens for each in took]) or (None, None, None)
    dollars = quartiles([each.usd for each in took])
    return PassEstimate(name, items_left, len(took), low, middle, high, dollars[1] if dollars else None)


def _estimate(found: Forecast, gone: Pace, rows: tuple[PassEstimate, ...]) -> Estimate:
    return Estimate(
        sum(row.items_left for row in rows),
        *_three(found.tokens),
        *_three(found.usd),
        *_three(found.sessions),
        *_three(found.days),
        sessions_known=len(gone.sessions),
        days_known=len(gone.days),
        missing=found.missing,
        rows=rows,
    )


def _three(found: Range | None) -> tuple[float | None, float | None, float | None]:
    return (found.middle, found.low, found.high) if found else (None, None, None)
