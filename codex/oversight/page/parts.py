"""Panels as HTML: bars, facts and tables. Every text is escaped here, whoever wrote it."""

from __future__ import annotations

from collections.abc import Iterable

from codex.oversight.page.svg import esc, number
from codex.oversight.sheet import Bar, Column, Fact, Line, Sheet, Tone

#: Longer cells get a line of their own on a narrow screen.
_LONG = 24


def card(title: str, inner: Iterable[str], kind: str = "", note: str = "") -> str:
    """A section of the page. ``kind``: a further class."""
    name = "h-" + "".join(c if c.isalnum() else "-" for c in title.lower())
    noted = f'<p class="note">{esc(note)}</p>' if note else ""
    classes = f"card {kind}".strip()
    head = f'<section class="{classes}" aria-labelledby="{esc(name)}"><h2 id="{esc(name)}">{esc(title)}</h2>'
    return f"{head}{''.join(inner)}{noted}</section>"


def sheet_card(sheet: Sheet, kind: str = "", before: str = "", *, figures: bool = False) -> str:
    """A whole panel. ``figures``: facts as large numbers."""
    inner = [before, *map(bar, sheet.bars), facts(sheet.facts, figures=figures)]
    if sheet.lines:
        inner.append(table(sheet.columns, sheet.lines, sheet.title))
    elif sheet.empty:
        inner.append(f'<p class="soft">{esc(sheet.empty)}</p>')
    return card(sheet.title, inner, kind, sheet.note)


def bar(shown: Bar) -> str:
    told = f'<p><span>{esc(shown.label)}</span><span class="soft">{esc(shown.told)}</span></p>'
    return f'<div class="bar">{told}{meter(shown.share, shown.tone)}</div>'


def meter(share: float, tone: Tone = "") -> str:
    """A bar without words: what stands beside it says the same."""
    kind = f"meter {tone}".strip()
    return (
        f'<svg class="{kind}" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect width="{number(100 * share)}" height="6"/></svg>'
    )


def facts(shown: Iterable[Fact], *, figures: bool = False) -> str:
    rows = [
        f"<div><dt>{esc(f.label)}</dt><dd{_toned(f.tone)}>{esc(f.value)}</dd></div>"
        if figures
        else f"<dt>{esc(f.label)}</dt><dd{_toned(f.tone)}>{esc(f.value)}</dd>"
        for f in shown
    ]
    kind = ' class="figures"' if figures else ""
    return f"<dl{kind}>{''.join(rows)}</dl>" if rows else ""


def table(columns: Iterable[Column], lines: Iterable[Line], title: str) -> str:
    """A table that scrolls by itself where it is too wide, also by keyboard; on a phone long texts stand below."""
    listed, shown = list(columns), list(lines)
    heads = "".join(f'<th scope="col"{_right(column)}>{esc(column.name)}</th>' for column in listed)
    rows = "".join(_row(listed, line) for line in shown)
    wordy = any(len(cell) > _LONG for line in shown for cell in line.cells[1:])
    kind = ' class="stack"' if wordy else ""
    return scrolling(f"<table{kind}><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>", title)


def scrolling(inner: str, title: str, kind: str = "") -> str:
    named = f"scroll {kind}".strip()
    return f'<div class="{named}" role="region" tabindex="0" aria-label="{esc(title)}">{inner}</div>'


def _row(columns: list[Column], line: Line) -> str:
    cells = [
        f'<th scope="row">{esc(cell)}</th>' if not n and not column.right else _cell(column, cell, line.tone)
        for n, (column, cell) in enumerate(zip(columns, line.cells, strict=True))
    ]
    return f"<tr>{''.join(cells)}</tr>"


def _cell(column: Column, cell: str, tone: Tone) -> str:
    marks = ["n"] * column.right + ["long"] * (len(cell) > _LONG and not column.right)
    marks += [tone] if tone and column.name in _TONED else []
    kind = f' class="{" ".join(marks)}"' if marks else ""
    return f"<td{kind}>{esc(cell)}</td>"


#: Columns that wear the colour of their line: all in colour would be none.
_TONED = frozenset({"verdict", "used", "state", "what", "detail"})


def _right(column: Column) -> str:
    return ' class="n"' if column.right else ""


def _toned(tone: Tone) -> str:
    return f' class="{tone}"' if tone else ""
