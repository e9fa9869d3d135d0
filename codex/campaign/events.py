"""Ledger events: what a proposal asks for (``EventDraft``) and what the log holds (``Event``).

A draft has no number and no time: the integrator gives both when it appends. Its ``id`` is chosen by the proposer so
that the same draft, delivered twice, is recorded once. A draft that names ``expect`` is refused when the subject's
status has moved meanwhile.
"""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from codex.tracks.fasttrack.names import PRODUCTION
from codex.tracks.naming import unit_of


class Kind(StrEnum):
    """What can happen to a subject. The projection has one fold function for each (campaign/projection.py)."""

    REGISTERED = "registered"  # a book or flow joins the campaign; data: its ledger entry
    CLAIMED = "claimed"  # data: {"until": ISO time}; owner
    RELEASED = "released"
    PASS_STARTED = "pass_started"  # data: {"attempt": n, "units": […]}
    PASS_COMPLETED = "pass_completed"  # data: {"attempt": n, …figures of the pass…}
    PASS_FAILED = "pass_failed"  # data: {"attempt": n, "defects": […], "next": action of the ladder, "why": its note}
    TRANSITION = "transition"  # from_state → to_state
    UNIT_SHIPPED = "unit_shipped"  # data: {"id", "path", "action", "checks": "27/27"}
    UNIT_REJECTED = "unit_rejected"  # data: {"id", "attempt", "defects": […]}
    UNIT_WITHDRAWN = "unit_withdrawn"
    DELIVERABLES = "deliverables"  # data: {"outstanding": […], "deferred": […] that a person left out}
    ESCALATED = "escalated"  # data: {"reason", "choices": […]}
    ANSWERED = "answered"  # data: {"choice", "hint", …}
    RECOVERY = "recovery"  # data: {"items", "action", "reason", "outcome": started|success|failed|escalated, …}
    NOTED = "noted"  # anything a person wants on record


#: What tells of a unit; such events of other ages name no pass.
OF_A_UNIT = frozenset({Kind.UNIT_SHIPPED, Kind.UNIT_REJECTED, Kind.UNIT_WITHDRAWN})


class EventDraft(BaseModel):
    """An event as a proposal has it. ``subject`` is ``<kind>:<name>`` (``book:spin-geometry``) or ``campaign``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    subject: str
    kind: Kind
    from_state: str | None = None
    to_state: str | None = None
    expect: str | None = Field(default=None, description="status the subject must have; None: any")
    pass_name: str | None = None
    unit: str | None = None
    owner: str | None = None
    cost_usd: Decimal = Decimal(0)
    rationale: str = ""
    data: dict[str, Any] = Field(default_factory=dict)
    id: str = ""

    def with_id(self, salt: str) -> EventDraft:
        """The draft with an id that is a hash of its content and ``salt`` (kept when it already has one)."""
        if self.id:
            return self
        body = json.dumps([salt, self.model_dump(mode="json", exclude={"id"})], sort_keys=True)
        return self.model_copy(update={"id": "ev-" + hashlib.sha256(body.encode()).hexdigest()[:20]})


class Event(BaseModel):
    """One line of the log. ``prev``: SHA-256 (hex) of the line before, without its line end; 64 zeros at first."""

    model_config = ConfigDict(extra="allow", frozen=True)

    seq: int
    at: str
    id: str
    subject: str
    kind: str
    from_state: str | None = None
    to_state: str | None = None
    pass_name: str | None = None
    unit: str | None = None
    owner: str | None = None
    cost_usd: str = "0"
    rationale: str = ""
    data: dict[str, Any] = Field(default_factory=dict)
    prev: str

    @property
    def fell_short(self) -> bool:
        """Whether a sound reply found the subject short of its threshold; a failure of another age says no kind."""
        failed = self.kind == Kind.PASS_FAILED and not self.unit
        return failed and self.data.get("kind", "shortfall") == "shortfall"

    @property
    def about_unit(self) -> str | None:
        """The unit that it tells of; None when it tells of its subject as a whole."""
        known = str(self.data.get("id") or "") if self.kind in OF_A_UNIT else ""
        return self.unit or known or unit_of(self.subject)

    @property
    def of_pass(self) -> str:
        """The pass that it belongs to: units come from production where nothing else is said; "" for no pass."""
        return self.pass_name or (PRODUCTION if self.kind in OF_A_UNIT else "")
