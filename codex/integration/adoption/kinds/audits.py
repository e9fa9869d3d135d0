"""Audits against the booklist."""

from __future__ import annotations

import re
from collections.abc import Iterator

from codex.corpus import booklist
from codex.corpus.bookplan import FOLDER
from codex.integration.adoption.kind import Found, Kind
from codex.integration.adoption.view import View

#: How an audit names its number: "(Fast Track 1.12)", "FT 3.05", "fasttrack_entry: '3.35'".
_ENTRY = re.compile(r"(?:fast[ -]?track(?:[ _]entry)?|\bFT)[^0-9\n]{0,20}([0-9]\.[0-9]{1,2}[a-z]?)\b", re.IGNORECASE)
#: An audit names its book at its beginning; further on it names others.
_BEGINNING = 4_000


def entry_of(text: str) -> tuple[str, int]:
    """The number in the booklist that an audit gives at its beginning, and its line; "" and 1 when it gives none."""
    found = _ENTRY.search(text[:_BEGINNING])
    return (found[1], text.count("\n", 0, found.start(1)) + 1) if found else ("", 1)


def _find(view: View) -> Iterator[Found]:
    listed = {book.entry for book in view.books}
    for path in view.snapshot.under(FOLDER, ".md"):
        if path.count("/") != FOLDER.count("/") + 1:
            continue
        entry, line = entry_of(view.text(path))
        if not entry:
            yield Found(path, None, "it does not say which number of the booklist it is about")
        elif entry not in listed:
            yield Found(path, line, f"it is about number {entry}, which {booklist.PATH} lacks")


KIND = Kind(
    name="unlisted-audits",
    group="books",
    title="audits of a book that the booklist lacks, or that do not name its number",
    means="The booklist was renumbered, or the audit is of a book beside the list: it cannot be counted as done.",
    mends="Write the number into the audit (`Fast Track 1.04`), or add the row to the booklist.",
    find=_find,
)
