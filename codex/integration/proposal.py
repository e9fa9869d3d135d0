"""Proposals: what should change in the shared state, as pure data.

A pass makes a proposal; only the integrator applies it. No field is a path: the integrator derives every path from
ids, slugs and the subject, so nothing that an agent returns can name a place to write to.
"""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from codex.campaign.events import EventDraft
from codex.integration.adoption.names import RepairName

UnitId = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}\.[0-9]{2}\.([0-9]{2}|E[0-9]{1,2})$")]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=120)]
#: Fields of a proposal that have come since the first ones were spooled.
_LATER_FIELDS = ("withdraw", "decisions", "repairs", "plan_mode")
CatalogId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)*$", max_length=160)]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CatalogEntry(_Data):
    """A proposed concept: kept out when the catalog already has it."""

    slug: CatalogId
    title: str
    prerequisites: tuple[CatalogId, ...] = ()
    notes: str = ""
    unit: UnitId | None = None


class ConnectionProposal(_Data):
    """A connection that is not in the registry; it waits in connection_proposals.md for a decision."""

    from_concept: CatalogId
    to_concept: CatalogId
    type: str
    strength: Literal["load-bearing", "synthesis", "lateral"]
    anchor_phrase: str = Field(min_length=8, max_length=200)
    synthesis_note: str = ""
    appears_in_units: tuple[UnitId, ...] = ()
    rationale: str = ""


class UnitChange(_Data):
    """One unit file: new, deepened (more content) or edited (a weaving edit). ``text`` is the whole file.

    ``expected_blob`` is the git blob id the change was based on; None for a new unit. Prerequisite and successor
    edges and registered connections are read from the unit's own front matter.
    """

    action: Literal["new", "deepen", "edit"]
    id: UnitId
    slug: Slug
    text: str
    expected_blob: str | None = None
    attempt: int = 1
    catalog: CatalogEntry | None = None
    reason: str = ""


class EdgeChange(_Data):
    """A prerequisite edge of the production plan: ``before`` must be read before ``after``."""

    before: UnitId
    after: UnitId


class PlanSection(_Data):
    """A section of the subject's own plan document (plans/fasttrack/<slug>.md), replaced or appended by number."""

    number: int = Field(ge=1, le=99)
    markdown: str
    front_matter: dict[str, Any] = Field(default_factory=dict)


class Report(_Data):
    """A report under manifests/, by its fixed name."""

    name: Literal["weaving_report", "continuity_report", "integration_report", "fasttrack_coverage"]
    markdown: str


class CostLine(_Data):
    """One line of cost_ledger.jsonl (protocol §9 plus cache, batch, attempt, outcome); ``call`` makes it idempotent."""

    call: str
    timestamp: str
    book: str
    pass_name: str = Field(serialization_alias="pass")
    unit: str | None = None
    attempt: int = 1
    agent_id: str
    backend: str
    model: str
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    web_searches: int = 0
    batch: bool = False
    pattern: str = ""
    tokens_estimated: bool = False
    cost_usd: Decimal
    duration_s: float
    outcome: str


class Withdrawal(_Data):
    """A shipped unit that is taken back, with what the history says of its integration (withdrawal.py).

    ``known_before``: units and flows that named it before it shipped, and so do not hold it back. ``own_concept``,
    ``own_note`` and ``own_edges``: what came into catalog and graph with it.
    """

    id: UnitId
    expected_blob: str
    reason: str = ""
    known_before: tuple[str, ...] = ()
    own_concept: bool = False
    own_note: bool = False
    own_edges: tuple[EdgeChange, ...] = ()
    in_flight: bool = Field(default=False, description="it was announced as in flight before it shipped")


class ConnectionDecision(_Data):
    """A person's decision on a proposed connection (manifests/connection_proposals.md)."""

    id: Annotated[str, StringConstraints(pattern=r"^conn:\S+$", max_length=200)]
    status: Literal["approved", "rejected"]
    note: str = Field(default="", max_length=2_000)


class Proposal(_Data):
    """Everything that one step wants changed. ``id`` is the hash of its content: the same proposal is applied once.

    ``events`` are appended only when every unit of the proposal was accepted; ``always_events`` and ``costs`` in any
    case. The integrator adds unit_shipped and unit_rejected events itself.
    """

    subject: str
    pass_name: str
    title: str = Field(description="first line of the commit message")
    base: str = Field(description="commit of the snapshot it was made from")
    owner: str | None = Field(default=None, description="claim under which it was made; checked when given")
    units: tuple[UnitChange, ...] = ()
    edges: tuple[EdgeChange, ...] = ()
    pending: tuple[UnitId, ...] = Field(default=(), description="unit ids announced as in flight")
    catalog: tuple[CatalogEntry, ...] = ()
    connections: tuple[ConnectionProposal, ...] = ()
    sections: tuple[PlanSection, ...] = ()
    notation: str | None = Field(default=None, description="whole text of notation/<book-slug>.md")
    reports: tuple[Report, ...] = ()
    plan_mode: Literal["compat", "extended"] | None = Field(
        default=None, description="make the production plan anew in this mode; computed by the integrator"
    )
    events: tuple[EventDraft, ...] = ()
    always_events: tuple[EventDraft, ...] = ()
    costs: tuple[CostLine, ...] = ()
    withdraw: tuple[Withdrawal, ...] = ()
    decisions: tuple[ConnectionDecision, ...] = ()
    repairs: tuple[RepairName, ...] = Field(default=(), description="what is to be mended, by kind of finding")

    @property
    def id(self) -> str:
        content = self.model_dump(mode="json")
        for later in _LATER_FIELDS:  # a proposal spooled before they existed keeps its id
            if not content[later]:
                del content[later]
        body = json.dumps(content, sort_keys=True, ensure_ascii=False)
        return "p-" + hashlib.sha256(body.encode()).hexdigest()[:24]

    @property
    def slug(self) -> str:
        """The subject without its kind: ``book:abc`` → ``abc``."""
        return self.subject.partition(":")[2] or self.subject


class RejectedUnit(_Data):
    """A unit that was not written, with what an agent needs in order to mend it."""

    id: str
    reason: Literal["checks", "breaks-others", "id-taken", "cycle", "moved", "hostile", "not-judged"]
    detail: str
    defects: tuple[dict[str, Any], ...] = ()


class IntegrationResult(_Data):
    """What became of one proposal. ``commit`` is None when there was nothing to change or it was refused.

    ``actions``: what was done to shared files, a clause each, as the integration report has it.
    """

    proposal: str
    status: Literal["committed", "unchanged", "refused"]
    commit: str | None = None
    accepted: tuple[str, ...] = ()
    rejected: tuple[RejectedUnit, ...] = ()
    withdrawn: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    reason: str = ""
