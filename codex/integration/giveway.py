"""Give way to other clones: after some pushes in a row that were in time at once, the next turn waits a moment.

A clone that came too late needs about as long as a turn of the winner to make its commits anew and push them. A winner
that goes on without a break moves the remote again before that, every time, and cannot know it: what others lose leaves
no trace at the remote. Only a quick series of turns in one process is slowed down, by two fifths at most; a turn
that integrates many proposals pushes once.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

#: Pushes in a row after which a turn waits.
IN_A_ROW = 5
#: How long, counted in turns of this clone, and never more than so many seconds.
TURNS, LONGEST = 2.0, 5.0


@dataclass
class _Series:
    """Pushes that were in time at once, when the last one ended (monotonic), and how long its turn took, in seconds."""

    pushes: int = 0
    ended: float = 0.0
    turn: float = 0.0


_series: dict[Path, _Series] = {}


def note(root: Path, tries: int, turn: float) -> None:
    """A push from this workspace was taken at the ``tries``-th try, in a turn of so many seconds."""
    known = _series.setdefault(root, _Series())
    known.pushes = known.pushes + 1 if tries == 1 else 0
    known.ended, known.turn = time.monotonic(), turn


def pause(root: Path) -> None:
    """Wait before the next look at the remote, if it is due; time that has passed since the last push counts."""
    known = _series.get(root)
    if known is None or known.pushes < IN_A_ROW:
        return
    due = known.ended + min(TURNS * known.turn, LONGEST)
    known.pushes = 0
    time.sleep(max(due - time.monotonic(), 0))
