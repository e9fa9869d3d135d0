"""Briefs within a budget: lists that may be shortened, the order in which they are, and what is said about it.

A pattern states its budget in bytes (front matter, ``limits.bytes``). What a pass gives as a ``Shelf`` may be cut to
fit; everything else always stays. First every shelf gets its first ``least`` items, then the shelves are filled in the
order of their rank, each from its first item on, until the next one has no room.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Shelf:
    """A list of ready texts, the most useful first.

    ``name`` and ``rest`` are for the note on what was cut ("peer units", "read_unit shows them"); ``rank`` 1 is filled
    first; ``least`` items stay in any case, and more than ``most`` help nobody, whatever room there is.
    """

    name: str
    items: tuple[str, ...]
    rank: int
    rest: str = ""
    least: int = 0
    most: int = 10_000


@dataclass(frozen=True)
class Fitted:
    """The variables with shelves as plain lists; ``cuts`` has a line for each that was shortened.

    ``used`` are the bytes of the items that stayed; ``shortenable`` says whether any could still go.
    """

    variables: dict[str, Any]
    cuts: tuple[str, ...]
    used: int
    shortenable: bool


def size(text: str) -> int:
    """Bytes of a text, as budgets count them."""
    return len(text.encode())


#: What an item costs beside its text: the pattern's list mark and line ends.
_AROUND = 6


def fit(variables: Mapping[str, Any], room: int) -> Fitted:
    """Shorten the shelves so that their items have at most ``room`` bytes together (``least`` items stay anyway)."""
    shelves = {key: value for key, value in variables.items() if isinstance(value, Shelf)}
    kept = {key: shelf.least for key, shelf in shelves.items()}
    left = room - sum(_cost(shelf.items[: shelf.least]) for shelf in shelves.values())
    for key, shelf in sorted(shelves.items(), key=lambda pair: (pair[1].rank, pair[0])):
        for item in shelf.items[shelf.least : shelf.most]:
            if _cost((item,)) > left:
                break
            left -= _cost((item,))
            kept[key] += 1
    lists = {key: list(shelf.items[: kept[key]]) for key, shelf in shelves.items()}
    least_useful_first = sorted(shelves.items(), key=lambda pair: (-pair[1].rank, pair[0]))
    return Fitted(
        {**variables, **lists},
        tuple(_cut(shelf, kept[key]) for key, shelf in least_useful_first if kept[key] < len(shelf.items)),
        room - left,
        any(kept[key] > shelf.least for key, shelf in shelves.items()),
    )


def _cost(items: tuple[str, ...]) -> int:
    return sum(size(item) + _AROUND for item in items)


def _cut(shelf: Shelf, shown: int) -> str:
    rest = f"; {shelf.rest}" if shelf.rest else ""
    return f"{shelf.name}: {shown or 'none'} of {len(shelf.items)}{rest}"
