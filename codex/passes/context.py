"""What a pass may read: a pinned snapshot, seen from one subject, one pass and one attempt of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from codex.campaign.events import EventDraft, Kind
from codex.campaign.ledger import Ledger
from codex.campaign.owed import Deliverable, owed
from codex.check.policy import Policy
from codex.corpus import bookplan
from codex.corpus.bookplan import BookPlan
from codex.corpus.index import CorpusIndex
from codex.errors import UserError
from codex.snapshot import Snapshot
from codex.tracks.ladder import Rung
from codex.tracks.naming import name_of
from codex.tracks.registry import document_of
from codex.units import Unit


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

    ``hint`` is what a person said to this attempt when the pass had been escalated; "" when nothing. ``policy`` are the
    rules that drafts are judged by: those of the integrator (codex.toml), else it would reject what the pass lets by.
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
    policy: Policy = field(default_factory=Policy)

    @property
    def slug(self) -> str:
        return name_of(self.subject)

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger.load(self.snapshot)

    @cached_property
    def corpus(self) -> CorpusIndex:
        return CorpusIndex(self.snapshot)

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
    def entry(self) -> Mapping[str, Any]:
        """What the ledger holds of the subject; empty for one that it does not know yet."""
        return self.ledger.entry(self.subject) if self.ledger.knows(self.subject) else {}

    @property
    def title(self) -> str:
        return str(self.entry.get("title") or self.slug)

    @cached_property
    def document(self) -> str:
        """The text of the subject's own document (a book's plan); "" when it is not there."""
        path = document_of(self.subject)
        return self.snapshot.text(path, "") if path else ""

    @cached_property
    def _sections(self) -> BookPlan:
        return bookplan.parse(self.document)

    def section(self, number: int) -> str:
        """The text of a section of the subject's own document; "" when it is not there."""
        found = self._sections.section(number)
        return found.text if found else ""

    @cached_property
    def deliverables(self) -> tuple[Deliverable, ...]:
        """What the plan (or a failed verification) asked for and has not shipped yet, in order."""
        return owed(self.entry)

    @property
    def deliverable(self) -> Deliverable:
        """The deliverable that this call is about; raises UserError when it is none that is owed."""
        found = next((d for d in self.deliverables if d.id == self.unit), None)
        if found is None:
            known = ", ".join(d.id for d in self.deliverables) or "nothing"
            wanted = self.unit or "a unit without an id"
            raise UserError(f"{self.subject} does not owe {wanted}; it owes {known}.", remedy="Name one of these.")
        return found

    def event(self, kind: Kind, **values: Any) -> EventDraft:
        """An event on this subject by this pass, with the attempt in its data."""
        data = {"attempt": self.attempt} | dict(values.pop("data", {}))
        unit = values.pop("unit", self.unit)
        return EventDraft(
            subject=self.subject, kind=kind, pass_name=self.pass_name, unit=unit, owner=self.owner, data=data, **values
        )
