"""Small parts of charts: escaped text, scales, ticks. Everything is SVG with classes; colours are the style sheet's."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from ``low`` to ``high`` onto places from ``start`` to ``end``."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        if self.high == self.low:
            return self.start
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def esc(text: object) -> str:
    """Text for element content and for quoted attributes."""
    return escape(str(text), quote=True)


def number(value: float) -> str:
    """A coordinate: one decimal is a tenth of a pixel."""
    return f"{value:.1f}".removesuffix(".0")


def picture(name: str, width: float, height: float, title: str, desc: str, parts: Iterable[str]) -> str:
    """An SVG that says what it shows to those who cannot see it. ``name`` makes its ids unique on the page."""
    return (
        f'<svg class="chart" viewBox="0 0 {number(width)} {number(height)}" width="{number(width)}" role="img" '
        f'aria-labelledby="{name}-t {name}-d"><title id="{name}-t">{esc(title)}</title>'
        f'<desc id="{name}-d">{esc(desc)}</desc>{"".join(parts)}</svg>'
    )


def text(x: float, y: float, words: object, kind: str = "", anchor: str = "start") -> str:
    named = f' class="{kind}"' if kind else ""
    placed = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{number(x)}" y="{number(y)}"{named}{placed}>{esc(words)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<path class="{kind}" d="M{number(x1)} {number(y1)}L{number(x2)} {number(y2)}"/>'


def rect(x: float, y: float, width: float, height: float, kind: str, round_: float = 0) -> str:
    corner = f' rx="{number(round_)}"' if round_ else ""
    return (
        f'<rect class="{kind}" x="{number(x)}" y="{number(y)}" width="{number(max(width, 0))}" '
        f'height="{number(max(height, 0))}"{corner}/>'
    )


def ticks(top: float, most: int = 4) -> list[float]:
    """Round whole values from 0 up to at least ``top``, at most ``most`` steps."""
    top = max(top, 1.0)
    rough = max(top / most, 1.0)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    return [step * i for i in range(math.ceil(top / step - 1e-9) + 1)]


#: Steps of a time axis in seconds, with how a tick is written.
_STEPS = (
    *((seconds, "%H:%M:%S") for seconds in (1, 2, 5, 10, 15, 30)),
    *((60 * minutes, "%H:%M") for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720)),
    *((86_400 * days, "%-d %b") for days in (1, 2, 4, 7, 14, 28, 56, 91, 182)),
    *((86_400 * days, "%b %Y") for days in (365, 730, 1826, 3652)),
)


def time_ticks(start: datetime, end: datetime, most: int = 4) -> list[tuple[datetime, str]]:
    """Round moments between two others with their labels; at most ``most`` and one."""
    length = max((end - start).total_seconds(), 1.0)
    step, form = next(((s, f) for s, f in _STEPS if length / s <= most), _STEPS[-1])
    first = math.ceil(start.timestamp() / step) * step
    moments = [datetime.fromtimestamp(first + i * step, start.tzinfo) for i in range(most + 1)]
    return [(moment, f"{moment:{form}}") for moment in moments if moment <= end + timedelta(seconds=1)]
