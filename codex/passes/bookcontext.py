"""What a pass of a book may read: beside what every pass may, the plan document, the crosswalk and the queue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from codex.campaign.definition import PATH as CAMPAIGN
from codex.campaign.definition import load_campaign
from codex.campaign.events import Kind
from codex.campaign.limits import layers_of
from codex.campaign.owed import Deliverable
from codex.errors import DataError
from codex.passes.context import Context
from codex.passes.evidence import BookName
from codex.passes.inventory import LAYERS, Inventory, parse_section
from codex.passes.queued import QueuedUnit, queued_unit
from codex.tracks.fasttrack.names import PRODUCTION
from codex.tracks.naming import unit_of


@dataclass(frozen=True)
class BookContext(Context):
    """The context of a book, or of a queued unit that belongs to none."""

    @cached_property
    def book_name(self) -> BookName:
        """The name by which units cite the book."""
        title = str(self.book.get("short_title") or self.book["title"])
        return BookName.of(title, str(self.book.get("authors") or ""))

    @cached_property
    def book(self) -> Mapping[str, Any]:
        """The subject's ledger entry (title, tier, scope …); for a queued unit of no book at least its title."""
        if self.queued is None:
            return self.ledger.book(self.slug)
        return {"title": self.queued.title, **self.entry}

    @property
    def title(self) -> str:
        return str(self.book["title"])

    @cached_property
    def queued(self) -> QueuedUnit | None:
        """What the audits say of a unit that is a subject of its own (``unit:<id>``); None for a book."""
        unit_id = unit_of(self.subject)
        return queued_unit(self.snapshot, unit_id, self.corpus) if unit_id else None

    @cached_property
    def inventory(self) -> Inventory:
        return parse_section(self.section(1))

    @cached_property
    def thresholds(self) -> Mapping[str, float]:
        """Layer → percentage that must be covered; raises DataError when the campaign leaves one out."""
        campaign = load_campaign(self.snapshot)
        missing = [layer for layer in LAYERS if layer not in campaign.layers]
        if missing:
            raise DataError(f"{CAMPAIGN}: [layers] lacks {', '.join(missing)}.", remedy="Add the percentages.")
        return layers_of(campaign, self.book)

    @cached_property
    def crosswalk(self) -> str:
        return self.snapshot.text(f"notation/{self.slug}.md", "")

    @cached_property
    def deliverables(self) -> tuple[Deliverable, ...]:
        """What is owed; a queued unit owes itself."""
        return super().deliverables or ((self.queued.deliverable,) if self.queued else ())

    @cached_property
    def produced(self) -> tuple[str, ...]:
        """Ids of the units this book has shipped or deepened and that are there, in order, each once.

        Units that only weaving has touched are not the book's own.
        """
        shipped = [e for e in self.ledger.events(self.subject) if e.kind == Kind.UNIT_SHIPPED]
        own = [e.about_unit or "" for e in shipped if e.of_pass == PRODUCTION]
        return tuple(unit_id for unit_id in dict.fromkeys(own) if unit_id in self.units)
