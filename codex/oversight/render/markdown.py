"""Panels as Markdown and as tables of plain cells: what Prefect's artifacts show."""

from __future__ import annotations

from codex.corpus.markdown import table_lines
from codex.oversight.sheet import Sheet

#: Everything that could begin markup; a title that an agent wrote must not become a link or a tag.
_SPECIAL = str.maketrans({character: f"\\{character}" for character in "\\`*_[]<>|#!~$"})


def markdown(sheet: Sheet) -> str:
    """One panel as a section; every text in it is escaped."""
    parts = [f"## {escape(sheet.title)}"]
    parts += ["\n".join(f"- {escape(b.label)}: **{b.share:.0%}** ({escape(b.told)})" for b in sheet.bars)]
    parts += ["\n".join(f"- {escape(fact.label)}: **{escape(fact.value)}**" for fact in sheet.facts)]
    parts += [_table(sheet) if sheet.lines else escape(sheet.empty), escape(sheet.note)]
    return "\n\n".join(part for part in parts if part) + "\n"


def escape(text: str) -> str:
    return text.translate(_SPECIAL)


def _table(sheet: Sheet) -> str:
    heads = [escape(column.name) for column in sheet.columns]
    right = [number for number, column in enumerate(sheet.columns) if column.right]
    return "\n".join(table_lines(heads, (tuple(map(escape, line.cells)) for line in sheet.lines), right))


def cells(sheet: Sheet) -> list[dict[str, str]]:
    """The table of a panel as a list of rows: column → text."""
    return [{column.name: cell for column, cell in zip(sheet.columns, line.cells, strict=True)} for line in sheet.lines]
