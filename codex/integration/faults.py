"""Points at which a test can kill the process: before and after every step that changes something durable.

``CODEX_FAULT=name`` (or ``name:3`` for the third time) makes the process kill itself with SIGKILL when it comes to
the point; without the variable a point does nothing.
"""

from __future__ import annotations

import os
import signal
from collections import Counter

_FILE_STEPS = ("begin", "written", "synced", "renamed", "done")

#: Files written durably (durable.py), by the name under which their steps are known.
DURABLE_FILES = ("spool", "journal", "done")

#: Every point, in the order in which one integration passes them first.
POINTS = (
    *(f"spool.{step}" for step in _FILE_STEPS),
    "lock.taken",
    "objects.begin",
    "objects.tree",
    "objects.commit",
    *(f"journal.{step}" for step in _FILE_STEPS),
    "ref.before",
    "ref.after",
    "checkout.begin",
    "checkout.file",
    "checkout.renamed",
    "checkout.removed",
    "checkout.files",
    "checkout.index",
    "checkout.refreshed",
    "journal.removed",
    *(f"done.{step}" for step in _FILE_STEPS),
    "spool.removed",
)

#: Points passed besides, in their order, by a turn that has commits of its own and finds the configured remote ahead.
#: ``again.commit`` comes once for each of these commits.
REMOTE_POINTS = (
    "remote.fetched",
    "again.begin",
    "again.commit",
    "again.made",
    "push.before",
    "push.after",
    "remote.noted",
)

#: Points of a turn that packs the repository when its work is done (upkeep.py).
UPKEEP_POINTS = ("upkeep.begin", "upkeep.done")

_passed: Counter[str] = Counter()


def point(name: str) -> None:
    """Kill this process here if ``CODEX_FAULT`` says so."""
    wanted = os.environ.get("CODEX_FAULT")
    if not wanted:
        return
    target, _, times = wanted.partition(":")
    if name == target:
        _passed[name] += 1
        if _passed[name] == int(times or 1):
            os.kill(os.getpid(), signal.SIGKILL)
