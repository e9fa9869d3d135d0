"""Names of other ages: what a book's record said before, and what the same thing is called now.

A table for each kind of name. What a table does not know stays as it is: a person can lead a book out of any status,
and a key that nobody here knows does no harm. What is renamed stays under ``adopted`` in the record, word for word.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from codex.campaign.definition import tier_letter
from codex.tracks.fasttrack.books import BOOK
from codex.tracks.fasttrack.names import PRODUCTION, VERIFICATION

#: Where a record keeps what it said in its own age.
KEPT = "adopted"

#: Passes of other names (unit-rubric §4.3) and the pass of today that they were a part of.
PASSES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"P4_production_batch\w+"), PRODUCTION),
    (re.compile(r"P6_rework\w*"), PRODUCTION),
    (re.compile(r"P5_reverification\w*"), VERIFICATION),
)
#: Statuses of a pass.
PASS_STATUS = {"needs-rework": "failed", "in_progress": "in-progress", "done": "completed", "complete": "completed"}
#: Keys of a pass.
PASS_KEYS = {"completed_at": "completed", "started_at": "started"}

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that was normalised. ``what`` is a word for programs, ``where`` a dotted path in the document."""

    what: str
    where: str
    before: Any
    after: Any

    def as_data(self) -> dict[str, Any]:
        return {"what": self.what, "where": self.where, "before": self.before, "after": self.after}


def normalise_book(record: Record, where: str) -> tuple[Record, list[Change]]:
    """A book's record in the words of today, and what was changed in it; the record itself is left as it is.

    Idempotent: a record in the words of today comes back as it was. Values of any shape are accepted.
    """
    book = copy.deepcopy(record)
    changes = [*_top_level(book, where), *_passes(book, where)]
    return book, changes


def _top_level(book: Record, where: str) -> Iterator[Change]:
    status, tier = book.get("status"), book.get("tier")
    named = BOOK.aliases.get(status) if isinstance(status, str) else None
    if named:
        yield _renamed(book, "status", named, where)
    if isinstance(tier, str) and tier_letter(tier) not in {tier, None}:
        yield _renamed(book, "tier", tier_letter(tier), where)


def _renamed(book: Record, key: str, value: Any, where: str) -> Change:
    before = book[key]
    _kept(book)[key] = before
    book[key] = value
    return Change(key, f"{where}.{key}", before, value)


def _kept(book: Record) -> Record:
    found = book.get(KEPT)
    if not isinstance(found, dict):
        found = book[KEPT] = {} if found is None else {KEPT: found}
    return found


def _passes(book: Record, where: str) -> Iterator[Change]:
    passes = book.get("passes")
    if not isinstance(passes, dict):
        return
    changes: list[Change] = []
    original = copy.deepcopy(passes)
    today: Record = {name: record for name, record in passes.items() if _target(name) is None}
    for name, record in today.items():
        changes += _pass(record, f"{where}.passes.{name}")
    parts = {name: record for name, record in passes.items() if name not in today}
    for name, record in parts.items():
        changes.append(_part(today, name, record, where))
    for target in dict.fromkeys(t for name in parts if (t := _target(name))):
        changes += _settled(today, parts, target, where)
    if changes:
        book["passes"] = today
        touched = {name: original[name] for name in original if original[name] != today.get(name)}
        before = _kept(book).get("passes")
        _kept(book)["passes"] = touched | (before if isinstance(before, dict) else {})
    yield from changes


def _target(name: str) -> str | None:
    return next((target for pattern, target in PASSES if pattern.fullmatch(name)), None)


def _pass(record: Any, where: str) -> Iterator[Change]:
    """Status and keys of one pass; a key of today that is there already prevails."""
    if not isinstance(record, dict):
        return
    status = record.get("status")
    if isinstance(status, str) and status in PASS_STATUS:
        record["status"] = PASS_STATUS[status]
        yield Change("pass-status", f"{where}.status", status, record["status"])
    for old, new in PASS_KEYS.items():
        if old in record and new not in record:
            record[new] = record.pop(old)
            yield Change("key", f"{where}.{old}", old, new)


def _part(today: Record, name: str, record: Any, where: str) -> Change:
    """A part of a pass joins it under ``parts``, in the words of today."""
    target = str(_target(name))
    whole = today.get(target)
    if not isinstance(whole, dict):
        whole = today[target] = {"status": "pending"}
    part = copy.deepcopy(record)
    list(_pass(part, ""))
    parts = whole.get("parts")
    whole["parts"] = (parts if isinstance(parts, dict) else {}) | {name: part}
    return Change("pass-name", f"{where}.passes.{name}", name, f"{target}.parts.{name}")


def _settled(today: Record, parts: Record, target: str, where: str) -> Iterator[Change]:
    """A pass all of whose parts are completed is completed: the parts were done after it was said not to be."""
    whole = today[target]
    done = [part for name, part in whole["parts"].items() if name in parts and isinstance(part, dict)]
    if whole.get("status") == "completed" or any(part.get("status") != "completed" for part in done):
        return
    yield Change("pass-status", f"{where}.passes.{target}.status", whole.get("status"), "completed")
    whole["status"] = "completed"
    ended = [part["completed"] for part in done if isinstance(part.get("completed"), str)]
    if ended:
        whole["completed"] = max(ended)
