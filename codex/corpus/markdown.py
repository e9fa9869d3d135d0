"""What those who write Markdown share: values on one line, the file's line ends, tables."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence


def one_line(value: str) -> str:
    """The text on one line: what comes from outside can never begin a heading or a field of its own."""
    return " ".join(part.strip(" \t") for part in value.splitlines()).strip(" \t")


def code(value: str) -> str:
    """The text on one line between backticks."""
    return f"`{one_line(value.replace('`', ''))}`"


def line_end_of(text: str) -> str:
    """The line end that the file uses."""
    return "\r\n" if "\r" in text and "\r\n" in text else "\n"


def table_lines(heads: Sequence[str], rows: Iterable[Sequence[str]], right: Collection[int] = ()) -> Iterator[str]:
    """A GitHub-flavoured table. Cells stand as they are given: who writes them sees to it that no bar breaks them.

    ``right``: the columns of figures, by number from 0.
    """
    yield f"| {' | '.join(heads)} |"
    yield "|" + "".join(" ---: |" if number in right else " --- |" for number in range(len(heads)))
    yield from (f"| {' | '.join(row)} |" for row in rows)
