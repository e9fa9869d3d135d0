"""Text of others within a text of ours: it cannot pass for our headings, tables or fences, and it keeps its words."""

from __future__ import annotations

import re

_MARK = re.compile(r"^(\s*)([#|`~])")
_FENCE = re.compile(r"`{3,}")


def line(text: object) -> str:
    """On one line, white space folded."""
    return " ".join(str(text).split())


def plain(text: str) -> str:
    """Free text whose lines begin no heading, no table and no code fence."""
    return "\n".join(_MARK.sub(r"\1\\\2", each) for each in text.strip().splitlines())


def fenced(text: str, kind: str = "markdown") -> str:
    """The text as it is between fences longer than any of its own."""
    fence = "`" * max([4, *(len(own) + 1 for own in _FENCE.findall(text))])
    return f"{fence}{kind}\n{text.rstrip()}\n{fence}"
