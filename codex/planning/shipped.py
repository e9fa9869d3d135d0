"""Which units are written already: the files below ``content/`` (unit-rubric §4.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from codex.planning.bullets import Mode
from codex.snapshot import Snapshot

FOLDER = "content"

_ID_ANYWHERE = re.compile(r"^id:\s++(\S+)", re.MULTILINE)
_LIST = re.compile(r"^prerequisites:(.*(?:\n[ \t-].*)*)", re.MULTILINE)
_LISTED_ID = re.compile(r"(?:^|[-\[,])\s*[\"']?([0-9]{2}\.[0-9]{2}\.(?:[0-9]{2}|E[0-9]+))\b")
_FRONT_MATTER = re.compile(r"---\n(.*?)\n---\n", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Shipped:
    """A written unit; ``title`` and ``path`` are "" where its front matter does not give the same id.

    Extended mode only: ``concept`` is its catalog id, ``prerequisites`` the ids that it lists, ``quoted`` says that its
    id stands in quotation marks, which the reference does not read.
    """

    id: str
    title: str = ""
    path: str = ""
    concept: str = ""
    prerequisites: tuple[str, ...] = ()
    quoted: bool = False


def read_shipped(snapshot: Snapshot, mode: Mode) -> dict[str, Shipped]:
    """Id → unit. In compat mode an id keeps its quotation marks, in extended mode they are taken off."""
    ids: dict[str, None] = {}
    units: dict[str, Shipped] = {}
    for path in snapshot.under(FOLDER, ".md"):
        text = _read(snapshot, path)
        found = _ID_ANYWHERE.search(text)
        if found:
            ids[found[1] if mode == "compat" else found[1].strip("\"'")] = None
        unit = _front_matter(text, path) if mode == "compat" else _whole_front_matter(text, path)
        units[unit.id] = unit
    return {unit_id: units.get(unit_id, Shipped(unit_id)) for unit_id in ids if unit_id}


def _read(snapshot: Snapshot, path: str) -> str:
    return snapshot.read(path).decode("utf-8", "ignore").replace("\r\n", "\n").replace("\r", "\n")


def _front_matter(text: str, path: str) -> Shipped:
    front = _front(text)
    return Shipped(_value(front, "id").strip('"'), _value(front, "title").strip('"'), path)


def _whole_front_matter(text: str, path: str) -> Shipped:
    front = _front(text)
    written = _value(front, "id")
    listed = _LIST.search(front)
    return Shipped(
        written.strip("\"'"),
        _value(front, "title").strip("\"'"),
        path,
        _value(front, "concept_catalog_id").strip("\"'"),
        tuple(dict.fromkeys(_LISTED_ID.findall(listed[1]))) if listed else (),
        written[:1] in {'"', "'"},
    )


def _front(text: str) -> str:
    match = _FRONT_MATTER.match(text)
    return match[1] if match else ""


def _value(front: str, key: str) -> str:
    match = re.search(rf"^{key}:(.*)$", front, re.MULTILINE)
    return match[1].strip() if match else ""
