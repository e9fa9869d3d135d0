"""Which units are written already: the files below ``content/`` (unit-rubric §4.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from codex.planning.bullets import Mode
from codex.snapshot import Snapshot

FOLDER = "content"

_ID_ANYWHERE = re.compile(r"^id:\s++(\S+)", re.MULTILINE)
_FRONT_MATTER = re.compile(r"---\n(.*?)\n---\n", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Shipped:
    """A written unit; ``title`` and ``path`` are "" where its front matter does not give the same id."""

    id: str
    title: str = ""
    path: str = ""


def read_shipped(snapshot: Snapshot, mode: Mode) -> dict[str, Shipped]:
    """Id → unit. In compat mode an id keeps its quotation marks, in extended mode they are taken off."""
    ids: dict[str, None] = {}
    units: dict[str, Shipped] = {}
    for path in snapshot.under(FOLDER, ".md"):
        text = _read(snapshot, path)
        found = _ID_ANYWHERE.search(text)
        if found:
            ids[found[1] if mode == "compat" else found[1].strip("\"'")] = None
        unit = _front_matter(text, path)
        units[unit.id] = unit
    return {unit_id: units.get(unit_id, Shipped(unit_id)) for unit_id in ids if unit_id}


def _read(snapshot: Snapshot, path: str) -> str:
    return snapshot.read(path).decode("utf-8", "ignore").replace("\r\n", "\n").replace("\r", "\n")


def _front_matter(text: str, path: str) -> Shipped:
    match = _FRONT_MATTER.match(text)
    front = match[1] if match else ""
    return Shipped(_value(front, "id"), _value(front, "title"), path)


def _value(front: str, key: str) -> str:
    match = re.search(rf"^{key}:(.*)$", front, re.MULTILINE)
    return match[1].strip().strip('"') if match else ""
