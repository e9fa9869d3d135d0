"""What a pass is: a value with a reply model, a prompt, a gate and a proposal, registered in registry.py.

All four functions are pure: they read a pinned snapshot through ``Context`` and return data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from codex.campaign.definition import PATH as CAMPAIGN
from codex.campaign.definition import load_campaign
from codex.campaign.events import EventDraft, Kind
from codex.campaign.ladder import Rung
from codex.campaign.ledger import Ledger
from codex.corpus import bookplan
from codex.corpus.bookplan import BookPlan
from codex.corpus.index import CorpusIndex
from codex.errors import DataError, UserError
from codex.integration.proposal import CatalogEntry, ConnectionProposal, EdgeChange, PlanSection, Report, UnitChange
from codex.passes.equivalence import Defect
from codex.passes.evidence import BookName
from codex.passes.inventory import LAYERS, Inventory, parse_section
from codex.passes.queued import QueuedUnit, queued_unit, unit_of
from codex.snapshot import Snapshot
from codex.units import Unit

ReplyT = TypeVar("ReplyT", bound=BaseModel)

#: The layers that ask for the book's own examples and exercises again.
REPRODUCTION = frozenset({"exercise", "worked_example"})


@dataclass(frozen=True)
class Deliverable:
    """One thing that production owes: kept in the ledger's ``outstanding_deliverables`` until it ships."""

    id: str
    action: str  # "new" | "deepen"
    title: str
    slug: str = ""
    prerequisites: tuple[str, ...] = ()
    concept: str = ""
    rows: tuple[str, ...] = ()
    spec: str = ""
    job: str = ""

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Deliverable:
        lists = {"prerequisites": tuple(data.get("prerequisites", ())), "rows": tuple(data.get("rows", ()))}
        return cls(**{k: v for k, v in data.items() if k in cls.__dataclass_fields__} | lists)

    def as_data(self) -> dict[str, Any]:
        return {
            "id": self.id, "action": self.action, "title": self.title, "slug": self.slug,
            "prerequisites": list(self.prerequisites), "concept": self.concept, "rows": list(self.rows),
            "spec": self.spec, "job": self.job,
        }  # fmt: skip


@dataclass(frozen=True)
class Failure:
    """The attempt before this one: what was wrong, what the ladder does about it, and what was handed in.

    ``draft`` is the unit's text (production), ``reply`` the whole reply as JSON (other passes), where they are known.
    """

    attempt: int
    defects: tuple[Mapping[str, Any], ...]
    rung: Rung
    draft: str | None = None
    reply: str = ""


@dataclass(frozen=True)
class Context:
    """Everything that a pass may read. ``snapshot`` is pinned: a resumed run sees the very same one.

    ``hint`` is what a person said to this attempt when the pass had been escalated; "" when nothing.
    """

    snapshot: Snapshot
    base: str
    subject: str
    pass_name: str
    attempt: int
    unit: str | None = None
    owner: str | None = None
    failure: Failure | None = None
    hint: str = ""

    @property
    def slug(self) -> str:
        return self.subject.partition(":")[2]

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger.load(self.snapshot)

    @cached_property
    def corpus(self) -> CorpusIndex:
        return CorpusIndex(self.snapshot)

    @cached_property
    def book_name(self) -> BookName:
        """The name by which units cite the book."""
        title = str(self.book.get("short_title") or self.book["title"])
        return BookName.of(title, str(self.book.get("authors") or ""))

    @cached_property
    def units(self) -> Mapping[str, Unit]:
        """Every unit by the id in its file's name."""
        return {unit_id: self.corpus.unit_at(paths[0]) for unit_id, paths in self.corpus.paths_by_id.items()}

    @cached_property
    def shipped(self) -> Mapping[str, Unit]:
        """The units that are shipped: what covers a row is one of these."""
        return {unit_id: unit for unit_id, unit in self.units.items() if unit.status == "shipped"}

    @cached_property
    def teachers(self) -> Mapping[str, tuple[str, ...]]:
        """Catalog id → the shipped units that teach it (one, in a sound corpus)."""
        found: dict[str, tuple[str, ...]] = {}
        for unit_id, unit in self.shipped.items():
            concept = unit.text_value("concept_catalog_id")
            if concept:
                found[concept] = (*found.get(concept, ()), unit_id)
        return found

    @cached_property
    def book(self) -> Mapping[str, Any]:
        """The subject's ledger entry (title, tier, scope …); for a queued unit of no book at least its title."""
        if self.queued is None:
            return self.ledger.book(self.slug)
        known = self.ledger.entry(self.subject) if self.ledger.knows(self.subject) else {}
        return {"title": self.queued.title} | known

    @cached_property
    def queued(self) -> QueuedUnit | None:
        """What the audits say of a unit that is a subject of its own (``unit:<id>``); None for a book."""
        unit_id = unit_of(self.subject)
        return queued_unit(self.snapshot, unit_id, self.corpus) if unit_id else None

    @cached_property
    def _plan(self) -> BookPlan:
        return bookplan.parse(self.snapshot.text(bookplan.path_of(self.slug), ""))

    def section(self, number: int) -> str:
        """The text of a section of the book's plan document; "" when it is not there."""
        found = self._plan.section(number)
        return found.text if found else ""

    @cached_property
    def inventory(self) -> Inventory:
        return parse_section(self.section(1))

    @cached_property
    def thresholds(self) -> Mapping[str, float]:
        """Layer → percentage that must be covered; raises DataError when the campaign leaves one out.

        A book that goes on with a degraded audit reproduces nothing (protocol §6, pass 1: topic-equivalent only).
        """
        found = load_campaign(self.snapshot).layers
        missing = [layer for layer in LAYERS if layer not in found]
        if missing:
            raise DataError(f"{CAMPAIGN}: [layers] lacks {', '.join(missing)}.", remedy="Add the percentages.")
        degraded = self.book.get("expectations") == "topic-equivalent"
        return {layer: 0 if degraded and layer in REPRODUCTION else found[layer] for layer in LAYERS}

    @cached_property
    def crosswalk(self) -> str:
        return self.snapshot.text(f"notation/{self.slug}.md", "")

    @cached_property
    def deliverables(self) -> tuple[Deliverable, ...]:
        """What the plan (or a failed verification) asked for and has not shipped yet, in order."""
        owed = tuple(Deliverable.of(d) for d in self.book.get("outstanding_deliverables", ()))
        return owed or ((Deliverable.of(self.queued.as_data()),) if self.queued else ())

    @property
    def deliverable(self) -> Deliverable:
        """The deliverable that this production call is about; raises UserError when it is none that is owed."""
        found = next((d for d in self.deliverables if d.id == self.unit), None)
        if found is None:
            owed = ", ".join(d.id for d in self.deliverables) or "nothing"
            wanted = self.unit or "a unit without an id"
            raise UserError(f"{self.subject} does not owe {wanted}; it owes {owed}.", remedy="Name one of these.")
        return found

    @cached_property
    def produced(self) -> tuple[str, ...]:
        """Ids of the units this book has shipped or deepened and that are there, in order, each once.

        Units that only weaving has touched are not the book's own.
        """
        shipped = [e for e in self.ledger.events(self.subject) if e.kind == Kind.UNIT_SHIPPED]
        own = [str(e.unit or e.data.get("id", "")) for e in shipped if e.pass_name in {None, "P4_production"}]
        return tuple(unit_id for unit_id in dict.fromkeys(own) if unit_id in self.units)

    def event(self, kind: Kind, **values: Any) -> EventDraft:
        """An event on this subject by this pass, with the attempt in its data."""
        data = {"attempt": self.attempt} | dict(values.pop("data", {}))
        unit = values.pop("unit", self.unit)
        return EventDraft(
            subject=self.subject, kind=kind, pass_name=self.pass_name, unit=unit, owner=self.owner, data=data, **values
        )


@dataclass(frozen=True)
class Verdict:
    """What a gate found.

    ``defects`` blame the reply: it goes back. ``shortfall`` says that the reply is sound and the book falls short;
    ``deficits`` are the deliverables that mend that.
    """

    defects: tuple[Defect, ...] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)
    deficits: tuple[Deliverable, ...] = ()
    shortfall: tuple[Defect, ...] = ()


@dataclass(frozen=True)
class Changes:
    """What a sound reply changes; engine.py adds events and costs and makes the proposal."""

    title: str
    units: tuple[UnitChange, ...] = ()
    edges: tuple[EdgeChange, ...] = ()
    pending: tuple[str, ...] = ()
    catalog: tuple[CatalogEntry, ...] = ()
    connections: tuple[ConnectionProposal, ...] = ()
    sections: tuple[PlanSection, ...] = ()
    notation: str | None = None
    reports: tuple[Report, ...] = ()
    deliverables: tuple[Deliverable, ...] | None = None


@dataclass(frozen=True)
class Pass(Generic[ReplyT]):
    """One pass. ``prompt`` names a pattern in codex/prompts; ``tools`` are names from codex/agents/tools.py.

    ``salvage`` is what a ladder that goes on with less may keep of a reply that failed; None when there is nothing.
    ``desk`` is the snapshot that the tools act on.
    """

    name: str
    title: str
    reply_model: type[ReplyT]
    prompt: str
    tools: tuple[str, ...]
    variables: Callable[[Context], Mapping[str, Any]]
    gate: Callable[[Context, ReplyT], Verdict]
    changes: Callable[[Context, ReplyT, Verdict], Changes]
    salvage: Callable[[Context, ReplyT], Changes | None] | None = None
    desk: Callable[[Context], Snapshot] = lambda context: context.snapshot
