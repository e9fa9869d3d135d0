"""The plan of a snapshot, built once for each state of it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from codex.planning.build import build_plan
from codex.snapshot import Snapshot


def live_plan(snapshot: Snapshot) -> dict[str, Any]:
    """The extended plan as the snapshot's audits and units say it now, whatever plan.json says. Not to be changed."""
    return _of(snapshot)


@lru_cache(maxsize=4)
def _of(snapshot: Snapshot) -> dict[str, Any]:
    return build_plan(snapshot)
