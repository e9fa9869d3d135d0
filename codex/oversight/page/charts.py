"""The charts of the page: what is left over time, bars, lines with a threshold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from codex.oversight.history import Point
from codex.oversight.page.parts import meter
from codex.oversight.page.svg import Scale, esc, line, number, picture, text, ticks, time_ticks
from codex.oversight.sheet import count

_WIDE, _HIGH = 380.0, 190.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 40.0, 14.0, 16.0, 24.0


def burn_down(
    name: str, what: str, course: Sequence[Point], left: int, done: int, ends: tuple[datetime, datetime]
) -> str:
    """What is left over time, against what is known today: ``left + done`` less what was there at each moment.

    ``ends``: first and last moment of the axis, the same for all charts that stand side by side.
    """
    known = [Point(each.at, max(left + done - each.value, 0)) for each in course]
    start, end = ends[0], max(ends[1], ends[0] + timedelta(seconds=10))
    begun = known if known and known[0].at <= start else [Point(start, left + done), *known]
    steps = ticks(max(point.value for point in begun))
    across = Scale(start.timestamp(), end.timestamp(), _LEFT, _WIDE - _RIGHT)
    up = Scale(0, steps[-1], _HIGH - _BOTTOM, _TOP)
    places = [(across(point.at.timestamp()), up(point.value)) for point in begun]
    outline = _stairs(places, _WIDE - _RIGHT)
    base, y = up(0), up(begun[-1].value)
    parts = [
        *_grid(steps, up),
        *(text(across(at.timestamp()), _HIGH - 7, label, "tick", _anchor(across(at.timestamp())))
          for at, label in time_ticks(start, end, 3)),
        f'<path class="area" d="{outline}V{number(base)}H{number(places[0][0])}Z"/>',
        f'<path class="course" d="{outline}"/>',
        f'<circle class="now" cx="{number(_WIDE - _RIGHT)}" cy="{number(y)}" r="3.5"/>',
        text(_WIDE - _RIGHT - 8, y - 9 if y > 40 else y + 18, f"{count(left)} left", "value", "end"),
    ]  # fmt: skip
    return picture(name, _WIDE, _HIGH, f"{what} left over time", _described(what, begun, left), parts)


def _described(what: str, known: Sequence[Point], left: int) -> str:
    first = f"{known[0].at:%Y-%m-%d %H:%M} UTC"
    return f"On {first} {count(known[0].value)} {what} were left; now {count(left)} are."


def _grid(steps: Sequence[float], up: Scale) -> Iterator[str]:
    for step in steps:
        yield line(_LEFT, up(step), _WIDE - _RIGHT, up(step), "grid" if step else "axis")
        yield text(_LEFT - 6, up(step) + 4, count(step), "tick", "end")


def _anchor(x: float) -> str:
    """Labels at the edges stay inside."""
    return "start" if x < _LEFT + 24 else "end" if x > _WIDE - _RIGHT - 24 else "middle"


def _stairs(places: Sequence[tuple[float, float]], end: float) -> str:
    first, *rest = places
    moves = [f"M{number(first[0])} {number(first[1])}"]
    moves += [f"H{number(x)}V{number(y)}" for x, y in rest]
    return "".join(moves) + f"H{number(end)}"


def bars(rows: Sequence[tuple[str, float, tuple[str, ...]]], heads: tuple[str, ...]) -> str:
    """A table of names with a bar each and what the bars say: (name, length, figures)."""
    top = max((length for _, length, _ in rows), default=0) or 1
    head = "".join(f'<th scope="col"{" class=n" if n else ""}>{esc(each)}</th>' for n, each in enumerate(heads))
    lines = "".join(
        f'<tr><th scope="row">{esc(name)}</th><td class="drawn">{meter(length / top)}</td>'
        f"{''.join(f'<td class=n>{esc(figure)}</td>' for figure in figures)}</tr>"
        for name, length, figures in rows
    )
    drawn = head.replace("</th>", '</th><td class="drawn"></td>', 1)
    return f'<table class="bars"><thead><tr>{drawn}</tr></thead><tbody>{lines}</tbody></table>'


def trend(name: str, metric: str, points: Sequence[Point], needs: float) -> str:
    """The course of one metric with its threshold; a single report is a point."""
    wide, high, pad = 176.0, 54.0, 6.0
    values = [point.value for point in points]
    low, top = min([*values, needs]), max([*values, needs])
    up = Scale(low, top, high - pad, pad) if top > low else Scale(low - 1, low + 1, high - pad, pad)
    across = Scale(0, max(len(points) - 1, 1), pad, wide - pad)
    places = [(across(n if len(points) > 1 else 1), up(value)) for n, value in enumerate(values)]
    path = "M" + "L".join(f"{number(x)} {number(y)}" for x, y in places)
    met = values[-1] >= needs
    parts = [
        line(pad, up(needs), wide - pad, up(needs), "needs"),
        f'<path class="course" d="{path}"/>' if len(places) > 1 else "",
        (
            f'<circle class="{"now" if met else "now short"}" cx="{number(places[-1][0])}" '
            f'cy="{number(places[-1][1])}" r="3.2"/>'
        ),
    ]
    told = ", ".join(f"{value:.2f}" for value in values)
    desc = f"{len(values)} measurements, oldest first: {told}. It needs {needs:g}."
    return picture(name, wide, high, f"{metric} over time", desc, parts)
