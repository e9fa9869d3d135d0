"""What to redo after a failure: a pure function of the state of the batches (playbook §4).

A batch is what could run side by side; items are units or whole passes. Hard edges say what rests on what. The rules
are tried in order, the first that speaks decides, and the last two are each other's opposite: so there is exactly one
action for every state.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from codex.recovery.figures import Figures, total

Action = Literal["recover_one", "recover_and_continue", "restart_from", "full_restart"]
ItemState = Literal["done", "failed", "open"]

#: Codes of defects that no redoing of single items mends: what everything was made from is wrong.
SYSTEMIC = frozenset({"schema", "specification", "catalog", "cycle"})

#: A code is systemic as well when it is met in this many items of this many batches (playbook §4, rule 1).
SYSTEMIC_ITEMS, SYSTEMIC_BATCHES = 3, 2

#: Failed recoveries of one item after which a person is told (rule 2). The original failure is none of them.
MOST_RECOVERIES = 2

#: Share of a restart's cost from which a recovery is not worth its risk (rule 3).
NOT_WORTH = 0.8

#: Batches so early that little is lost when more than half of one has failed (rule 4).
EARLY = 2


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is made: ``needs`` are ids of items that it rests on, ``cost`` what it took or is likely to."""

    id: str
    batch: int
    state: ItemState
    needs: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    recoveries: int = 0
    cost: Figures = field(default_factory=Figures)


@dataclass(frozen=True)
class BatchState:
    """All items of a piece of work, by id."""

    items: Mapping[str, Item]

    @cached_property
    def failed(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items.values() if item.state == "failed")

    @cached_property
    def batches(self) -> tuple[int, ...]:
        return tuple(sorted({item.batch for item in self.items.values()}))

    def of(self, batch: int) -> tuple[Item, ...]:
        return tuple(item for item in self.items.values() if item.batch == batch)

    @cached_property
    def dependents(self) -> tuple[Item, ...]:
        """Items that rest on a failed one, directly or not, in their order; the failed ones are not among them."""
        reached = {item.id for item in self.failed}
        growing = True
        while growing:
            more = {i.id for i in self.items.values() if i.id not in reached and reached & set(i.needs)}
            reached |= more
            growing = bool(more)
        return tuple(i for i in self.items.values() if i.id in reached and i.state != "failed")

    @cached_property
    def redone(self) -> tuple[Item, ...]:
        """The smallest set to redo: what failed, and what has been made from it."""
        return (*self.failed, *(item for item in self.dependents if item.state == "done"))

    @cached_property
    def recovery(self) -> Figures:
        return total(item.cost for item in self.redone)

    @cached_property
    def restart(self) -> Figures:
        """What redoing everything that has run would cost. What has not run costs the same either way."""
        return total(item.cost for item in self.items.values() if item.state != "open")


@dataclass(frozen=True, slots=True)
class Decision:
    """``redo``: ids in order. ``person``: somebody has to look before anything is redone."""

    action: Action
    reason: str
    redo: tuple[str, ...]
    batches_kept: tuple[int, ...]
    batches_rerun: tuple[int, ...]
    recovery: Figures
    restart: Figures
    person: bool = False


def decide(state: BatchState) -> Decision:
    """The action for a state with at least one failed item; raises ValueError when nothing failed."""
    if not state.failed:
        raise ValueError("nothing has failed")
    for rule in RESTARTS:
        if reason := rule(state):
            return _decision(state, "full_restart", reason, person=rule in NEEDS_PERSON)
    if not state.dependents:
        return _decision(state, "recover_one", "nothing rests on what failed")
    made = [item for item in state.dependents if item.state == "done"]
    if not made:
        return _decision(state, "recover_and_continue", "what rests on it has not been made yet")
    return _decision(state, "restart_from", f"made from what failed: {', '.join(item.id for item in made)}")


def _systemic(state: BatchState) -> str:
    for item in state.failed:
        if found := SYSTEMIC.intersection(item.codes):
            return (
                f"{item.id} failed for a reason that lies in what everything is made from: {', '.join(sorted(found))}"
            )
    counts = Counter(code for item in state.failed for code in set(item.codes))
    for code, count in counts.items():
        batches = {item.batch for item in state.failed if code in item.codes}
        if count >= SYSTEMIC_ITEMS and len(batches) >= SYSTEMIC_BATCHES:
            return f"{code} is met in {count} items of {len(batches)} batches"
    return ""


def _twice(state: BatchState) -> str:
    tried = [item.id for item in state.failed if item.recoveries >= MOST_RECOVERIES]
    return f"{', '.join(tried)}: {MOST_RECOVERIES} recoveries have failed" if tried else ""


def _not_worth(state: BatchState) -> str:
    if not state.restart.usd or len(state.redone) == len([i for i in state.items.values() if i.state != "open"]) == 1:
        return ""  # without figures there is nothing to weigh; of a single item, recovery and restart are the same
    share = state.recovery.usd / state.restart.usd
    return f"redoing what failed costs {share:.0%} of redoing everything" if share >= NOT_WORTH else ""


def _early(state: BatchState) -> str:
    for batch in sorted({item.batch for item in state.failed}):
        items = state.of(batch)
        count = sum(item.state == "failed" for item in items)
        # A batch of one that fails has always failed in more than half of its items: that says nothing.
        if batch in state.batches[:EARLY] and len(items) > 1 and count * 2 > len(items):
            return f"batch {batch} is an early one, and {count} of its {len(items)} items failed"
    return ""


#: The rules under which everything is redone, in order; each says why, or "".
RESTARTS: tuple[Callable[[BatchState], str], ...] = (_systemic, _twice, _not_worth, _early)

#: Those of them after which nothing is redone before a person has looked.
NEEDS_PERSON = frozenset({_systemic, _twice})


def _decision(state: BatchState, action: Action, reason: str, *, person: bool = False) -> Decision:
    ran = [item for item in state.items.values() if item.state != "open"]
    redone: Iterable[Item] = ran if action == "full_restart" else state.redone
    rerun = {item.batch for item in redone}
    kept = {item.batch for item in ran} - rerun
    return Decision(
        action, reason, tuple(item.id for item in redone), tuple(sorted(kept)), tuple(sorted(rerun)),
        state.recovery, state.restart, person,
    )  # fmt: skip
