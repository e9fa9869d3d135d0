"""Batches of units that can be written at the same time, and how far the queue can be worked off in parallel.

Dependency classes as in playbook §2, of which these questions are computed: 1 (one needs the other, directly or not:
hard), 4 (both write the same file: hard), 6 (both rest on the same audit: soft); everything else is zero.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from codex.errors import UserError

Class = Literal["hard", "soft", "zero"]

#: Playbook §2: more than this share of the groups should run beside another one.
TARGET_PERCENT = 70

MOST = 100


@dataclass(frozen=True, slots=True)
class Pair:
    """Two units of a batch and why they are what they are to each other (the number of the question, 0 for zero)."""

    one: str
    other: str
    sort: Class
    question: int


@dataclass(frozen=True, slots=True)
class Report:
    """``batch``: what to write now. ``groups`` of it: units that rest on the same audit, validated together.

    ``waves``: the whole queue as batches of that size, each after the one before. ``critical_path``: the longest chain
    in which each unit waits for the one before. ``stuck``: units that wait for something that nobody writes.
    """

    batch: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    pairs: tuple[Pair, ...]
    levels: tuple[tuple[str, ...], ...]
    critical_path: tuple[str, ...]
    waves: tuple[tuple[str, ...], ...]
    stuck: tuple[str, ...]

    @property
    def parallel(self) -> tuple[int, int]:
        """Units of the queue that share their wave with another one, and all that can be written."""
        return sum(len(wave) for wave in self.waves if len(wave) > 1), sum(len(wave) for wave in self.waves)


def chapter_of(unit_id: str) -> str:
    """``03.09`` for ``03.09.12``: units of one chapter stand in one folder."""
    return unit_id.rpartition(".")[0]


def ready(plan: Mapping[str, Any]) -> list[str]:
    """The units of the queue, in its order, whose prerequisites are all written."""
    return [unit_id for unit_id in plan["queue_topo_order"] if not plan["units"][unit_id].get("missing")]


def pick(candidates: Sequence[str], number: int, chapters: Collection[str] = ()) -> list[str]:
    """The first of them from distinct chapters, none of them in ``chapters``; at most ``number``."""
    picked: dict[str, str] = {}
    for unit_id in candidates:
        chapter = chapter_of(unit_id)
        if len(picked) < number and chapter not in picked and chapter not in chapters:
            picked[chapter] = unit_id
    return list(picked.values())


def analyse(plan: Mapping[str, Any], number: int) -> Report:
    """The next batch of (at most) ``number`` units of an extended plan, and the queue in such batches.

    Raises UserError for a number that makes no batch.
    """
    if not 1 <= number <= MOST:
        raise UserError(f"A batch of {number} cannot be.", remedy=f"Give a number from 1 to {MOST}.")
    batch = pick(ready(plan), number)
    needs = _needs(plan)
    waves = list(_waves(plan["queue_topo_order"], needs, number))
    done = {unit_id for wave in waves for unit_id in wave}
    return Report(
        batch=tuple(batch),
        groups=tuple(_groups(plan, batch)),
        pairs=tuple(_pairs(plan, batch, needs)),
        levels=tuple(_levels(plan["queue_topo_order"], needs)),
        critical_path=tuple(_longest(plan["queue_topo_order"], needs)),
        waves=tuple(waves),
        stuck=tuple(unit_id for unit_id in plan["queue_topo_order"] if unit_id not in done),
    )


def _needs(plan: Mapping[str, Any]) -> dict[str, list[str]]:
    return {unit_id: list(plan["units"][unit_id].get("missing", ())) for unit_id in plan["queue_topo_order"]}


def classify(plan: Mapping[str, Any], one: str, other: str, needs: Mapping[str, list[str]]) -> Pair:
    """What two different units of the queue are to each other; the first question that says yes decides."""
    if one in _ancestors(other, needs) or other in _ancestors(one, needs):
        return Pair(one, other, "hard", 1)
    units = plan["units"]
    if set(units[one]["source_audits"]) & set(units[other]["source_audits"]):
        return Pair(one, other, "soft", 6)
    return Pair(one, other, "zero", 0)


def _pairs(plan: Mapping[str, Any], batch: Sequence[str], needs: Mapping[str, list[str]]) -> Iterator[Pair]:
    for number, one in enumerate(batch):
        for other in batch[number + 1 :]:
            yield classify(plan, one, other, needs)


def _ancestors(unit_id: str, needs: Mapping[str, list[str]]) -> set[str]:
    found: set[str] = set()
    waiting = list(needs.get(unit_id, ()))
    while waiting:
        here = waiting.pop()
        if here not in found:
            found.add(here)
            waiting += needs.get(here, ())
    return found


def _groups(plan: Mapping[str, Any], batch: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Units that are soft to each other, directly or through others, in the order of the batch."""
    left = list(batch)
    while left:
        group, waiting = [left[0]], [left.pop(0)]
        while waiting:
            here = waiting.pop()
            near = [each for each in left if classify(plan, here, each, {}).sort == "soft"]
            left = [each for each in left if each not in near]
            group += near
            waiting += near
        yield tuple(each for each in batch if each in group)


def _levels(queue: Sequence[str], needs: Mapping[str, list[str]]) -> list[tuple[str, ...]]:
    depth = _depths(queue, needs)
    return [
        tuple(unit_id for unit_id in queue if depth[unit_id] == level)
        for level in range(max(depth.values(), default=-1) + 1)
    ]


def _depths(queue: Sequence[str], needs: Mapping[str, list[str]]) -> dict[str, int]:
    """Longest chain of queued prerequisites below each unit; the queue has every unit after its prerequisites."""
    depth: dict[str, int] = {}
    for unit_id in queue:
        depth[unit_id] = max((depth[each] + 1 for each in needs[unit_id] if each in depth), default=0)
    return depth


def _longest(queue: Sequence[str], needs: Mapping[str, list[str]]) -> list[str]:
    depth = _depths(queue, needs)
    here = max(queue, key=lambda unit_id: depth[unit_id], default=None)
    path: list[str] = []
    while here is not None:
        path.append(here)
        below = [each for each in needs[here] if each in depth]
        here = max(below, key=lambda unit_id: depth[unit_id], default=None)
    return path[::-1]


def _waves(queue: Sequence[str], needs: Mapping[str, list[str]], number: int) -> Iterator[tuple[str, ...]]:
    """Batches one after the other, each as ``pick`` makes it of what is ready then."""
    left, written = list(queue), set[str]()
    while left:
        wave = pick([i for i in left if all(each in written for each in needs[i])], number)
        if not wave:
            return
        yield tuple(wave)
        written |= set(wave)
        left = [unit_id for unit_id in left if unit_id not in written]
