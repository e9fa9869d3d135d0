"""What was worked out of the large texts that were read or written last."""

from __future__ import annotations

import threading
from operator import eq, is_
from typing import Generic, TypeVar

#: Texts of fewer characters are read anew each time.
LARGE = 4_096

T = TypeVar("T")


class Memory(Generic[T]):
    """Values by the text they were worked out of; the ``size`` that were used last. Safe to use from threads.

    The values are shared by all who ask, so they must not be changed. A list is enough: the text asked for is mostly
    one of these very objects, and texts of different lengths are told apart at once, while to hash megabytes takes
    milliseconds.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._pairs: list[tuple[str, T]] = []  # the one used last stands last
        self._lock = threading.Lock()

    def get(self, text: str) -> T | None:
        if len(text) < LARGE:
            return None
        with self._lock:
            found = self._taken(text)
            if found is None:
                return None
            self._pairs.append(found)
            return found[1]

    def put(self, text: str, value: T) -> T:
        if len(text) >= LARGE:
            with self._lock:
                self._taken(text)
                self._pairs.append((text, value))
                del self._pairs[: -self._size]
        return value

    def _taken(self, text: str) -> tuple[str, T] | None:
        for same in (is_, eq):
            for at in reversed(range(len(self._pairs))):
                if same(self._pairs[at][0], text):
                    return self._pairs.pop(at)
        return None
