"""Edits: how an agent changes an existing unit without writing it again.

An edit names a heading and either a passage to replace or a place to insert at. Everything else of the file stays byte
for byte, its line ends included.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from codex.units.headings import find_headings
from codex.units.model import Unit
from codex.units.parse import normalise, parse_unit
from codex.units.titles import headings_titled

_CRLF = re.compile(r"\r\n")


class UnitEdit(BaseModel):
    """One change under one heading of a unit.

    ``replace``: ``find`` (which must occur exactly once under the heading) becomes ``text``. ``append``: ``text`` is
    added at the end of the section, before the next heading of the same or a higher level. ``new_section``: ``text``
    (with its own heading line) is put in before the named heading.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    op: Literal["replace", "append", "new_section"]
    heading: str = Field(description="title of an existing heading of the unit, without hashes and tier marker")
    find: str = Field(default="", description="for replace: the exact passage, occurring once under the heading")
    text: str = Field(min_length=1, description="the new Markdown")
    reason: str = Field(min_length=8, description="why, in one sentence")


class EditProblem(ValueError):
    """An edit that cannot be applied; the message is a sentence for its author."""


class _Splice(NamedTuple):
    """``text[start:end]`` becomes ``new``; offsets into the unit's text with LF line ends."""

    start: int
    end: int
    new: str


def apply_edits(unit: Unit, edits: Sequence[UnitEdit]) -> str:
    """The file's text with the edits applied in order; raises EditProblem naming the edit that does not fit.

    What is added gets the file's own line ends; all other characters stay as they are, carriage returns included.
    """
    if unit.error and unit.error.code == "PE001":
        raise EditProblem(unit.error.sentence)
    text = unit.data.decode("utf-8")
    for number, edit in enumerate(edits, 1):
        try:
            splice = _splice(parse_unit(text.encode(), unit.path), edit)
        except EditProblem as exc:
            raise EditProblem(f"edit {number} ({edit.op} under {edit.heading!r}): {exc}") from exc
        text = _spliced(text, splice)
    return text


def _splice(unit: Unit, edit: UnitEdit) -> _Splice:
    index = _heading_index(unit, edit.heading)
    heading = unit.headings[index]
    new = normalise(edit.text)
    if edit.op == "new_section":
        found = _before(unit.body, heading.start, new)
    elif edit.op == "append":
        found = _at_end(unit.body, _section_end(unit, index), new)
    else:
        found = _passage(unit.body, heading.end, _section_end(unit, index), normalise(edit.find), new)
    return _Splice(found.start + unit.body_offset, found.end + unit.body_offset, found.new)


def _before(body: str, at: int, new: str) -> _Splice:
    block = new.strip("\n")
    headings = find_headings(block)
    if not headings or headings[0].start != 0:
        raise EditProblem("a new section begins with its own heading line (two to four hashes, a title)")
    gap = "" if at == 0 or body[:at].endswith("\n\n") else "\n"
    return _Splice(at, at, f"{gap}{block}\n\n")


def _at_end(body: str, end: int, new: str) -> _Splice:
    """Behind the section's last line; the blank lines that end the section stay where they are, now behind it."""
    at = len(body[:end].rstrip("\n"))
    followed = at < len(body.rstrip("\n")) and not body.startswith("\n\n", at)
    return _Splice(at, at, "\n\n" + new.strip("\n") + "\n" * followed)


def _passage(body: str, start: int, end: int, find: str, new: str) -> _Splice:
    at = body.find(find, start, end) if find else -1
    again = body.find(find, at + 1, end) if at >= 0 else -1
    if at < 0:
        raise EditProblem("the passage to replace does not occur there, it must occur once")
    if again >= 0:
        raise EditProblem("the passage to replace occurs more than once there, it must occur once")
    return _Splice(at, at + len(find), new)


def _heading_index(unit: Unit, title: str) -> int:
    found = headings_titled(unit, title)
    if not found:
        raise EditProblem("there is no such heading in the unit")
    if len(found) > 1:
        raise EditProblem("more than one heading has this title")
    return found[0]


def _section_end(unit: Unit, index: int) -> int:
    level = unit.headings[index].level
    return next((h.start for h in unit.headings[index + 1 :] if h.level <= level), len(unit.body))


def _spliced(text: str, splice: _Splice) -> str:
    """Apply a splice to the text with its own line ends."""
    line_end = next((each for each in ("\r\n", "\n", "\r") if each in text), "\n")
    return text[: _origin(text, splice.start)] + splice.new.replace("\n", line_end) + text[_origin(text, splice.end) :]


def _origin(text: str, offset: int) -> int:
    """The offset in ``text`` of an offset in the text with LF line ends."""
    for pair in _CRLF.finditer(text):
        if pair.start() >= offset:
            break
        offset += 1
    return offset
