"""Where a book stands, as batches of items: its passes one after the other, its units in generations of the plan.

Everything is read from the ledger and the cost ledger; defects are those that gates and the integrator recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import networkx as nx

from codex.campaign.answers import Waiting, waiting
from codex.campaign.costs import Cost, read_costs
from codex.campaign.events import Kind
from codex.campaign.ledger import Ledger
from codex.campaign.owed import Deliverable, ever_owed
from codex.errors import UserError
from codex.recovery.decide import BatchState, Item, ItemState
from codex.recovery.figures import Figures, of_cost, total, typical
from codex.snapshot import Snapshot
from codex.tracks.fasttrack.books import BOOK
from codex.tracks.fasttrack.names import PLAN, PRODUCTION
from codex.tracks.naming import name_of

Defects = tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Situation:
    """A book in which something failed. ``defects``: item → what was wrong with it; ``waits``: None when it runs."""

    subject: str
    status: str
    batches: BatchState
    defects: Mapping[str, Defects]
    waits: Waiting | None

    @property
    def slug(self) -> str:
        return name_of(self.subject)

    @property
    def failed_pass(self) -> str:
        """The pass that failed: production when units did."""
        first = self.batches.failed[0].id
        return first if first in BOOK.passes else PRODUCTION


def situation(snapshot: Snapshot, subject: str, named: Sequence[str] = ()) -> Situation:
    """What failed in a book, with what rests on it. ``named``: units that a person found wrong after they shipped.

    Raises UserError when nothing failed, or when a named unit is none of the book's.
    """
    ledger = Ledger.load(snapshot)
    reader = _Reader(ledger, read_costs(snapshot), subject, frozenset(named))
    unknown = [unit for unit in named if unit not in reader.units]
    if unknown:
        raise UserError(
            f"{', '.join(unknown)}: no unit of {reader.slug}.",
            remedy=f"Its units: {', '.join(reader.units) or 'none yet'}.",
        )
    items = {item.id: item for item in reader.items()}
    batches = BatchState(items)
    if not batches.failed:
        raise UserError(
            f"Nothing has failed in {reader.slug}, which is at {ledger.status(subject)}.",
            remedy="Name a unit that is wrong with --unit ID, or go on with `codexctl run`.",
        )
    defects = {item.id: reader.defects(item.id) for item in batches.failed}
    return Situation(subject, str(ledger.status(subject)), batches, defects, waiting(ledger, subject))


class _Reader:
    def __init__(self, ledger: Ledger, costs: Iterable[Cost], subject: str, named: frozenset[str]) -> None:
        self.ledger, self.subject, self.named = ledger, subject, named
        self.slug = name_of(subject)
        self.entry = ledger.entry(subject)
        self.units = _units(ledger, subject)
        self._costs: dict[tuple[str, str, str], list[Figures]] = {}
        for cost in costs:
            self._costs.setdefault((cost.book, cost.pass_name, cost.unit or ""), []).append(of_cost(cost))

    def items(self) -> Iterator[Item]:
        """The passes of the way in order; in the place of production the generations of its units."""
        batch, before = 0, ""
        for name in BOOK.passes:
            if name == PRODUCTION:
                generations = _generations(self.units)
                yield from self._unit_items(generations, batch, before)
                batch += len(generations)
                continue
            batch += 1
            needs = tuple(self.units) if before == PLAN and self.units else tuple(filter(None, [before]))
            yield self._item(name, "", batch, needs, self._pass_state(name))
            before = name

    def _unit_items(self, generations: Sequence[Sequence[str]], batch: int, before: str) -> Iterator[Item]:
        for number, generation in enumerate(generations, batch + 1):
            for unit in generation:
                needs = tuple(p for p in self.units[unit].prerequisites if p in self.units and p != unit)
                yield self._item(PRODUCTION, unit, number, (before, *needs), self._unit_state(unit))

    def _item(self, name: str, unit: str, batch: int, needs: tuple[str, ...], state: ItemState) -> Item:
        item = unit or name
        codes = tuple(dict.fromkeys(str(d.get("code") or "") for d in self.defects(item))) if state == "failed" else ()
        return Item(item, batch, state, needs, codes, self._recoveries(item), self._cost(name, unit))

    def _pass_state(self, name: str) -> ItemState:
        escalation = self.entry.get("escalation")
        if isinstance(escalation, Mapping) and escalation.get("pass") == name:
            return "failed"
        passes = self.entry.get("passes")
        record = passes.get(name) if isinstance(passes, Mapping) else None
        return "done" if isinstance(record, Mapping) and record.get("status") == "completed" else "open"

    def _unit_state(self, unit: str) -> ItemState:
        if unit in self.named or self.ledger.last_failure(self.subject, PRODUCTION, unit) is not None:
            return "failed"
        shipped = any(self.ledger.succeeded(e, PRODUCTION, unit) for e in self.ledger.events(self.subject))
        return "done" if shipped else "open"

    def defects(self, item: str) -> Defects:
        """What the last failure of an item recorded; empty for a unit that a person named."""
        is_pass = item in BOOK.passes
        last = self.ledger.last_failure(self.subject, item if is_pass else PRODUCTION, None if is_pass else item)
        found = last.data.get("defects") if last else None
        return tuple(d for d in found if isinstance(d, Mapping)) if isinstance(found, list) else ()

    def _recoveries(self, item: str) -> int:
        ended = (e.data for e in self.ledger.events(self.subject) if e.kind == Kind.RECOVERY)
        return sum(item in (data.get("items") or ()) and data.get("outcome") in _FAILED for data in ended)

    def _cost(self, name: str, unit: str) -> Figures:
        """What making the item again is likely to take: one attempt at the mean of its own, else what others took."""
        own = self._costs.get((self.slug, name, unit))
        if own:
            return total(own).divided(self.ledger.attempts(self.subject, name, unit or None))
        alike = [
            total(f) for (_, pass_name, u), f in self._costs.items() if pass_name == name and bool(u) == bool(unit)
        ]
        return typical(alike)


_FAILED = frozenset({"failed", "escalated"})


def _units(ledger: Ledger, subject: str) -> dict[str, Deliverable]:
    """Every unit that was ever owed, as it was owed last, without those that a person left out."""
    left_out = {Deliverable.of(each).id for each in ledger.entry(subject).get("deferred") or ()}
    return {unit: each for unit, each in ever_owed(ledger, subject).items() if unit not in left_out}


def _generations(units: Mapping[str, Deliverable]) -> list[list[str]]:
    """The units in generations: each rests on earlier ones only. Units in a cycle count as one generation."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(units)
    for unit, owed in units.items():
        graph.add_edges_from((p, unit) for p in owed.prerequisites if p in units and p != unit)
    groups = nx.condensation(graph)
    order = list(units)
    found = []
    for generation in nx.topological_generations(groups):
        members = [m for group in generation for m in groups.nodes[group]["members"]]
        found.append(sorted(members, key=order.index))
    return found
