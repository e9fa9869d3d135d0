r"""Markdown tables that survive the way out and back: rows of plain cells, rendered and parsed by a pair of functions.

A cell holds one line. White space is folded, a vertical bar is written ``\|``; the LaTeX norm ``\|`` is written
``\Vert`` (the same symbol), so that reading back is unambiguous.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from codex.corpus.markdown import table_lines

#: A bar behind an odd number of backslashes is the LaTeX norm; behind an even number it is a bar (after line breaks).
_NORM = re.compile(r"(?<!\\)((?:\\\\)*)\\\|")
_CELL_END = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"\|?\s*:?-{3,}:?\s*(\|\s*:?-{3,}:?\s*)*\|?\s*")


def cell(value: object) -> str:
    """A value as it stands in a cell, before escaping: one line, folded, without the LaTeX norm."""
    return " ".join(_NORM.sub(r"\1\\Vert ", str(value)).split())


def render_table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A GitHub-flavoured table; ends with a line end."""
    cells = (tuple(cell(value).replace("|", "\\|") for value in row) for row in rows)
    return "\n".join(table_lines(headers, cells)) + "\n"


def parse_tables(markdown: str) -> list[list[dict[str, str]]]:
    """Every table of a text as a list of rows (header → cell). A row of another width is cut or filled with ""."""
    return [_rows(block) for block in _blocks(markdown) if len(block) > 1 and _RULE.fullmatch(block[1])]


def _blocks(markdown: str) -> Iterator[list[str]]:
    """Runs of lines that begin with a bar: a rule counts only as the second line of one, never among its rows."""
    block: list[str] = []
    for line in [*markdown.splitlines(), ""]:
        if line.lstrip().startswith("|"):
            block.append(line)
        elif block:
            yield block
            block = []


def _rows(block: Sequence[str]) -> list[dict[str, str]]:
    headers = _cells(block[0])
    return [dict(zip(headers, [*_cells(line), *[""] * len(headers)], strict=False)) for line in block[2:]]


def _cells(line: str) -> list[str]:
    inner = line.strip().removeprefix("|")
    inner = inner[:-1] if inner.endswith("|") and not inner.endswith("\\|") else inner
    return [part.strip().replace("\\|", "|") for part in _CELL_END.split(inner)]


def first_table(markdown: str, *, having: Collection[str] = ()) -> list[dict[str, str]]:
    """The first table whose rows have all the named columns; empty when there is none."""
    wanted = set(having)
    return next((rows for rows in parse_tables(markdown) if rows and wanted <= set(rows[0])), [])
