"""plans/fasttrack/<slug>.md: a book's plan: front matter and numbered sections (curriculum §2).

A section is an H2 line ``## §<number> <title>`` with all that follows up to the next H2 of that kind. Sections are
replaced or added one at a time; the others, and what stands before the first, keep their bytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from codex.corpus.markdown import line_end_of, one_line
from codex.errors import UserError
from codex.tracks.fasttrack.books import BOOK
from codex.units.edit import set_frontmatter_value
from codex.units.frontmatter import fields_of, split_frontmatter

#: Where they stand, each named after its book: audits are read there, and progress is.
FOLDER = BOOK.document.rpartition("/")[0]

#: The titles that curriculum §2 gives; rework and re-verification append further numbers.
TITLES = {1: "Book audit", 2: "Coverage diff", 3: "Production plan", 4: "Equivalence verification"}

_MARK = re.compile(r"^(?:```|## +§ ?(\d{1,3})(?![\d])\.?[^\r\n]*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Section:
    """One section: ``heading`` is its H2 line, ``text`` everything, heading and final blank lines included."""

    number: int
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class BookPlan:
    """A plan document. ``front_matter`` is empty when there is none or when it cannot be read."""

    front_matter: Mapping[str, Any]
    sections: tuple[Section, ...]

    def section(self, number: int) -> Section | None:
        return next((section for section in self.sections if section.number == number), None)


def parse(text: str) -> BookPlan:
    """The document's front matter and sections; never raises."""
    sections = (Section(m.number, m.heading, text[m.start : m.end]) for m in _marks(text, _body_start(text)))
    return BookPlan({k: v for k, v in fields_of(text).items() if isinstance(k, str)}, tuple(sections))


def _body_start(text: str) -> int:
    split = split_frontmatter(text)
    return split.body if split else 0


class _Mark(NamedTuple):
    """A section at ``text[start:end]``."""

    number: int
    start: int
    end: int
    heading: str


def _marks(text: str, start: int = 0) -> list[_Mark]:
    """The sections from ``start`` on; headings inside fenced code are none."""
    found, fenced = [], False
    for mark in _MARK.finditer(text, start):
        if mark[1] is None:
            fenced = not fenced
        elif not fenced:
            found.append(mark)
    ends = [*(mark.start() for mark in found[1:]), len(text)]
    return [_Mark(int(m[1]), m.start(), end, m[0]) for m, end in zip(found, ends, strict=False)]


def new_document(title: str, front_matter: Mapping[str, Any]) -> str:
    """A plan without sections yet."""
    import yaml

    front = yaml.safe_dump(dict(front_matter), allow_unicode=True, sort_keys=False, width=10**9)
    return f"---\n{front}---\n\n# {one_line(title)}\n"


def update_front_matter(text: str, values: Mapping[str, Any]) -> str:
    """The document with these keys set; other keys, their order and comments stay. Raises ContentError as units do."""
    for key, value in values.items():
        if fields_of(text).get(key, _ABSENT) != value:
            text = set_frontmatter_value(text, key, value)
    return text


_ABSENT = object()


def set_section(text: str, number: int, markdown: str) -> str:
    """The document with a section replaced, or added at its place by number.

    ``markdown`` may begin with the section's own heading; without one it gets the standard heading. Raises UserError
    when it holds the heading of another section, or a fence that is never closed: either would change what is around.
    """
    line_end = line_end_of(text)
    block = _block(number, markdown).replace("\n", line_end)
    marks = _marks(text, _body_start(text))
    same = next((mark for mark in marks if mark.number == number), None)
    if same is not None:
        content = len(text[: same.end].rstrip())
        return text[: same.start] + block + text[content:]
    later = next((mark.start for mark in marks if mark.number > number), None)
    if later is not None:
        return text[:later] + block + line_end * 2 + text[later:]
    body = text.rstrip()
    return body + line_end * 2 + block + text[len(body) :] if body else block + line_end


def _block(number: int, markdown: str) -> str:
    """The section without blank lines around it, line ends LF."""
    block = markdown.replace("\r\n", "\n").replace("\r", "\n").strip()
    marks = _marks(block)
    if not marks or (marks[0].number, marks[0].start) != (number, 0):
        block = f"## §{number} {TITLES.get(number, 'Further work')}\n\n{block}".rstrip()
        marks = _marks(block)
    if len(marks) > 1:
        raise UserError(f"The text for section {number} holds the heading of another section: {marks[-1].heading}.")
    if sum(mark[1] is None for mark in _MARK.finditer(block)) % 2:
        raise UserError(f"The text for section {number} opens a code fence that it never closes.")
    return block
