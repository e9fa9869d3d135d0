"""Which items of a list or an object are still there in a changed one, so that only the others are rewritten."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import compress, count
from operator import is_not
from typing import Any, NamedTuple


class Change(NamedTuple):
    """The old item ``at`` says something else."""

    at: int
    old: Any
    new: Any


class New(NamedTuple):
    """An item that is new; ``key`` is None in a list."""

    key: str | None
    value: Any


#: What becomes of a container from its beginning to its end. A range: old items as they stand; others are left out.
Step = range | Change | New


def object_steps(keys: Sequence[str | None], old: dict[str, Any], new: dict[str, Any]) -> Iterator[Step]:
    """The steps from one object to another; ``keys`` are those in the text, where some may stand twice.

    A new member comes after the one that it follows in ``new``.
    """
    names, wanted = list(old), list(new)
    if keys == names and wanted[: len(names)] == names:  # new ones come last, as they mostly do: found at C's speed
        yield from _member_changes(names, old, new)
        yield from (New(key, new[key]) for key in wanted[len(names) :])
    else:
        yield from _strewn_changes(keys, old, new)


def _member_changes(names: list[str], old: dict[str, Any], new: dict[str, Any]) -> Iterator[Step]:
    at = 0
    for index in compress(count(), map(is_not, old.values(), new.values())):
        yield range(at, index)
        yield Change(index, old[names[index]], new[names[index]])
        at = index + 1
    yield range(at, len(names))


def _strewn_changes(keys: Sequence[str | None], old: dict[str, Any], new: dict[str, Any]) -> Iterator[Step]:
    """Of members with one name the last counts, but all of them go."""
    counts = {key: index for index, key in enumerate(keys)}
    followers = _followers(old, new)
    yield from followers.get(None, ())
    for index, key in enumerate(keys):
        if key is None or key not in new:
            continue
        counting = counts[key] == index
        same = not counting or old[key] is new[key]
        yield range(index, index + 1) if same else Change(index, old[key], new[key])
        yield from followers.get(key, ()) if counting else ()


def _followers(old: dict[str, Any], new: dict[str, Any]) -> dict[str | None, list[New]]:
    """For each old key (None: the beginning) the new members that follow it in ``new``."""
    found: dict[str | None, list[New]] = {}
    previous: str | None = None
    for key, value in new.items():
        if key in old:
            previous = key
        else:
            found.setdefault(previous, []).append(New(key, value))
    return found


def list_steps(old: list[Any], new: list[Any]) -> Iterator[Step]:
    """The steps from one list to another: between items that are kept some are changed in place, left out or new."""
    at = to = 0
    for run in matching_runs(old, new):
        for step in range(run.to - to):
            value = new[to + step]
            yield Change(at + step, old[at + step], value) if at + step < run.at else New(None, value)
        yield range(run.at, run.at + run.length)
        at, to = run.at + run.length, run.to + run.length


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
