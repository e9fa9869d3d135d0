"""The books of the campaign: FASTTRACK_BOOKLIST.md, rows of five-column tables (unit-rubric §4.3), and booklist.json.

The Markdown table is what everything reads; the JSON file has the same rows with what the table has no column for
(section, slug, tier), and is what a new workspace's table is made from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from codex.corpus.jsonfile import loads_object
from codex.errors import DataError

PATH = "docs/catalogs/FASTTRACK_BOOKLIST.md"

_ROW = re.compile(r"^\|[ \t]*([0-9][0-9.]*[a-z]?)[ \t]*\|([^|\n]*)\|([^|\n]*)\|([^|\n]*)\|([^|\n]*)\|", re.MULTILINE)

#: The status of a book of which nobody has said how to get it (unit-rubric §4.3).
UNKNOWN = "?"


@dataclass(frozen=True, slots=True)
class Book:
    """One row. ``entry`` is the book's number in the list (``1.05a``); ``status`` how to get it, bold marks removed."""

    entry: str
    title: str
    author: str
    topic: str
    status: str


def parse(text: str) -> tuple[Book, ...]:
    """The rows in the order of the file; everything that is no data row is passed over."""
    return tuple(
        Book(row[1], row[2].strip(), row[3].strip(), row[4].strip(), row[5].replace("**", "").strip())
        for row in _ROW.finditer(text)
    )


def find(books: tuple[Book, ...], entry: str) -> Book | None:
    """The book with this number."""
    return next((book for book in books if book.entry == entry), None)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of booklist.json. What nobody has filled in yet is "" (``tier``: None)."""

    entry: str
    section: int
    slug: str = ""
    title: str = ""
    author: str = ""
    tier: str | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """booklist.json: the names of the sections by number, and the rows in order."""

    sections: Mapping[int, str]
    rows: tuple[Row, ...]


def parse_listing(text: str, where: str) -> Listing:
    """The document; raises DataError naming ``where`` and the row when it has another shape."""
    document = loads_object(text, where)
    sections, rows = document.get("sections"), document.get("rows")
    if not isinstance(sections, dict) or not isinstance(rows, list):
        raise DataError(f"{where} must have `sections` and `rows`.", remedy="Mend the file.")
    named = {int(number): str(name) for number, name in sections.items() if number.isdecimal()}
    return Listing(named, tuple(_row(row, f"{where}, row {number}") for number, row in enumerate(rows, 1)))


def _row(row: Any, where: str) -> Row:
    try:
        return Row(**row)
    except TypeError as exc:
        raise DataError(
            f"{where} has another shape.", remedy="A row has `entry` and `section`, and a book's data."
        ) from exc


def render(listing: Listing) -> str:
    """The Markdown table of a new workspace; cells that nobody has filled in are empty."""
    return "\n".join(_lines(listing)) + "\n"


def _lines(listing: Listing) -> Iterator[str]:
    yield "# Booklist"
    yield ""
    yield "Status: **FREE**, PD (public domain), BUY, or ? while it is not known."
    yield "A book needs title and author before it can be audited."
    for section, rows in groupby(listing.rows, key=lambda row: row.section):
        yield ""
        yield f"## {listing.sections.get(section, f'Section {section}')}"
        yield ""
        yield "| # | Title | Author | Topic | Status |"
        yield "|---|-------|--------|-------|--------|"
        for row in rows:
            yield f"| {row.entry} | {_cell(row.title)} | {_cell(row.author)} |  | {UNKNOWN} |"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "/").split())


def unnamed(books: Sequence[Book]) -> list[Book]:
    """The books that have no title yet."""
    return [book for book in books if not book.title]
