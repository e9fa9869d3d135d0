"""Seams: registered connections between a book's units and their neighbours, to be said in both (curriculum.md §2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from codex.passes.bookcontext import BookContext
from codex.units import Unit, parse_unit

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)


@dataclass(frozen=True)
class Seam:
    """A registered connection that has to be said in a unit with its anchor phrase."""

    connection: str
    type: str
    anchor: str
    note: str
    unit: str
    other: str


def seams(context: BookContext) -> list[Seam]:
    """Both directions of every registered connection that has one end in the book's units and both ends shipped."""
    found = []
    for each in context.corpus.connections.connections:
        for source in context.teachers.get(each.source, ()):
            for target in context.teachers.get(each.target, ()):
                if each.anchor_phrase and source != target and {source, target} & set(context.produced):
                    said = (each.id, each.type, each.anchor_phrase, each.synthesis_note)
                    found += [Seam(*said, source, target), Seam(*said, target, source)]
    return found


def open_seams(context: BookContext, texts: Mapping[str, str]) -> list[tuple[Seam, str]]:
    """The seams that are not said, each with what is missing. ``texts``: unit id → its text after edits."""
    found = []
    bodies: dict[str, str] = {}
    for seam in seams(context):
        if seam.unit not in bodies:
            unit = context.units[seam.unit]
            edited = texts.get(seam.unit)
            bodies[seam.unit] = prose(parse_unit(edited.encode(), unit.path) if edited is not None else unit)
        missing = _missing(seam, bodies[seam.unit])
        if missing:
            found.append((seam, missing))
    return found


def _missing(seam: Seam, body: str) -> str:
    if seam.anchor not in body:
        return f"the anchor phrase “{seam.anchor}” is missing"
    return "" if seam.other in body else f"the anchor phrase stands there, but {seam.other} is named nowhere"


def prose(unit: Unit) -> str:
    """What readers of the unit see as text: no front matter, no code, no comments."""
    return _COMMENT.sub("", unit.body_without_code.text)
