"""Show a run on the console: lines that stay, and on a terminal a live view below them."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from codex.cli.common import console

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from flows.reporting import Figures, Reporter

#: Things under way that are shown at once.
_SHOWN = 8

#: Width of the bar, in characters.
_BAR = 60


class PlainReporter:
    """For pipes and logs: every line, and what is under way as a line of its own."""

    def __init__(self, out: Console) -> None:
        self._out = out

    def line(self, text: str) -> None:
        self._out.print(text, markup=False)

    def activity(self, what: str, text: str) -> None:
        if text:
            self._out.print(f"  {what}: {text}", markup=False)

    def figures(self, figures: Figures) -> None:
        del figures


class LiveReporter:
    """For terminals: lines above, and below them state, units, checks, cost and what each agent is doing."""

    def __init__(self, out: Console) -> None:
        from rich.live import Live

        self._out = out
        self._begun = time.monotonic()
        self._figures: Figures | None = None
        self._under_way: dict[str, str] = {}
        self.live = Live(console=out, get_renderable=self._view, refresh_per_second=4, transient=True)

    def line(self, text: str) -> None:
        self._out.print(text, markup=False)

    def activity(self, what: str, text: str) -> None:
        self._under_way.pop(what, None)
        if text:
            self._under_way[what] = text

    def figures(self, figures: Figures) -> None:
        self._figures = figures

    def _view(self) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        from codex.oversight.render.pieces import bar

        rows: list[RenderableType] = []
        if self._figures is not None:
            drawn = bar(self._figures.progress / 100, _BAR, "green")
            rows += [Text(self._summary(self._figures), style="bold"), drawn]
        newest = list(self._under_way.items())[-_SHOWN:]
        return Group(*rows, *(Text(f"  {what}: {text}", no_wrap=True, overflow="ellipsis") for what, text in newest))

    def _summary(self, now: Figures) -> str:
        seconds, units = int(time.monotonic() - self._begun), now.units_shipped + now.units_owed
        parts = [
            f"{now.book} · {now.state}",
            now.pass_name,
            f"units {now.units_shipped} of {units}" if units else "",
            f"checks {now.checks_passed}/{now.checks_total}" if now.checks_total else "",
            f"${now.cost_usd:.2f}",
            f"{seconds // 60}:{seconds % 60:02}",
        ]
        return " · ".join(filter(None, parts))


@contextmanager
def shown(*, aside: bool = False) -> Iterator[Reporter]:
    """A reporter for this console (``aside``: standard error's). Warnings of the engine's loggers go through it too."""
    out = console(stderr=aside)
    if not out.is_terminal:
        plain = PlainReporter(out)
        with _warnings_to(plain):
            yield plain
        return
    reporter = LiveReporter(out)
    with reporter.live, _warnings_to(reporter):
        yield reporter


class _Warnings(logging.Handler):
    def __init__(self, reporter: Reporter) -> None:
        super().__init__(logging.WARNING)
        self._reporter = reporter

    def emit(self, record: logging.LogRecord) -> None:
        self._reporter.line(f"warning: {record.getMessage()}")


@contextmanager
def _warnings_to(reporter: Reporter) -> Iterator[None]:
    logger, handler = logging.getLogger("codex"), _Warnings(reporter)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
