"""campaign.json again after a few events: entries that did not change are not written out anew.

Gives the very bytes that ``projection.render`` gives, which says what the file is. A document with the records of ten
thousand units takes a third of a second to write out, and each integration changes one entry of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import compress
from operator import is_not
from typing import Any

from codex.campaign.projection import Document
from codex.tracks.registry import shelves


@dataclass(frozen=True)
class Written:
    """A shelf as it was written: its names and entries in order, and the bytes of each. None of it is ever changed."""

    names: list[str]
    entries: list[Any]
    members: list[bytes]


#: Shelf → what was written of it.
Texts = Mapping[str, Written]


def render_known(document: Document, known: Texts) -> tuple[bytes, Texts]:
    """The bytes of campaign.json and what its shelves are made of; ``known`` are those of an earlier document."""
    shelved = {name: value for name in shelves().values() if isinstance(value := document.get(name), dict) and value}
    texts = {name: _written(entries, known.get(name)) for name, entries in shelved.items()}
    pieces = [piece for key, value in document.items() for piece in _member_pieces(key, value, texts.get(key))]
    return b"{\n" + b",\n".join(pieces) + b"\n}\n", texts


def _member_pieces(key: str, value: Any, shelf: Written | None) -> list[bytes]:
    """A member of the document, cut at the commas between the entries of its shelf."""
    if shelf is None:
        return [_member(key, value, 2)]
    pieces = list(shelf.members)
    pieces[0] = _head(key, 2) + b"{\n" + pieces[0]
    pieces[-1] += b"\n  }"
    return pieces


def _written(entries: dict[str, Any], known: Written | None) -> Written:
    """The shelf written out; where it only grew, entries that are the very ones of before keep their bytes."""
    names, values = list(entries), list(entries.values())
    same = len(known.names) if known and names[: len(known.names)] == known.names else 0
    members = known.members[:same] if known else []
    others = compress(range(same), map(is_not, values, known.entries)) if known else ()
    for at in others:
        members[at] = _member(names[at], values[at], 4)
    return Written(
        names, values, members + [_member(*each, 4) for each in zip(names[same:], values[same:], strict=True)]
    )


def _member(name: str, value: Any, by: int) -> bytes:
    text = json.dumps(value, ensure_ascii=False, indent=2).replace("\n", "\n" + " " * by)
    return _head(name, by) + text.encode("utf-8", "surrogatepass")


def _head(name: str, by: int) -> bytes:
    return (" " * by + json.dumps(name, ensure_ascii=False) + ": ").encode("utf-8", "surrogatepass")
