"""What terminal output is made of (Rich): a value as plain text, a table, a bar. One style for commands and dashboard.

Text from the workspace is shown as it is: never as markup, never as control characters.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Literal

from rich.box import HEAVY_HEAD
from rich.table import Table
from rich.text import Text

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_LINE = "━"


def plain(value: object) -> Text:
    """A value as text of one line: no markup, no control characters, nothing for None."""
    return Text(_CONTROL.sub("�", str("" if value is None else value)).replace("\n", " "))


def table(
    columns: Iterable[str],
    rows: Iterable[Sequence[object]] = (),
    *,
    right: Collection[str] = (),
    title: str = "",
    quiet: bool = False,
) -> Table:
    """A table; only one with a title has a frame. ``right``: the columns of figures. A first column of names is never
    broken. ``quiet``: within a panel, whose title is above it.

    A cell is a Text, or a value that is shown as ``plain`` shows it.
    """
    if title:
        made = Table(box=HEAVY_HEAD, title=Text(title, style="bold"), title_justify="left")
    elif quiet:
        made = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    else:
        made = Table(box=None, pad_edge=False, header_style="bold")
    for number, column in enumerate(columns):
        is_right = column in right
        justify: Literal["left", "right"] = "right" if is_right else "left"
        made.add_column(Text(column), justify=justify, overflow="fold", no_wrap=number == 0 and not is_right)
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else plain(cell) for cell in row))
    return made


def bar(share: float, width: int, style: str) -> Text:
    """How much of something is done (0 to 1), so many characters wide."""
    done = round(min(max(share, 0.0), 1.0) * width)
    return Text.assemble((_LINE * done, style), (_LINE * (width - done), "bright_black"))
