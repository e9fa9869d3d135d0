"""What a pass is: a value with a reply model, a prompt, a gate and a proposal, registered by its track.

All its functions are pure: they read a pinned snapshot through a context and return data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from codex.campaign.owed import Deliverable
from codex.check.defects import Defect
from codex.integration.proposal import CatalogEntry, ConnectionProposal, EdgeChange, PlanSection, Report, UnitChange
from codex.passes.context import Context
from codex.snapshot import Snapshot

ReplyT = TypeVar("ReplyT", bound=BaseModel)
ContextT = TypeVar("ContextT", bound=Context)


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
class Pass(Generic[ContextT, ReplyT]):
    """One pass. ``prompt`` names a pattern (codex/prompts, or ``package:name`` in another package), ``tools`` are names
    from codex/agents/tools.py, ``context`` is what it is given to read.

    ``salvage`` is what a ladder that goes on with less may keep of a reply that failed; None when there is nothing.
    ``desk`` is the snapshot that the tools act on. ``carried`` belongs to a pass that is asked for each unit: the
    unit's text after a reply, given the text before it and the path; the next attempt mends that.
    """

    name: str
    title: str
    reply_model: type[ReplyT]
    prompt: str
    tools: tuple[str, ...]
    context: type[ContextT]
    variables: Callable[[ContextT], Mapping[str, Any]]
    gate: Callable[[ContextT, ReplyT], Verdict]
    changes: Callable[[ContextT, ReplyT, Verdict], Changes]
    salvage: Callable[[ContextT, ReplyT], Changes | None] | None = None
    desk: Callable[[ContextT], Snapshot] = lambda context: context.snapshot
    carried: Callable[[ReplyT, str | None, str], str | None] | None = None

    @property
    def by_unit(self) -> bool:
        """Whether it is asked for each unit that the subject owes; without a unit it dispatches or closes the batch."""
        return self.carried is not None
