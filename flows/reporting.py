"""What a run tells people while it goes on: lines that stay, what is under way, and figures.

The command line gives a reporter that draws on the terminal; a deployed run has none. Every line goes to the run's
log in either case.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

log = logging.getLogger("codex.book")
log.setLevel(logging.INFO)  # goes to the run's page (PREFECT_LOGGING_EXTRA_LOGGERS), where a person reads it


@dataclass(frozen=True)
class Figures:
    """Where a run stands. ``progress`` in percent of the way from draft to covered; checks are those of its units."""

    book: str
    state: str
    pass_name: str
    progress: float
    units_shipped: int = 0
    units_owed: int = 0
    checks_passed: int = 0
    checks_total: int = 0
    cost_usd: Decimal = Decimal(0)


class Reporter(Protocol):
    """Who shows a run to a person."""

    def line(self, text: str) -> None:
        """Something that happened; it stays on the screen."""

    def activity(self, what: str, text: str) -> None:
        """The newest about something under way (a pass, a unit); an empty text: it has ended."""

    def figures(self, figures: Figures) -> None:
        """Where the run stands now."""


class Silent:
    """The reporter of a run that nobody watches."""

    def line(self, text: str) -> None:
        del text

    def activity(self, what: str, text: str) -> None:
        del what, text

    def figures(self, figures: Figures) -> None:
        del figures


_reporter: ContextVar[Reporter] = ContextVar("codex_reporter")


def reporter() -> Reporter:
    return _reporter.get(Silent())


@contextmanager
def reporting_to(given: Reporter) -> Iterator[None]:
    """Make it the reporter of the runs within."""
    token = _reporter.set(given)
    try:
        yield
    finally:
        _reporter.reset(token)


def say(text: str) -> None:
    """One line for people, and for the run's log."""
    log.info("%s", text)
    reporter().line(text)


def tell(what: str, text: str) -> None:
    """The newest about something under way."""
    if text:
        log.info("%s: %s", what, text)
    reporter().activity(what, text)
