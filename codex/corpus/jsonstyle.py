"""How a JSON file is written: what its text shows of its style, and new values rendered in that style."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

_FIRST_LINE_BREAK = re.compile(r"[{\[][ \t]*(\r?\n)([ \t]*)(?=[^\s}\]])")
_KEY_SEPARATOR = re.compile(r'"([ \t]*:[ \t]*)')
_ESCAPED_LETTER = re.compile(r"(?<!\\)(?:\\\\)*\\u[0-9a-fA-F]{4}")
_HALF_PAIR = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Style:
    """How a file is written. ``indent`` is None for a file on one line; ``ascii`` when it escapes other letters."""

    indent: str | None = "  "
    newline: str = "\n"
    ascii: bool = False
    key_separator: str = ": "


def dumps(value: Any, style: Style = Style()) -> str:
    """A new document in a style, with a final newline."""
    return render(value, style, "") + style.newline


def detect_style(text: str) -> Style:
    """The style of a document: indentation unit, line ends, escaped or plain letters, blanks around a colon.

    What a document does not show (an empty one has no indentation) is as in ``Style()``.
    """
    broken = _FIRST_LINE_BREAK.search(text)
    one_line = not broken and text.strip() not in {"{}", "[]", ""}
    colon = _KEY_SEPARATOR.search(text)
    return Style(
        indent=broken[2] if broken else None if one_line else "  ",
        newline="\r\n" if "\r" in text and "\r\n" in text else "\n",  # one letter is looked for at full speed
        ascii="\\" in text and "\\u" in text and text.isascii() and bool(_ESCAPED_LETTER.search(text)),
        key_separator=colon[1] if colon else ": ",
    )


def comma(style: Style) -> str:
    """The separator of items on one line: tight where colons are."""
    return ", " if style.key_separator.endswith(" ") else ","


def render(value: Any, style: Style, indent: str | None) -> str:
    """A value as text whose further lines stand at ``indent``; on one line when that is None."""
    if indent is None or style.indent is None:
        return dump(value, style)
    return dump(value, style, style.indent).replace("\n", style.newline + indent)


def dump(value: Any, style: Style, indent: str | None = None) -> str:
    """JSON in the file's style; half a surrogate pair can only be written escaped."""
    separators = (comma(style) if indent is None else ",", style.key_separator)
    shown = json.dumps(value, ensure_ascii=style.ascii, indent=indent, separators=separators)
    if shown.isascii() or not _HALF_PAIR.search(shown):
        return shown
    return json.dumps(value, indent=indent, separators=separators)
