"""Contents on their way into the repository, made ready while the rest of a proposal is still being worked out.

The shared files are megabytes, however little a unit changes in them, and most of them are as they will be long before
the commit is made. So other threads hash and compress them meanwhile. Nothing is written: a proposal that comes to
nothing has cost some work and leaves no trace.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future

from codex.integration.objects import Packed, pack
from codex.integration.threads import threads


class Ahead:
    """The contents of one proposal's files, by path."""

    def __init__(self) -> None:
        self._begun: dict[str, tuple[bytes, Future[Packed]]] = {}

    def begin(self, changes: Mapping[str, bytes | None]) -> None:
        """Make new contents of files ready; what was begun before and has not changed since is left alone."""
        for path, data in changes.items():
            if data is not None and (path not in self._begun or self._begun[path][0] is not data):
                self._begun[path] = data, threads().submit(pack, "blob", data)

    def blobs(self, changes: Mapping[str, bytes | None]) -> dict[str, Packed | None]:
        """The blob of each file, ready to be stored; None for one that is removed."""
        self.begin(changes)
        return {path: None if data is None else self._begun[path][1].result() for path, data in changes.items()}
