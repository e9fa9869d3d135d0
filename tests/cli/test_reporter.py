"""What a run shows of itself: on a terminal a view that is drawn again, elsewhere lines that stay."""

from __future__ import annotations

import logging
from decimal import Decimal
from io import StringIO

import pytest
from rich.console import Console

from codex.cli import reporter
from codex.cli.reporter import LiveReporter, PlainReporter, shown
from flows.reporting import Figures

FIGURES = Figures("a-book", "production-in-progress", "P4_production", 50.0, 2, 3, 7, 9, Decimal("1.5"))


@pytest.fixture
def out(monkeypatch: pytest.MonkeyPatch) -> Console:
    """A terminal of a hundred columns, kept as text."""
    made = Console(file=StringIO(), force_terminal=True, width=100, height=40, color_system=None)
    monkeypatch.setattr(reporter, "console", lambda *, stderr=False: made)
    return made


def view(live: LiveReporter) -> list[str]:
    """The lines that are drawn below what stays."""
    drawn = Console(file=StringIO(), width=100)
    drawn.print(live.live.get_renderable())
    assert isinstance(drawn.file, StringIO)
    return [line.rstrip() for line in drawn.file.getvalue().splitlines()]


def test_the_view_has_figures_a_bar_and_what_is_under_way(out: Console) -> None:
    with shown() as live:
        assert isinstance(live, LiveReporter)
        assert view(live) == []
        live.activity("01.01.16", "asks for [NEW] a definition " + "again and " * 20)
        live.figures(FIGURES)
        summary, bar, under_way = view(live)
        assert summary.startswith("a-book · production-in-progress · P4_production · units 2 of")
        assert bar == "━" * 60
        assert under_way.startswith("  01.01.16: asks for [NEW] a definition again and")
        assert len(under_way) == 100 and under_way.endswith("…"), "one line each, whatever is said"
        live.activity("01.01.16", "")
        assert len(view(live)) == 2, "what has ended is shown no more"


def test_figures_that_there_are_none_of_are_left_out(out: Console) -> None:
    with shown() as live:
        assert isinstance(live, LiveReporter)
        live.figures(Figures("a-book", "draft", "", 0.0))
        assert view(live)[0] == "a-book · draft · $0.00 · 0:00"


def test_the_newest_of_many_are_shown(out: Console) -> None:
    with shown() as live:
        assert isinstance(live, LiveReporter)
        for number in range(20):
            live.activity(f"unit {number}", "is written")
        live.activity("unit 0", "is mended")
        assert [line.split(":")[0].strip() for line in view(live)] == [*(f"unit {n}" for n in range(13, 20)), "unit 0"]


def test_lines_and_warnings_stay_above_the_view(out: Console) -> None:
    with shown() as live:
        live.activity("01.01.16", "is written")
        live.line("draft → audited [bold]as it stands[/bold]")
        logging.getLogger("codex.somewhere").warning("the remote %s is away", "origin")
    logging.getLogger("codex.somewhere").warning("nobody shows this")
    assert isinstance(out.file, StringIO)
    printed = out.file.getvalue()
    assert "draft → audited [bold]as it stands[/bold]" in printed
    assert "warning: the remote origin is away" in printed and "nobody shows this" not in printed


def test_without_a_terminal_everything_is_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Console(file=StringIO(), width=200)
    monkeypatch.setattr(reporter, "console", lambda *, stderr=False: made)
    with shown() as plain:
        assert isinstance(plain, PlainReporter)
        plain.line("draft → audited")
        plain.activity("01.01.16", "is [written]")
        plain.activity("01.01.16", "")
        plain.figures(FIGURES)
        logging.getLogger("codex.somewhere").warning("the remote is away")
    assert isinstance(made.file, StringIO)
    printed = made.file.getvalue().splitlines()
    assert printed == ["draft → audited", "  01.01.16: is [written]", "warning: the remote is away"]
