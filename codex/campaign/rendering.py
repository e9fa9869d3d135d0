"""campaign.json again after a few events: entries that did not change are not written out anew.

Gives the very bytes that ``projection.render`` gives, which says what the file is. A document with the records of ten
thousand units takes a third of a second to write out, and each integration changes one entry of it. So what was written
is kept in pieces of some entries each, and nothing is looked at but the pieces that change.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any

from codex.campaign.projection import Document
from codex.snapshot import Layered
from codex.tracks.registry import shelves

#: Entries in a piece.
_SIZE = 64


@dataclass(frozen=True)
class Piece:
    """Entries that follow one another, as bytes, and the same joined."""

    members: tuple[bytes, ...]
    data: bytes

    @classmethod
    def of(cls, members: Iterable[bytes]) -> Piece:
        kept = tuple(members)
        return cls(kept, b",\n".join(kept))


@dataclass(frozen=True)
class Written:
    """A shelf as it was written: the number of each entry by its name, and its pieces. Never changed."""

    places: Layered[str, int]
    pieces: tuple[Piece, ...] = ()

    def with_members(self, new: Mapping[int, bytes]) -> list[Piece]:
        """The pieces with entries changed, or added at the end, by their number."""
        pieces = list(self.pieces)
        for number, places in groupby(sorted(new), key=lambda place: place // _SIZE):
            members = list(pieces[number].members) if number < len(pieces) else []
            for place in places:
                members[place % _SIZE : place % _SIZE + 1] = [new[place]]
            pieces[number : number + 1] = [Piece.of(members)]
        return pieces


#: Shelf → what was written of it.
Texts = Mapping[str, Written]


def render_known(document: Document, known: Texts, subjects: Collection[str]) -> tuple[bytes, Texts]:
    """The bytes of campaign.json and what its shelves are made of.

    ``known`` are those of an earlier document, from which this one differs in the entries of these subjects alone.
    """
    shelved = {name: value for name in shelves().values() if isinstance(value := document.get(name), dict) and value}
    changed = [(shelves().get(kind), name) for kind, _, name in (subject.partition(":") for subject in subjects)]
    texts = {
        shelf: _written(entries, known.get(shelf), [name for where, name in changed if where == shelf])
        for shelf, entries in shelved.items()
    }
    pieces = [piece for key, value in document.items() for piece in _member_pieces(key, value, texts.get(key))]
    return b"{\n" + b",\n".join(pieces) + b"\n}\n", texts


def _written(entries: dict[str, Any], known: Written | None, changed: Iterable[str]) -> Written:
    """The shelf written out, as far as it is not known. What is new stands at its end."""
    before = known or Written(Layered())
    there = len(before.places)
    added = [*islice(reversed(entries), len(entries) - there)][::-1]
    places = dict(zip(added, range(there, len(entries)), strict=True))
    places |= {name: before.places[name] for name in changed if name in before.places}
    pieces = before.with_members({place: _member(name, entries[name], 4) for name, place in places.items()})
    return Written(before.places.changed(places), tuple(pieces))


def _member_pieces(key: str, value: Any, shelf: Written | None) -> list[bytes]:
    """A member of the document, cut at the commas between the pieces of its shelf."""
    if shelf is None:
        return [_member(key, value, 2)]
    pieces = [piece.data for piece in shelf.pieces]
    pieces[0] = _head(key, 2) + b"{\n" + pieces[0]
    pieces[-1] += b"\n  }"
    return pieces


def _member(name: str, value: Any, by: int) -> bytes:
    text = json.dumps(value, ensure_ascii=False, indent=2).replace("\n", "\n" + " " * by)
    return _head(name, by) + text.encode("utf-8", "surrogatepass")


def _head(name: str, by: int) -> bytes:
    return (" " * by + json.dumps(name, ensure_ascii=False) + ": ").encode("utf-8", "surrogatepass")
