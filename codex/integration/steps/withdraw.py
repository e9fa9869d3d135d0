"""Withdraw shipped units: undo what their integration did, unless something rests on them (decision 13)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from codex.campaign.events import EventDraft, Kind
from codex.campaign.ledger import Ledger
from codex.campaign.owed import ever_owed, owed, owing
from codex.check import check_corpus
from codex.check.policy import Policy
from codex.corpus import catalog, connections, deps, planfile, proposals, removal, unitstatus
from codex.corpus.index import CorpusIndex
from codex.integration.proposal import Proposal, Withdrawal
from codex.integration.steps import figures
from codex.integration.steps.draft import Draft
from codex.integration.steps.mentions import Mention, mentioning_paths, mentions
from codex.integration.steps.refused import Refused
from codex.integration.steps.register import unit_edges
from codex.planning.edit import is_asked_for, unship
from codex.tracks.fasttrack.names import PRODUCTION, PRODUCTION_READY
from codex.tracks.naming import name_of
from codex.tracks.registry import machine_of
from codex.units import Unit

#: Where a book goes on after a withdrawal, if its machine has a way there.
_BACK_TO = PRODUCTION_READY
#: Names in one refusal.
_SHOWN = 8


@dataclass
class Withdrawn:
    """A unit that was taken back. ``actions`` are clauses for the report."""

    id: str
    path: str
    reason: str
    book: str
    actions: list[str] = field(default_factory=list)


def withdraw_units(draft: Draft, proposal: Proposal, ledger: Ledger, policy: Policy, now: datetime) -> list[Withdrawn]:
    """Take the units back in the draft, all or none; one that is not there (any more) is passed over.

    Raises Refused, with names, when a shipped unit, a flow or the graph rests on one of them, when another unit's check
    would fail, when one changed since, and while somebody works on its book.
    """
    before = draft.copy()
    index = CorpusIndex(before.snapshot())
    there = [(each, unit) for each in proposal.withdraw if (unit := index.unit(each.id))]
    for each, unit in there:
        _require_free(index, each, unit, {other.id for other, _ in there}, ledger, now)
    done = [_withdraw(draft, index, each, unit, ledger) for each, unit in there]
    _require_no_harm(before, draft, index, [unit for _, unit in there], policy)
    return done


def _require_free(
    index: CorpusIndex, each: Withdrawal, unit: Unit, leaving: set[str], ledger: Ledger, now: datetime
) -> None:
    if index.snapshot.blobs()[unit.path] != each.expected_blob:
        raise Refused(f"{unit.path} has changed since its withdrawal was asked for.")
    book = book_of(index, each.id, ledger)
    holder = ledger.owner(book, now) if book else None
    if holder:
        raise Refused(f"{book} is held by {holder}, who may be at work on {each.id}: wait until it is released.")
    found = [m for m in mentions(index, unit) if m.by not in leaving]
    found = [m for m in found if m.needs or m.by not in each.known_before]
    if found:
        raise Refused(f"{each.id} is needed: {_named(found)}. Change or withdraw these first.")


def _named(found: list[Mention]) -> str:
    """Who rests on a unit and how, those first that cannot be without it."""
    ways: dict[str, list[str]] = {}
    for mention in sorted(found, key=lambda each: not each.needs):
        ways.setdefault(mention.by, []).append(mention.how)
    named = [f"{by} {' and '.join(how)}" for by, how in ways.items()]
    return "; ".join(named[:_SHOWN]) + (f"; and {len(named) - _SHOWN} more" if len(named) > _SHOWN else "")


def _require_no_harm(before: Draft, after: Draft, index: CorpusIndex, units: list[Unit], policy: Policy) -> None:
    """No check of a unit that names one of these may fail because it is gone."""
    gone = {unit.path for unit in units}
    paths = sorted({path for unit in units for path in mentioning_paths(index, unit.id)} - gone)
    if not paths:
        return
    old, new = (
        {(result.path, check.code): check.verdict for result in report.results for check in result.checks}
        for report in (check_corpus(draft.snapshot(), paths, policy=policy) for draft in (before, after))
    )
    broken = [f"{path}: {code}" for (path, code), verdict in new.items() if verdict == "fail" != old[path, code]]
    if broken:
        raise Refused(f"Without {', '.join(unit.id for unit in units)} these checks would fail: {'; '.join(broken)}.")


def _withdraw(draft: Draft, index: CorpusIndex, each: Withdrawal, unit: Unit, ledger: Ledger) -> Withdrawn:
    done = Withdrawn(each.id, unit.path, each.reason, book_of(index, each.id, ledger))
    asked_for = draft.exists(planfile.PATH) and is_asked_for(draft.text(planfile.PATH), each.id)
    draft.remove(unit.path)
    done.actions += _proposals(draft, unit)
    done.actions += _catalog(draft, index, each, unit)
    done.actions += _graph(draft, index, each, unit, asked_for=asked_for)
    done.actions += _edited(
        draft, connections.PATH, removal.without_appearances, unit.id, "taken out of its connections"
    )
    said = "queued again in the plan" if asked_for else "taken out of the plan"
    done.actions += _edited(draft, planfile.PATH, unship, unit.id, said)
    done.actions += _figures(draft, unit)
    status = unitstatus.UnitStatus(each.id, "", "withdrawn", name_of(done.book))
    draft.edit(unitstatus.path_of(each.id), lambda text: unitstatus.record(text, status), "")
    return done


def _edited(draft: Draft, path: str, change: Any, unit_id: str, said: str) -> list[str]:
    """Let ``change(text, unit_id)`` act on a file; what to report when it changed something."""
    before = draft.changes.get(path)
    draft.edit(path, lambda text: str(change(text, unit_id)))
    return [said] if draft.changes.get(path) != before else []


def _proposals(draft: Draft, unit: Unit) -> list[str]:
    return _edited(draft, proposals.PATH, removal.without_proposer, unit.id, "its proposed connections dropped")


def _catalog(draft: Draft, index: CorpusIndex, each: Withdrawal, unit: Unit) -> list[str]:
    slug = unit.text_value("concept_catalog_id")
    if not slug or slug not in index.catalog:
        return []
    users = _users_of(draft, slug) if each.own_concept else []
    if each.own_concept and not users:
        draft.edit(catalog.PATH, lambda text: removal.without_entry(text, slug))
        return [f"catalog entry {slug} removed"]
    draft.edit(catalog.PATH, lambda text: removal.without_unit(text, slug, unit.id))
    return [f"catalog entry {slug} kept, {'used by ' + ', '.join(users[:_SHOWN]) if users else 'it was there before'}"]


def _users_of(draft: Draft, slug: str) -> list[str]:
    """Who else names the concept: units, catalog entries, connections that are registered or proposed."""
    index = CorpusIndex(draft.snapshot())
    needle = slug.encode()
    units = (index.unit_at(path) for path in index.unit_paths if needle in index.snapshot.read(path))
    found = [other.id for other in units if other.text_value("concept_catalog_id") == slug]
    entries = index.catalog.entries
    found += [entry.slug for entry in entries if slug in index.catalog.prerequisites_of(entry.slug)]
    found += [each.id for each in index.connections.connections if slug in {each.source, each.target}]
    return found + [each.id for each in index.proposals if slug in {each.source, each.target}]


def _graph(draft: Draft, index: CorpusIndex, each: Withdrawal, unit: Unit, *, asked_for: bool) -> list[str]:
    """Edges wait again; those that only the unit's own text brought go, but for prerequisites of what is queued."""
    mine = {(edge.before, edge.after) for edge in each.own_edges} & set(unit_edges(unit, index))
    drop = {pair for pair in mine if not (asked_for and pair[1] == unit.id)}

    def changed(text: str) -> str:
        return removal.unshipped(text, unit.id, drop=drop, drop_note=each.own_note, announce=each.in_flight)

    draft.edit(deps.PATH, changed)
    edges = deps.parse(draft.text(deps.PATH, deps.EMPTY)).edges
    waiting = sum(unit.id in {edge.before, edge.after} for edge in edges)
    return [f"{len(drop)} edges removed, {waiting} pending again"]


def _figures(draft: Draft, unit: Unit) -> list[str]:
    said = []
    snapshot = draft.snapshot()
    named = figures.named_figures(unit.text, unit.path, unit.title)
    others = {path: snapshot.read(path) for path in snapshot.under("content", ".md")} if named else {}
    for figure in named:
        if not draft.exists(figure.path) or any(
            figures.shows(data, path, figure.path) for path, data in others.items()
        ):
            continue
        if figures.is_placeholder(snapshot.read(figure.path)):
            draft.remove(figure.path)
            said.append(f"placeholder {figure.path} removed")
        else:
            said.append(f"{figure.path} kept, somebody drew it")
    return said


def book_of(index: CorpusIndex, unit_id: str, ledger: Ledger) -> str:
    """The book that brought a unit, as a subject of the ledger; "" when none did."""
    path = unitstatus.path_of(unit_id)
    slug = unitstatus.parse(index.snapshot.text(path)).book if index.snapshot.exists(path) else ""
    return f"book:{slug}" if slug and ledger.knows(f"book:{slug}") else ""


def withdrawal_events(done: list[Withdrawn], ledger: Ledger) -> list[EventDraft]:
    """The record of each unit; and for its book what it owes again and, where its machine has a way, the way back."""
    drafts = [
        EventDraft(
            subject=each.book or f"unit:{each.id}",
            kind=Kind.UNIT_WITHDRAWN,
            pass_name=PRODUCTION,
            unit=each.id if each.book else None,
            rationale=each.reason,
            data={"id": each.id, "path": each.path, "reason": each.reason},
        )
        for each in done
    ]
    for book in dict.fromkeys(each.book for each in done if each.book):
        drafts += _book_events(ledger, book, [each.id for each in done if each.book == book])
    return drafts


def _book_events(ledger: Ledger, book: str, units: list[str]) -> list[EventDraft]:
    """The withdrawn units are owed again, as they were asked for last, and the book goes back for them."""
    outstanding, asked = owed(ledger.entry(book)), ever_owed(ledger, book)
    known = {each.id for each in outstanding}
    again = [asked[unit] for unit in units if unit in asked and unit not in known]
    if not again:
        return []
    data = owing((*outstanding, *again))
    drafts = [EventDraft(subject=book, kind=Kind.DELIVERABLES, data=data, rationale="withdrawn")]
    machine, status = machine_of(book), ledger.status(book) or ""
    row = machine.between(machine.aliases.get(status, status), _BACK_TO) if machine else None
    if row and row.outcome != "success":
        why = f"withdrawn: {', '.join(units)}"
        drafts.append(EventDraft(subject=book, kind=Kind.TRANSITION, to_state=_BACK_TO, rationale=why))
    return drafts
