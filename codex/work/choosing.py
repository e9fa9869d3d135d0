"""What to work on next: which units to produce, which book to audit.

Work that is owed goes before work that is queued: the units of books in production, the book that is furthest first;
then the production plan's queue, in its order.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from codex.campaign.ledger import Ledger
from codex.campaign.owed import owed_ids
from codex.corpus.booklist import PATH as BOOKLIST
from codex.errors import UserError
from codex.passes.queued import slug_of
from codex.planning.batches import pick
from codex.planning.bullets import DEEPENING
from codex.planning.find import find_unit
from codex.planning.merge import NOT_QUEUED, SHIPPED
from codex.planning.store import live_plan
from codex.snapshot import Snapshot
from codex.tracks.fasttrack.names import IN_PRODUCTION, PRODUCTION_COMPLETE, PRODUCTION_READY, QUEUED
from codex.tracks.naming import name_of
from codex.tracks.registry import machine_of
from codex.work.find import find_book
from codex.work.holders import held_by_other

NOTHING_TO_PRODUCE = "Nothing can be produced now: no book in production owes a unit, and no queued unit is ready."
NOTHING_TO_AUDIT = "Every book has been audited."

#: The states in which units are produced.
PRODUCING = frozenset({PRODUCTION_READY, IN_PRODUCTION})

#: The states in which a queued unit can be taken up.
_TAKEN_UP = frozenset({None, QUEUED, IN_PRODUCTION})


@dataclass(frozen=True)
class Work:
    """One subject, how far to take it, and what of it: these units alone (None: all that it owes).

    ``record`` is the ledger entry of a book that has to join the campaign first.
    """

    subject: str
    until: str | None = None
    units: frozenset[str] | None = None
    record: Mapping[str, Any] | None = field(default=None, compare=False)

    @property
    def names(self) -> list[str]:
        return sorted(self.units) if self.units else [name_of(self.subject)]


def production(
    snapshot: Snapshot,
    owner: str,
    number: int,
    *,
    wanted: Sequence[str] = (),
    without: Collection[str] = (),
    ready: bool = True,
) -> list[Work]:
    """The next units to produce, at most ``number``, from distinct chapters; or the ``wanted`` ones, whatever chapter.

    ``without`` are ids (of books: slugs) not to take. A unit that a book in production owes is that book's work, any
    other a subject of its own. Units and books that somebody works on are left alone. Raises UserError for a wanted
    unit that cannot be produced now, naming what it waits for; without ``ready`` a unit that waits will do.
    """
    ledger = Ledger.load(snapshot)
    owed = dict(_owed(ledger, owner))
    if wanted:
        subjects = {unit_id: _subject_of(ledger, snapshot, unit_id, ready=ready) for unit_id in dict.fromkeys(wanted)}
        return _works(subjects)
    ended = (book for book in _closing(ledger, owner) if name_of(book) not in without)
    closing = [Work(book, PRODUCTION_COMPLETE, frozenset()) for book in ended]
    subjects = {u: s for u, s in owed.items() if u not in without} | {
        u: f"unit:{u}" for u in _queued(ledger, snapshot, owner) if u not in without
    }
    picked = pick(list(subjects), number - len(closing))
    return [*closing[:number], *_works({unit_id: subjects[unit_id] for unit_id in picked})]


def _works(subjects: Mapping[str, str]) -> list[Work]:
    """Unit → subject, as one piece of work a subject."""
    found: dict[str, list[str]] = {}
    for unit_id, subject in subjects.items():
        found.setdefault(subject, []).append(unit_id)
    return [
        Work(subject, None if subject.startswith("unit:") else PRODUCTION_COMPLETE, frozenset(units))
        for subject, units in found.items()
    ]


def _owed(ledger: Ledger, owner: str) -> Iterator[tuple[str, str]]:
    """Unit → book, for the free books with units to produce."""
    for subject in books_in_production(ledger, owner):
        yield from ((unit_id, subject) for unit_id in owed_ids(ledger.entry(subject)))


def books_in_production(ledger: Ledger, owner: str) -> list[str]:
    """The free books in which units are produced, the one that is furthest on its way first."""
    machine = machine_of("book:")
    free = [
        subject
        for subject in ledger.subjects("book")
        if ledger.status(subject) in PRODUCING and held_by_other(ledger, subject, owner) is None
    ]
    return sorted(free, key=lambda subject: -machine.rank(str(ledger.status(subject))) if machine else 0)


def _closing(ledger: Ledger, owner: str) -> list[str]:
    """Books that are in production and owe nothing any more: only the state is behind."""
    return [
        subject
        for subject in books_in_production(ledger, owner)
        if ledger.status(subject) == IN_PRODUCTION and not owed_ids(ledger.entry(subject))
    ]


def _queued(ledger: Ledger, snapshot: Snapshot, owner: str) -> Iterator[str]:
    """The units of the queue that can be written now and that no book in production owes."""
    busy = (ledger.entry(book) for book in ledger.subjects("book") if ledger.status(book) in PRODUCING)
    of_books = {unit_id for entry in busy for unit_id in owed_ids(entry)}
    plan = live_plan(snapshot)
    for unit_id in plan["queue_topo_order"]:
        subject = f"unit:{unit_id}"
        free = ledger.status(subject) in _TAKEN_UP and held_by_other(ledger, subject, owner) is None
        if free and unit_id not in of_books and not plan["units"][unit_id].get("missing"):
            yield unit_id


def _subject_of(ledger: Ledger, snapshot: Snapshot, unit_id: str, *, ready: bool) -> str:
    """The subject under which a wanted unit is produced; raises UserError when it cannot be."""
    for subject in ledger.subjects("book"):
        if ledger.status(subject) in PRODUCING and unit_id in owed_ids(ledger.entry(subject)):
            return subject
    unit = find_unit(live_plan(snapshot), unit_id)
    deepened = unit["kind"] == DEEPENING and ledger.status(f"unit:{unit_id}") != SHIPPED
    if unit["status"] == SHIPPED and not deepened:
        raise UserError(f"{unit_id} is written: {unit.get('actual_path', '')}.", remedy="Name a unit of the queue.")
    if unit["kind"] in NOT_QUEUED:
        raise UserError(f"{unit_id} is not to be produced: its kind is {unit['kind'].replace('_', ' ')}.")
    if ready and unit.get("missing"):
        raise UserError(
            f"{unit_id} waits for {', '.join(unit['missing'])}.",
            remedy="Produce these first, or print its --brief-only.",
        )
    return f"unit:{unit_id}"


def audit(snapshot: Snapshot, owner: str, entry: str = "", *, without: Collection[str] = ()) -> list[Work]:
    """The next book to audit, or the one with this Fast Track entry; nothing when every book has an audit.

    Books of the ledger that are at draft come first, in its order, then those of the booklist that no audit is about.
    Rows of the booklist without a title are passed over. Raises UserError for an entry that is unknown, has no title or
    is audited already.
    """
    ledger = Ledger.load(snapshot)
    if entry:
        return [_entry(ledger, snapshot, entry)]
    for subject in ledger.subjects("book"):
        free = ledger.status(subject) == "draft" and held_by_other(ledger, subject, owner) is None
        if free and name_of(subject) not in without:
            return [Work(subject, "audited")]
    known = {str(ledger.entry(subject).get("fasttrack_entry")) for subject in ledger.subjects("book")}
    rows = (row for row in live_plan(snapshot)["books_unaudited"] if row["ft_entry"] not in known and row["title"])
    joining = map(_joining, rows)
    return [work for work in joining if name_of(work.subject) not in without][:1]


def _entry(ledger: Ledger, snapshot: Snapshot, entry: str) -> Work:
    row = next((r for r in live_plan(snapshot)["books_unaudited"] if r["ft_entry"] == entry), None)
    try:
        subject = find_book(ledger, entry)
    except UserError as unknown:
        if row is None:
            what = f"Neither the ledger nor the booklist has a book {entry!r} without an audit."
            raise UserError(what, remedy=unknown.remedy) from unknown
        if not row["title"]:
            what = f"Row {entry} of the booklist has no title: nobody could audit that book."
            raise UserError(what, remedy=f"Fill it in ({BOOKLIST}), and commit.") from unknown
        return _joining(row)
    if ledger.status(subject) != "draft":
        raise UserError(f"{name_of(subject)} has been audited: it is at {ledger.status(subject)}.")
    return Work(subject, "audited")


def _joining(row: Mapping[str, str]) -> Work:
    """A book of the booklist that is not in the ledger; tier and the rest from the campaign's list, if it is there."""
    known = _campaign_book(row["ft_entry"])
    slug, record = known or (_slug(row), {"title": f"{row['author']} — {row['title']}"})
    told = {"short_title": row["title"], "authors": row["author"], "fasttrack_entry": row["ft_entry"]}
    return Work(f"book:{slug}", "audited", record=told | dict(record))


def _campaign_book(entry: str) -> tuple[str, Mapping[str, Any]] | None:
    place = resources.files("manifests") / "fasttrack" / "books.json"
    books = json.loads(place.read_text(encoding="utf-8")).get("books", {}) if place.is_file() else {}
    return next(((slug, book) for slug, book in books.items() if str(book.get("fasttrack_entry")) == entry), None)


def _slug(row: Mapping[str, str]) -> str:
    surname = row["author"].split(",")[0].split()[-1:] or [""]
    return slug_of(f"{surname[0]} {row['title']}")
