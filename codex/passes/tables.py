"""Markdown tables that survive the way out and back: rows of plain cells, rendered and parsed by one pair of functions.

A cell holds one line. White space is folded, a vertical bar is written ``\\|``; the LaTeX norm ``\\|`` is written
``\\Vert`` (the same symbol), so that reading back is unambiguous.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

_CELL_END = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"\|?\s*:?-{3,}:?\s*(\|\s*:?-{3,}:?\s*)*\|?\s*")


def cell(value: object) -> str:
    """A value as it stands in a cell, before escaping: one line, folded, without the LaTeX norm."""
    text = re.sub(r"\\\|", r"\\Vert ", str(value))
    return " ".join(text.split()).rstrip("\\").rstrip()


def render_table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A GitHub-flavoured table; ends with a line end."""
    lines = ["| " + " | ".join(headers) + " |", "|" + " --- |" * len(headers)]
    lines += ["| " + " | ".join(cell(value).replace("|", "\\|") for value in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def parse_tables(markdown: str) -> list[list[dict[str, str]]]:
    """Every table of a text as a list of rows (header → cell). A row of another width is cut or filled with ""."""
    tables: list[list[dict[str, str]]] = []
    lines = markdown.splitlines()
    for number, line in enumerate(lines[1:], 1):
        if _RULE.fullmatch(line) and "|" in line and lines[number - 1].lstrip().startswith("|"):
            tables.append(_rows(_cells(lines[number - 1]), lines[number + 1 :]))
    return tables


def _rows(headers: Sequence[str], lines: Sequence[str]) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    for line in lines:
        if not line.lstrip().startswith("|"):
            break
        cells = _cells(line)
        rows.append(dict(zip(headers, [*cells, *[""] * len(headers)], strict=False)))
    return rows


def _cells(line: str) -> list[str]:
    inner = line.strip().removeprefix("|")
    inner = inner[:-1] if inner.endswith("|") and not inner.endswith("\\|") else inner
    return [part.strip().replace("\\|", "|") for part in _CELL_END.split(inner)]


def first_table(markdown: str, *, having: Mapping[str, str] | Sequence[str] = ()) -> list[dict[str, str]]:
    """The first table whose rows have all the named columns; empty when there is none."""
    wanted = set(having)
    return next((rows for rows in parse_tables(markdown) if rows and wanted <= set(rows[0])), [])
