"""The plan of a snapshot, built once for each state of it."""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache
from typing import Any

from codex.planning.build import build_plan
from codex.snapshot import CommitSnapshot, Snapshot

#: States whose plan is kept: those that one process works with at a time.
_KEPT = 4


def live_plan(snapshot: Snapshot) -> dict[str, Any]:
    """The extended plan as the snapshot's audits and units say it now, whatever plan.json says. Not to be changed.

    Errors as in build_plan. A commit is known by its id, any other snapshot by itself.
    """
    return _of(_State(snapshot))


class _State:
    """A snapshot that is equal to another one of the same commit."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._key: Hashable = id(snapshot)
        if isinstance(snapshot, CommitSnapshot):
            self._key = (snapshot.git.root, snapshot.commit)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _State) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


@lru_cache(maxsize=_KEPT)
def _of(state: _State) -> dict[str, Any]:
    return build_plan(state.snapshot)
