"""The ledger against its own log, and against the files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from codex.campaign.ledger import CAMPAIGN, Ledger
from codex.campaign.projection import fold, render
from codex.campaign.verify import verify
from codex.corpus.bookplan import FOLDER
from codex.errors import CodexError, DataError
from codex.integration.adoption.kind import Found, Kind, Repair
from codex.integration.adoption.view import View
from codex.units import is_id


def rebuilt(view: View) -> bytes:
    """campaign.json as the log gives it; raises DataError when the log itself is at fault, or when there is none."""
    faults = [problem for problem in verify(view.snapshot) if problem.code != "projection"]
    if faults:
        raise DataError(
            f"The log cannot be trusted: {faults[0].place}: {faults[0].message}.",
            remedy="See `codexctl ledger verify`; take the files of the log back from an earlier commit.",
        )
    ledger = Ledger.load(view.snapshot)
    if not ledger.events():
        raise DataError(
            "There is no log to rebuild campaign.json from.",
            remedy="A ledger of another age gets one by `codexctl adopt PATH --write`.",
        )
    return render(fold(ledger.events()))


def _find_projection(view: View) -> Iterator[Found]:
    for problem in verify(view.snapshot):
        if problem.code == "projection":
            yield Found(problem.path, problem.line, problem.message)


def _find_log(view: View) -> Iterator[Found]:
    for problem in verify(view.snapshot):
        if problem.code != "projection":
            yield Found(problem.path, problem.line, problem.message)


def _repair(view: View, now: datetime) -> Repair:
    if any(True for _ in _find_log(view)) or not any(True for _ in _find_projection(view)):
        return Repair()
    return Repair({CAMPAIGN: rebuilt(view)}, ("campaign.json was written again from the log",))


def _entries(view: View) -> dict[str, dict[str, Any]]:
    try:
        document = Ledger.load(view.snapshot).document()
    except CodexError:
        return {}
    return {slug: book for slug, book in document["books"].items() if isinstance(book, dict)}


def _find_books(view: View) -> Iterator[Found]:
    """What the ledger says of a book and no file bears out."""
    listed = {book.entry for book in view.books}
    for slug, book in _entries(view).items():
        entry, plan = book.get("fasttrack_entry"), book.get("plan_path")
        if listed and isinstance(entry, str) and entry not in listed:
            yield Found(CAMPAIGN, None, f"{slug} is number {entry}, which the booklist lacks")
        if isinstance(plan, str) and book.get("status") != "draft" and not view.snapshot.exists(plan):
            yield Found(CAMPAIGN, None, f"{slug} is {book.get('status')}, and its plan {plan} is not there")
        missing = sorted(unit for unit in _said_shipped(book.get("passes")) if unit not in view.shipped)
        if missing:
            yield Found(CAMPAIGN, None, f"{slug} has shipped {', '.join(missing)}, which have no file")


def _said_shipped(value: Any) -> Iterator[str]:
    """Unit ids under ``new_units_shipped``, however deep."""
    for key, inner in value.items() if isinstance(value, dict) else ():
        if key == "new_units_shipped" and isinstance(inner, list):
            yield from (each for each in inner if isinstance(each, str) and is_id(each))
        else:
            yield from _said_shipped(inner)


def _find_unregistered(view: View) -> Iterator[Found]:
    known = {str(book.get("plan_path")) for book in _entries(view).values()}
    for path in view.snapshot.under(FOLDER, ".md"):
        if path.count("/") == FOLDER.count("/") + 1 and path not in known:
            yield Found(path, None, "the ledger has no book with this plan")


PROJECTION = Kind(
    name="projection",
    group="ledger",
    title="differences between campaign.json and its log",
    means="Somebody edited campaign.json by hand, or a merge mixed two versions; the log is what counts.",
    mends="Writes campaign.json again from the log, as `codexctl ledger rebuild --write` does; not while the log "
    "itself is at fault.",
    find=_find_projection,
    repair=_repair,
)

LOG = Kind(
    name="ledger-faults",
    group="ledger",
    title="faults of the ledger's log",
    means="A line was changed, cut, swapped or lost after it was written (`codexctl ledger verify`).",
    mends="Take the named file back from an earlier commit; nothing is added to the ledger before.",
    find=_find_log,
)

BOOKS = Kind(
    name="ledger-books",
    group="ledger",
    title="things that the ledger says of a book and no file bears out",
    means="The booklist was renumbered, a plan was moved, or a unit that a book shipped has gone.",
    mends="Correct the file that is wrong.",
    find=_find_books,
)

UNREGISTERED = Kind(
    name="audits-without-book",
    group="books",
    title="audits whose book is not in the ledger",
    means="The audit was made outside a campaign: its punch list is in the plan, but the book has no state, so "
    "`codexctl run` does not know it.",
    mends="Nothing has to be done for the plan. A book that is to go through the passes joins the ledger when "
    "`codexctl audit-next` begins it; how far an old audit has brought it is for a person to say.",
    find=_find_unregistered,
)
