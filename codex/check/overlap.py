"""Word runs of the texts below ``reference/``, to find passages taken over word for word (XV001)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from codex.snapshot import Snapshot

WORD = re.compile(r"[^\W_]+")


def plain_words(text: str) -> tuple[str, ...]:
    """Lower-case runs of letters and digits."""
    return tuple(WORD.findall(text.lower()))


def runs(words: tuple[str, ...], length: int) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Every run of ``length`` words with its position."""
    return ((start, words[start : start + length]) for start in range(len(words) - length + 1))


class ReferenceRuns:
    """An index of all runs of a given length, kept as hashes: about 8 bytes a word of the archive."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._index: dict[int, dict[int, str]] = {}

    def first_shared(self, words: tuple[str, ...], length: int) -> tuple[int, str] | None:
        """The first run that also stands in the archive: its position in ``words``, and the file."""
        index = self._runs_of(length)
        for start, run in runs(words, length):
            file = index.get(hash(run))
            if file is not None:
                return start, file
        return None

    def _runs_of(self, length: int) -> dict[int, str]:
        if length not in self._index:
            found: dict[int, str] = {}
            for path in self.snapshot.under("reference"):
                for _, run in runs(plain_words(self._text(path)), length):
                    found.setdefault(hash(run), path)
            self._index[length] = found
        return self._index[length]

    def _text(self, path: str) -> str:
        """The file's text; "" for binary files."""
        data = self.snapshot.read(path)
        return "" if b"\0" in data else data.decode("utf-8", "ignore")
