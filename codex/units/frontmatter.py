"""Where the front matter of a unit begins and ends (unit-rubric §1.2), and what that of another document says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_OPENING = re.compile(r"---(\s*)")
_CLOSING = re.compile(r"\n---\s*\n")


@dataclass(frozen=True, slots=True)
class Split:
    """Offsets into the text: front matter is ``text[start:end]``, the body ``text[body:]``."""

    start: int
    end: int
    body: int


def split_frontmatter(text: str) -> Split | None:
    """Find both delimiters; None when the text has no closed front matter.

    Equal to the regular expression "``---``, white space, LF, shortest text, LF, ``---``, white space, LF, rest", but
    in linear time: the opening takes all blank lines that follow it, and gives one back only when no other closing
    line exists.
    """
    opening = _OPENING.match(text)
    if opening is None or "\n" not in opening[1]:
        return None
    start = text.rindex("\n", 0, opening.end()) + 1
    closing = _CLOSING.search(text, start)
    if closing is None:
        before = text.rfind("\n", opening.start(1), start - 1)
        closing = _CLOSING.match(text, start - 1) if before >= 0 else None
        if closing is None:
            return None
        start = before + 1
    return Split(start, closing.start(), closing.end())


def fields_of(text: str) -> Mapping[Any, Any]:
    """The front matter of a plan or a flow; empty when there is none that can be read. Never raises."""
    from codex.units.yamlsafe import load_yaml  # PyYAML: not needed to find where it stands

    split = split_frontmatter(text)
    found = load_yaml(text[split.start : split.end]) if split else None
    return found if isinstance(found, dict) else {}
