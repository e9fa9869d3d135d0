"""Apply a proposal to a snapshot, in memory: what would be written, and what the proposer is told.

A pure function of snapshot, proposal, time and settings. Order: the proposal as a whole is looked at (hostile texts,
claim), announced edges and units, then each unit (place, register, judge), then what stands for the whole, events,
costs, and the report last. Sections, notation, reports, catalog entries and the proposal's own events are written only
when every unit was accepted: they tell of all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from codex.campaign.ledger import Ledger
from codex.errors import ContentError, DataError, UserError
from codex.integration.hostile import hostile
from codex.integration.proposal import IntegrationResult, Proposal
from codex.integration.steps.continuity import regressions
from codex.integration.steps.coverage import write_coverage
from codex.integration.steps.decide import decide_connections
from codex.integration.steps.documents import announce, propose_connections, write_documents
from codex.integration.steps.draft import Changes, Draft, Ready
from codex.integration.steps.plan import refresh_plan
from codex.integration.steps.record import for_the_whole, record_costs, record_events, write_report
from codex.integration.steps.refused import Refused
from codex.integration.steps.repairs import repair
from codex.integration.steps.units import Batch, integrate_units
from codex.integration.steps.withdraw import withdraw_units
from codex.settings import Settings
from codex.snapshot import Snapshot, blob_id
from codex.tracks.registry import is_subject
from codex.units import is_id

_RESERVED = re.compile(r"con|prn|aux|nul|com[0-9]|lpt[0-9]")


@dataclass(frozen=True)
class Outcome:
    """What a proposal comes to. ``changes``: path → whole new content (None: removed); empty when nothing changes.

    ``offered``: path → blob id of unit texts as they were handed in, which a person may have put there already.
    ``state``: the snapshot with the changes.
    """

    result: IntegrationResult
    changes: Changes = field(default_factory=dict)
    offered: Mapping[str, str] = field(default_factory=dict)
    state: Snapshot | None = None


def _nobody_waits(_: Changes) -> None:
    """Nothing is done ahead."""


def apply_proposal(
    snapshot: Snapshot,
    proposal: Proposal,
    now: datetime,
    settings: Settings,
    ready: Ready = _nobody_waits,
) -> Outcome:
    """What the proposal would change in the snapshot.

    ``ready`` is told on the way of files that will hardly change any more. The result's status is ``committed`` (its
    commit is the caller's to add), ``unchanged`` or ``refused``. Raises DataError when a file of the workspace cannot
    be read: then the proposal is not to blame.
    """
    try:
        return _apply(snapshot, proposal, now, settings, ready)
    except DataError:
        raise
    except (Refused, UserError, ContentError) as exc:
        result = IntegrationResult(proposal=proposal.id, status="refused", reason=str(exc))
        return Outcome(result)


def _apply(snapshot: Snapshot, proposal: Proposal, now: datetime, settings: Settings, ready: Ready) -> Outcome:
    _require_harmless(proposal)
    draft = Draft(snapshot)
    policy = settings.check.shipping
    mended = repair(draft, proposal, now, policy)
    ledger = Ledger.load(draft.snapshot())
    _require_claim(ledger, proposal, now)
    announce(draft, proposal)
    draft, batch = integrate_units(draft, proposal, policy, ready)
    batch.withdrawn += withdraw_units(draft, proposal, ledger, policy, now)
    batch.decided += decide_connections(draft, proposal, now)
    notes = [*mended, *_write_the_rest(draft, proposal, batch, ledger, now)]
    ready(draft.changes)
    record_events(draft, ledger, proposal, batch, now)
    ready(draft.changes)
    write_coverage(draft)
    refresh_plan(draft, proposal, now)
    record_costs(draft, proposal)
    if not draft.changes:
        return Outcome(_result(proposal, "unchanged", batch, ()))
    touched = batch.withdrawn or any(each.written for each in batch.accepted)
    warnings = regressions(snapshot, draft.snapshot()) if touched else []
    warnings = [*(doubt for each in batch.accepted for doubt in each.doubts), *warnings]
    write_report(draft, proposal, batch, notes, warnings, now)
    offered = {each.path: blob_id(each.change.text.encode("utf-8")) for each in batch.accepted}
    return Outcome(_result(proposal, "committed", batch, tuple(warnings)), draft.changes, offered, draft.snapshot())


def _write_the_rest(draft: Draft, proposal: Proposal, batch: Batch, ledger: Ledger, now: datetime) -> list[str]:
    """Connections, and with all units accepted the documents; returns notes for the report."""
    turned_down = [unit.id for unit in batch.rejected]
    proposed = propose_connections(draft, proposal, turned_down, now)
    if not turned_down:
        write_documents(draft, proposal, _title(ledger, proposal))
    notes = [*for_the_whole(proposal, turned_down)]
    notes += [f"connections that wait for a decision: {proposed} more"] if proposed else []
    held = [name for name, given in _for_the_whole(proposal) if given and turned_down]
    return notes + [f"held back, because a unit was rejected: {', '.join(held)}"] * bool(held)


def _for_the_whole(proposal: Proposal) -> Iterator[tuple[str, object]]:
    yield "catalog entries", proposal.catalog
    yield "plan sections", proposal.sections
    yield "notation", proposal.notation
    yield "reports", proposal.reports
    yield "events", proposal.events


def _title(ledger: Ledger, proposal: Proposal) -> str:
    entry = ledger.entry(proposal.subject) if ledger.knows(proposal.subject) else {}
    return str(entry.get("title") or proposal.slug)


def _result(proposal: Proposal, status: str, batch: Batch, warnings: tuple[str, ...]) -> IntegrationResult:
    return IntegrationResult.model_validate(
        {
            "proposal": proposal.id,
            "status": status,
            "accepted": tuple(each.change.id for each in batch.accepted),
            "rejected": tuple(batch.rejected),
            "withdrawn": tuple(each.id for each in batch.withdrawn),
            "actions": tuple(f"{unit}: {action}" for unit, action in _actions(batch)),
            "warnings": warnings,
        }
    )


def _actions(batch: Batch) -> Iterator[tuple[str, str]]:
    """What was done to the shared files, by unit."""
    for each in batch.accepted:
        yield from ((each.change.id, action) for action in each.actions)
    for gone in batch.withdrawn:
        yield from ((gone.id, action) for action in gone.actions)
    yield from ((each.id, each.status) for each in batch.decided)


def _require_harmless(proposal: Proposal) -> None:
    """Every text that would be written, units apart (a hostile unit is rejected alone)."""
    if not is_subject(proposal.subject):
        raise Refused(f"{proposal.subject!r} is not the name of a subject.")
    if _RESERVED.fullmatch(proposal.slug):  # its plan and its notation are files of that name
        raise Refused(f"{proposal.subject!r} cannot be the name of a file on Windows.")
    for unit_id in _ids(proposal):
        if not is_id(unit_id):  # digits of another script pass for digits elsewhere
            raise Refused(f"{unit_id!a} is no unit id.")
    ids = [*(change.id for change in proposal.units), *(each.id for each in proposal.withdraw)]
    if len(set(ids)) < len(ids):
        raise Refused("The proposal names a unit twice.")
    for what, text in _texts(proposal):
        reason = hostile(text)
        if reason:
            raise Refused(f"Hostile content in {what}: {reason}")


def _ids(proposal: Proposal) -> Iterator[str]:
    """Every unit id that the proposal names."""
    yield from (change.id for change in proposal.units)
    yield from (each.id for each in proposal.withdraw)
    yield from proposal.pending
    for edge in proposal.edges:
        yield from (edge.before, edge.after)
    entries = (*proposal.catalog, *(change.catalog for change in proposal.units if change.catalog))
    yield from (entry.unit for entry in entries if entry.unit)
    for connection in proposal.connections:
        yield from connection.appears_in_units


def _texts(proposal: Proposal) -> Iterator[tuple[str, str]]:
    yield from ((f"section {section.number}", section.markdown) for section in proposal.sections)
    yield from ((f"the front matter of section {s.number}", str(s.front_matter)) for s in proposal.sections)
    yield from ((f"the report {report.name}", report.markdown) for report in proposal.reports)
    yield "the notation", proposal.notation or ""
    for entry in (*proposal.catalog, *(change.catalog for change in proposal.units if change.catalog)):
        yield f"the catalog entry {entry.slug}", f"{entry.title}\n{entry.notes}"
    for each in proposal.connections:
        yield "a proposed connection", f"{each.anchor_phrase}\n{each.synthesis_note}\n{each.rationale}"
    yield from ((f"the decision on {each.id}", each.note) for each in proposal.decisions)
    yield from ((f"the withdrawal of {each.id}", each.reason) for each in proposal.withdraw)


def _require_claim(ledger: Ledger, proposal: Proposal, now: datetime) -> None:
    """A proposal made under a claim that somebody else holds now comes too late; an expired claim does no harm."""
    if proposal.owner and ledger.knows(proposal.subject):
        holder = ledger.owner(proposal.subject, now)
        if holder not in {None, proposal.owner}:
            raise Refused(f"{proposal.subject} is held by {holder}, no longer by {proposal.owner}.")
