"""Facts about single files: functions of their bytes alone, each worked out once and remembered by blob id.

The answers that rules get are built from these, so that an unchanged corpus is answered for without reading it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import yaml

from codex.cache.engine import code_digest
from codex.cache.store import Store
from codex.snapshot import Snapshot, blob_id

#: Facts held in memory at most; then the memory starts anew.
_HELD = 200_000


def judging_code() -> str:
    """What decides a verdict besides the files: the code of rules and units, and the YAML library."""
    return f"{code_digest('check', 'units')}-{yaml.__version__}"


class Facts:
    """Facts by kind and blob id. ``learnt`` holds those that were not in the store."""

    def __init__(self, store: Store | None = None) -> None:
        self._store = store or Store()
        self._held: dict[tuple[str, str], Any] = {}
        self.learnt: dict[tuple[str, str], Any] = {}

    def known(self, kind: str, blobs: Iterable[str]) -> dict[str, Any]:
        """The facts of one kind about these blobs, as far as there are any."""
        found, missing = {}, []
        for blob in blobs:
            if (kind, blob) in self._held:
                found[blob] = self._held[kind, blob]
            else:
                missing.append(blob)
        if missing and self._store:
            code = judging_code()
            loaded = self._store.load(kind, (f"{code}:{blob}" for blob in missing))
            for key, value in loaded.items():
                blob = key.rpartition(":")[2]
                found[blob] = self._held[kind, blob] = value
        return found

    def learn(self, kind: str, blob: str, fact: Any) -> None:
        """Remember a fact, a JSON value."""
        if len(self._held) > _HELD:
            self._held, self.learnt = {}, {}
        self._held[kind, blob] = fact
        self.learnt[kind, blob] = fact
        if self._store:
            self._store.keep(kind, f"{judging_code()}:{blob}", fact)

    def absorb(self, learnt: Mapping[tuple[str, str], Any]) -> None:
        """Take over what another process has learnt; mappings on one blob are joined."""
        for (kind, blob), fact in learnt.items():
            held = self._held.get((kind, blob))
            self.learn(kind, blob, held | fact if isinstance(held, dict) else fact)

    def of(self, kind: str, snapshot: Snapshot, path: str, look: Callable[[bytes], Any]) -> Any:
        """One fact about a file of the snapshot; ``look`` works it out."""
        blob = snapshot.blobs()[path]
        found = self.known(kind, (blob,))
        if blob in found:
            return found[blob]
        data = snapshot.read(path)
        fact = look(data)
        self.learn(kind, blob_id(data), fact)  # of the bytes that were seen: the file may have changed since then
        return fact
