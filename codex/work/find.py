"""Find the subject that a person means, and see whether anything is to be done for it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

from codex.campaign.due import Final, next_step
from codex.campaign.ledger import Ledger
from codex.errors import UserError
from codex.tracks.naming import kind_of, name_of
from codex.tracks.registry import machine_in, machine_of


def find_subject(ledger: Ledger, wanted: str) -> str:
    """The subject that a person names: ``kind:name``, else a book; raises UserError naming what is near."""
    machine = machine_of(wanted.strip()) if ":" in wanted else None
    if machine is None or machine.kind == "book":
        return find_book(ledger, wanted)
    if not ledger.knows(wanted.strip()):
        raise UserError(f"There is no {wanted!r} in this workspace's ledger.", remedy="See `codexctl ledger show`.")
    return wanted.strip()


def find_book(ledger: Ledger, wanted: str) -> str:
    """The subject (``book:<slug>``) of a slug or a Fast Track entry; raises UserError naming the nearest books."""
    name = wanted.strip().removeprefix("book:")
    for subject in ledger.subjects("book"):
        entry = ledger.entry(subject)
        if name in {name_of(subject), str(entry.get("fasttrack_entry") or "")}:
            return subject
    near = _near(ledger, name)
    listed = "Did you mean " + " or ".join(near) + "?" if near else "See `codexctl ledger show`."
    raise UserError(f"There is no book {wanted!r} in this workspace's ledger.", remedy=listed)


def reference(ledger: Ledger, subject: str) -> dict[str, Any]:
    """What a run of a subject returns; scripts know books and queued units by their name alone."""
    known = {"book": name_of(subject)} if kind_of(subject) in {"book", "unit"} else {"subject": subject}
    return known | {"state": ledger.status(subject)}


def has_arrived(ledger: Ledger, subject: str, until: str | None = None) -> bool:
    """Whether a subject is where a run should take it (default: as far as it goes), or beyond.

    Raises UserError for an ``until`` that is none of its states.
    """
    machine = machine_in(subject)
    if until is not None and machine.state(until) is None:
        states = ", ".join(each.name for each in machine.states)
        raise UserError(f"--until {until!r} is no state of a {machine.kind}.", remedy=f"Its states: {states}.")
    if isinstance(next_step(ledger, subject), Final):
        return True
    return until is not None and machine.rank(str(ledger.status(subject))) >= machine.rank(until)


def _near(ledger: Ledger, name: str) -> list[str]:
    names = dict(_names(ledger))
    words = [key for key in names if name.lower() and name.lower() in key]
    close = difflib.get_close_matches(name.lower(), names, n=3, cutoff=0.5)
    return list(dict.fromkeys(names[key] for key in [*words, *close]))[:3]


def _names(ledger: Ledger) -> Iterator[tuple[str, str]]:
    """What a person may have written → the slug that is right."""
    for subject in ledger.subjects("book"):
        slug, entry = name_of(subject), ledger.entry(subject)
        yield slug.lower(), slug
        yield str(entry.get("title") or slug).lower(), slug
        yield str(entry.get("fasttrack_entry") or slug), slug
