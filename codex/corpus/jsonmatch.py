"""Which items of a list are still there in a changed one, so that only the others are rewritten."""

from __future__ import annotations

from difflib import SequenceMatcher
from itertools import compress, count
from operator import is_not
from typing import Any, NamedTuple


class Run(NamedTuple):
    """``old[at:at + length]`` says the same as ``new[to:to + length]``."""

    at: int
    to: int
    length: int


def alike(old: Any, new: Any) -> bool:
    """Equal also in type: in JSON 1, 1.0 and true are three things. Quick where both are one object."""
    return old is new or bool(old == new and repr(old) == repr(new))


def matching_runs(old: list[Any], new: list[Any]) -> list[Run]:
    """Runs that the lists share, in order; the last one is empty and stands at both ends."""
    head = _common_length(old, new)
    tail = _common_length(old[head:][::-1], new[head:][::-1])
    stop_old, stop_new = len(old) - tail, len(new) - tail
    middle = _middle_runs(old[head:stop_old], new[head:stop_new])
    shifted = [Run(head + run.at, head + run.to, run.length) for run in middle]
    return [*_merged([Run(0, 0, head), *shifted, Run(stop_old, stop_new, tail)]), Run(len(old), len(new), 0)]


def _common_length(one: list[Any], other: list[Any]) -> int:
    """Items that are one object in both lists, which most are, are passed over at the speed of C."""
    suspects = compress(count(), map(is_not, one, other))
    return next((i for i in suspects if not alike(one[i], other[i])), min(len(one), len(other)))


def _middle_runs(old: list[Any], new: list[Any]) -> list[Run]:
    """Walk both lists past single changes, insertions and removals; compare in full from where that fails."""
    found: list[Run] = []
    i = j = 0

    def meet(a: int, b: int) -> bool:
        """Both lists go on alike from here, or both end."""
        if a < len(old) and b < len(new):
            return alike(old[a], new[b])
        return a == len(old) and b == len(new)

    while i < len(old) and j < len(new):
        if meet(i, j):
            found.append(Run(i, j, 1))
            i, j = i + 1, j + 1
        elif meet(i + 1, j + 1):
            i, j = i + 1, j + 1
        elif meet(i, j + 1):
            j += 1
        elif meet(i + 1, j):
            i += 1
        else:
            return found + _longest_runs(old, new, i, j)
    return found


def _longest_runs(old: list[Any], new: list[Any], i: int, j: int) -> list[Run]:
    matcher = SequenceMatcher(None, [repr(x) for x in old[i:]], [repr(x) for x in new[j:]], autojunk=False)
    return [Run(i + block.a, j + block.b, block.size) for block in matcher.get_matching_blocks()]


def _merged(runs: list[Run]) -> list[Run]:
    """Runs that touch become one, empty ones go."""
    merged: list[Run] = []
    for run in runs:
        last = merged[-1] if merged else None
        if run.length and last and (last.at + last.length, last.to + last.length) == (run.at, run.to):
            merged[-1] = Run(last.at, last.to, last.length + run.length)
        elif run.length:
            merged.append(run)
    return merged
