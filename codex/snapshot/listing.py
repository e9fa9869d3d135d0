"""The files of a state that cannot change."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping

from codex.snapshot.layered import Layered


class Listing(Mapping[str, str]):
    """Path to blob id, in path order. Never changed once it is made."""

    def __init__(self, ids: Layered[str, str], paths: list[str] | None = None) -> None:
        """``paths``: the same in order, where they are at hand."""
        self._ids = ids
        self._paths = sorted(ids) if paths is None else paths

    def __getitem__(self, path: str) -> str:
        return self._ids[path]

    def __contains__(self, path: object) -> bool:
        return path in self._ids

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._ids)

    def after(self, changes: Mapping[str, str | None]) -> Listing:
        """With files added or changed, and without those of id None."""
        paths = list(self._paths)
        for path, blob in changes.items():
            at = bisect_left(paths, path)
            paths[at : at + (path in self._ids)] = [path] if blob else []
        there = {path: blob for path, blob in changes.items() if blob}
        return Listing(self._ids.changed(there, changes), paths)

    def below(self, start: str) -> list[str]:
        """The paths below a folder, which is named with the slash at its end."""
        first = bisect_left(self._paths, start)
        return self._paths[first : bisect_left(self._paths, start[:-1] + "0", first)]  # the character after the slash
