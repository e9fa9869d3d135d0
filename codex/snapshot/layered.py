"""A mapping that never changes, and of which a changed one is made at the cost of what differs.

What is known of a corpus is one entry a unit, and each integration changes a few of them. To copy tens of thousands of
entries for that, a dozen times, takes a tenth of a second: hardly one of them is in the processor's cache.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, Final, TypeVar

K = TypeVar("K")
V = TypeVar("V")

#: Changes that may lie on top: with more of them everything is put into one dictionary again.
MOST = 256

_GONE: Final[Any] = object()


class Layered(Mapping[K, V]):
    """A dictionary, which nobody may change any more, with changes on top of it.

    Keys come in the order of the dictionary, those that are new after them.
    """

    __slots__ = ("_base", "_size", "_top")

    def __init__(self, base: dict[K, V] | None = None, top: dict[K, V] | None = None) -> None:
        self._base, self._top = base or {}, top or {}
        self._size = len(self._base) + sum((v is not _GONE) - (k in self._base) for k, v in self._top.items())

    def changed(self, new: Mapping[K, V], gone: Iterable[K] = ()) -> Layered[K, V]:
        """With entries set, and without those of the keys that are gone (unless they are set, too)."""
        top: dict[K, V] = {**self._top, **dict.fromkeys(gone, _GONE), **new}
        if len(top) <= MOST:
            return Layered(self._base, top)
        whole = {**self._base, **top}
        return Layered({key: value for key, value in whole.items() if value is not _GONE})

    def superset(self) -> Iterator[K]:
        """All keys and some that are gone, or come twice: for who goes through them at the speed of C."""
        return chain(self._base, self._top)

    def __getitem__(self, key: K) -> V:
        value = self._top[key] if key in self._top else self._base[key]
        if value is _GONE:
            raise KeyError(key)
        return value

    def __contains__(self, key: object) -> bool:
        return self._top[key] is not _GONE if key in self._top else key in self._base

    def __iter__(self) -> Iterator[K]:
        top, base = self._top, self._base
        if not top:
            return iter(base)
        return iter([*(k for k in base if top.get(k) is not _GONE), *(k for k in top if k not in base and k in self)])

    def __len__(self) -> int:
        return self._size
