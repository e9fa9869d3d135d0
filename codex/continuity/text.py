"""A unit's text as the continuity metrics see it: body, id and tier texts (unit-rubric, part 3).

This is not the parser of units (``codex.units``): the reference metrics cut a file in their own, looser way, and their
figures are only reproduced by cutting it in the same way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

_ID = re.compile(r"^id:\s*(\S+)", re.MULTILINE)
_H2 = re.compile(r"\n## ")


@dataclass(frozen=True, slots=True)
class MeasuredText:
    """What is measured: ``unit_id`` as written (with its quotation marks, if any), body, two tiers of the body."""

    unit_id: str
    body: str
    intermediate: str
    master: str


def read_text(data: bytes) -> MeasuredText:
    """Cut a unit file for measuring. Never raises: undecodable bytes are dropped, missing front matter is no error."""
    text = data.decode("utf-8", "ignore").replace("\r\n", "\n").replace("\r", "\n")
    front, body = _split_front_matter(text)
    named = _ID.search(front)
    intermediate, master = _tier_texts(body)
    return MeasuredText(named[1] if named else "", body, intermediate, master)


def _split_front_matter(text: str) -> tuple[str, str]:
    """Front matter and body; without an exact pair of ``---`` lines the whole text is the body."""
    end = text.find("\n---\n", 4) if text.startswith("---\n") else -1
    return ("", text) if end < 0 else (text[4:end], text[end + 5 :])


def _tier_texts(body: str) -> tuple[str, str]:
    """The intermediate and the master text: the parts between H2 lines, heading included, joined per tier."""
    intermediate: list[str] = []
    master: list[str] = []
    cuts = [0, *(cut.start() + 1 for cut in _H2.finditer(body)), len(body)]
    for start, end in pairwise(cuts):
        part = body[start:end]
        heading = part.partition("\n")[0].lower()
        if "[beginner]" in heading:
            continue
        if "[intermediate" in heading:
            intermediate.append(part)
        elif "[master]" in heading:
            master.append(part)
        elif "[all tiers]" in heading:
            intermediate.append(part)
            master.append(part)
    return "".join(intermediate), "".join(master)
