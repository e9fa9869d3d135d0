"""What was worked out of the large texts that were read or written last."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

#: Texts of fewer characters are read anew each time.
LARGE = 4_096

T = TypeVar("T")


class Memory(Generic[T]):
    """Values by the text they were worked out of; the ``size`` that were used last. Safe to use from threads.

    The values are shared by all who ask, so they must not be changed.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[str, T] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, text: str) -> T | None:
        if len(text) < LARGE:
            return None
        with self._lock:
            found = self._values.get(text)
            if found is not None:
                self._values.move_to_end(text)
            return found

    def put(self, text: str, value: T) -> T:
        if len(text) >= LARGE:
            with self._lock:
                self._values[text] = value
                while len(self._values) > self._size:
                    self._values.popitem(last=False)
        return value
