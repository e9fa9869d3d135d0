"""Edits: how an agent changes an existing unit without writing it again.

An edit names a heading and either a passage to replace or a place to insert at. Everything else of the file stays byte
for byte.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from codex.units.headings import Heading
from codex.units.model import Unit
from codex.units.parse import parse_unit


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


def apply_edits(unit: Unit, edits: Sequence[UnitEdit]) -> str:
    """The unit's text with the edits applied in order; raises EditProblem naming the edit that does not fit."""
    text = unit.text
    for number, edit in enumerate(edits, 1):
        try:
            text = _apply(parse_unit(text.encode(), unit.path), edit)
        except EditProblem as exc:
            raise EditProblem(f"edit {number} ({edit.op} under {edit.heading!r}): {exc}") from exc
    return text


def _apply(unit: Unit, edit: UnitEdit) -> str:
    index = _heading_index(unit, edit.heading)
    heading = unit.headings[index]
    before, body = unit.text[: unit.body_offset], unit.body
    start, end = heading.end, _section_end(unit, index)
    if edit.op == "new_section":
        return before + body[: heading.start] + edit.text.strip("\n") + "\n\n" + body[heading.start :]
    if edit.op == "append":
        return before + body[:end].rstrip("\n") + "\n\n" + edit.text.strip("\n") + "\n\n" + body[end:]
    section = body[start:end]
    count = section.count(edit.find) if edit.find else 0
    if count != 1:
        raise EditProblem(f"the passage to replace occurs {count} times there, it must occur once")
    return before + body[:start] + section.replace(edit.find, edit.text) + body[end:]


def _heading_index(unit: Unit, title: str) -> int:
    wanted = _bare(title)
    found = [i for i, heading in enumerate(unit.headings) if _bare(heading.title) == wanted]
    if not found:
        raise EditProblem("there is no such heading in the unit")
    if len(found) > 1:
        raise EditProblem("more than one heading has this title")
    return found[0]


def _section_end(unit: Unit, index: int) -> int:
    level = unit.headings[index].level
    later: list[Heading] = [h for h in unit.headings[index + 1 :] if h.level <= level]
    return later[0].start if later else len(unit.body)


def _bare(title: str) -> str:
    return " ".join(re.sub(r"\s*\[[\w+ -]+\]\s*$", "", title.strip().lstrip("#")).split())
