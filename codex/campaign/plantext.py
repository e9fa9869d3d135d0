"""What a per-book plan document says, as far as the state machine asks (layout: curriculum.md §2).

Only numbered headings of level 2 and 3 count, and none inside fenced code: plans quote files that have headings too.
"""

from __future__ import annotations

import re

_FENCE = re.compile(r"[ ]{0,3}(`{3,}|~{3,})")
_NUMBERED = re.compile(r"#{2,3}[ \t]+(?:§[ \t]*)?(\d{1,2}(?:\.\d{1,2})?)(?=[.:]?(?:[ \t]|$))")
_SOURCES = re.compile(r"#{2,3}[ \t]+sources\b", re.IGNORECASE)
_ID = r"(\d{2}\.\d{2}\.(?:\d{2}|E\d{1,2}))\b"
#: A bullet that begins with a bold id, a table row that gives the id, a sub-heading that names one in backticks.
_UNIT = re.compile(
    rf"^[ \t]*(?:\d+\.|[-*])[ \t]+\*\*`?{_ID}"
    rf"|^\|[ \t]*(?:\*\*)?(?:Unit )?ID(?:\*\*)?[ \t]*\|[ \t]*`?{_ID}"
    rf"|^####[ \t].*?`{_ID}",
)
_NOT_NOW = re.compile(r"\[(?:DEFERRED|OUT[ -]OF[ -]SCOPE)\]", re.IGNORECASE)
_IDENTIFIER = re.compile(
    r"https?://[^\s)>\]|]+|\b10\.\d{4,9}/[^\s)>\]|]+"  # URL, DOI
    r"|\b97[89][- ]?(?:\d[- ]?){9}\d\b|\b\d{1,5}-\d{1,7}-\d{1,7}-[\dX]\b",  # ISBN of 13 and of 10 digits
    re.IGNORECASE,
)

#: Letters or digits from which on a section counts as filled: a sentence, or one row of a table.
_FILLED = 12


def sections(text: str) -> dict[str, str]:
    """Number (``1``, ``1.2``) or ``sources`` → the text below that heading, up to the next such heading."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    fence = ""
    for line in text.splitlines():
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence):
            fence = ""
        heading = None if fence or mark else _heading(line)
        if heading is None:
            current.append(line)
        else:
            current = found.setdefault(heading, [])
    return {number: "\n".join(body) for number, body in found.items()}


def _heading(line: str) -> str | None:
    if _SOURCES.match(line):
        return "sources"
    match = _NUMBERED.match(line)
    return match[1] if match else None


def is_filled(body: str) -> bool:
    """True when there is text besides sub-headings and table rules."""
    told = "".join(line for line in body.splitlines() if not line.lstrip().startswith("#"))
    return sum(letter.isalnum() for letter in told) >= _FILLED


def sources(text: str) -> set[str]:
    """The distinct URLs, DOIs and ISBNs in the section Sources (their form only; the audit's gate checks more)."""
    return set(_IDENTIFIER.findall(sections(text).get("sources", "")))


def planned_units(text: str) -> list[str]:
    """Ids of the units that §3.1 to §3.3 (or §3 itself) plan, in order, each once; deferred ones are left out."""
    found = sections(text)
    rows = [row for number in ("3", "3.1", "3.2", "3.3") for row in found.get(number, "").splitlines()]
    matches = [_UNIT.match(row) for row in rows if not _NOT_NOW.search(row)]
    return list(dict.fromkeys(next(filter(None, match.groups())) for match in matches if match))
