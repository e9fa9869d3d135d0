"""What the editors of Markdown files share: values on one line, the file's line ends."""

from __future__ import annotations


def one_line(value: str) -> str:
    """The text on one line: what comes from outside can never begin a heading or a field of its own."""
    return " ".join(part.strip(" \t") for part in value.splitlines()).strip(" \t")


def code(value: str) -> str:
    """The text on one line between backticks."""
    return f"`{one_line(value.replace('`', ''))}`"


def line_end_of(text: str) -> str:
    """The line end that the file uses."""
    return "\r\n" if "\r" in text and "\r\n" in text else "\n"
