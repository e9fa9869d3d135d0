"""How a panel is shown, whatever shows it: bars, facts, a table, notes. All of it plain text, none of it markup.

A panel (``codex/oversight/panels/``) is a frozen dataclass of figures; its ``sheet`` says how a person reads them. The
renderers know sheets alone, so a new panel needs no line in any of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, is_dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal, Protocol

#: What a figure means: all well, look at it, it falls short, there is none; "" says nothing.
Tone = Literal["", "good", "warn", "bad", "dim"]

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure in words: what it is, what it says."""

    label: str
    value: str
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """Work done of work known; ``told`` is what a person reads beside it."""

    label: str
    done: float
    total: float
    told: str
    tone: Tone = ""

    @property
    def share(self) -> float:
        """From 0 to 1; nothing known counts as nothing done."""
        return min(max(self.done / self.total, 0.0), 1.0) if self.total > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; numbers are aligned to the right."""

    name: str
    right: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table, one text a column."""

    cells: tuple[str, ...]
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A panel for reading. ``empty`` is said in place of a table without lines; ``note`` how figures came about."""

    title: str
    bars: tuple[Bar, ...] = ()
    facts: tuple[Fact, ...] = ()
    columns: tuple[Column, ...] = ()
    lines: tuple[Line, ...] = ()
    empty: str = ""
    note: str = ""


class Panel(Protocol):
    """Figures with names and units: fields are numbers, texts, None, or tuples of flat dataclasses."""

    def sheet(self) -> Sheet: ...


def flat(panel: Any) -> dict[str, Any]:
    """The panel as one object for scripts; rows are lists of flat objects, money and ratios are numbers."""
    if not is_dataclass(panel):
        raise TypeError(f"{type(panel).__name__} is no panel")
    return {field.name: _plain(getattr(panel, field.name)) for field in fields(panel)}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [flat(each) if is_dataclass(each) else _plain(each) for each in value]
    return float(value) if isinstance(value, Decimal) else value


def one_line(text: object, most: int = 300) -> str:
    """A text that somebody else wrote, on one line, without control characters, cut where it is long."""
    line = " ".join(_CONTROL.sub(" ", str(text)).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def usd(amount: Decimal | float | None) -> str:
    return "–" if amount is None else f"${amount:,.2f}"


def count(number: float | None) -> str:
    return "–" if number is None else f"{number:,.0f}"


def tokens(number: float | None) -> str:
    """``812``, ``41.3 k``, ``2.7 M``."""
    if number is None:
        return "–"
    for size, sign in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if number >= size:
            return f"{number / size:.1f}{sign}"
    return f"{number:.0f}"


def span(length: timedelta) -> str:
    """``3 min``, ``5 h``, ``12 days``: the largest unit that says enough."""
    minutes = int(length.total_seconds()) // 60
    if minutes < 120:
        return f"{max(minutes, 0)} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h"
    return f"{minutes // (24 * 60)} days"


def plural(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
