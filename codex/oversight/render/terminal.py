"""Panels on a terminal (Rich): two columns where there is room, one below the other where there is not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.box import ROUNDED
from rich.console import Group, RenderableType
from rich.panel import Panel as Box
from rich.table import Table
from rich.text import Text

from codex.oversight.panels import WIDE
from codex.oversight.render import pieces
from codex.oversight.sheet import Bar, Panel, Sheet, Tone

#: From this many characters on panels stand side by side.
TWO_COLUMNS = 116
#: The panels of the left column; all others stand on the right.
_LEFT = ("burn_down", "next", "stuck", "books", "commits")
_BAR = 24
_STYLES: Mapping[Tone, str] = {"": "", "good": "green", "warn": "yellow", "bad": "red", "dim": "dim"}


def screen(panels: Mapping[str, Panel], heading: str, width: int) -> RenderableType:
    """The whole dashboard for a terminal of so many characters."""
    boxes = {name: box(panel.sheet()) for name, panel in panels.items() if name not in WIDE}
    head = Text(heading, style="bold", no_wrap=True, overflow="ellipsis")
    if width < TWO_COLUMNS:
        return Group(head, *boxes.values())
    grid = Table.grid(expand=True, padding=(0, 1, 0, 0))
    grid.add_column(ratio=11)
    grid.add_column(ratio=9)
    left = [boxes[name] for name in _LEFT if name in boxes]
    right = [each for name, each in boxes.items() if name not in _LEFT]
    grid.add_row(Group(*left), Group(*right))
    return Group(head, grid)


def box(sheet: Sheet) -> Box:
    """One panel in a frame. Texts are shown as they are, never as markup."""
    title = Text(sheet.title, style="bold cyan")
    return Box(Group(*_parts(sheet)), title=title, title_align="left", box=ROUNDED, border_style="dim", padding=(0, 1))


def _parts(sheet: Sheet) -> Iterable[RenderableType]:
    if sheet.bars:
        yield _bars(sheet.bars)
    if sheet.facts:
        yield _facts(sheet)
    if sheet.lines:
        yield _table(sheet)
    elif sheet.empty:
        yield Text(sheet.empty, style="dim")
    if sheet.note:
        yield Text(sheet.note, style="dim")


def _bars(bars: Iterable[Bar]) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    for bar in bars:
        drawn = pieces.bar(bar.share, _BAR, _STYLES[bar.tone] or "cyan")
        grid.add_row(Text(bar.label), drawn, Text(f"{bar.share:4.0%}", style="bold"), Text(bar.told, style="dim"))
    return grid


def _facts(sheet: Sheet) -> Table:
    """Two facts a line."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    cells = [(Text(fact.label, style="dim"), Text(fact.value, style=_STYLES[fact.tone])) for fact in sheet.facts]
    for at in range(0, len(cells), 2):
        grid.add_row(*(cell for pair in cells[at : at + 2] for cell in pair))
    return grid


def _table(sheet: Sheet) -> Table:
    rows = ([Text(cell, style=_STYLES[line.tone]) for cell in line.cells] for line in sheet.lines)
    right = {column.name for column in sheet.columns if column.right}
    return pieces.table([column.name for column in sheet.columns], rows, right=right, quiet=True)
