"""FASTTRACK_BOOKLIST.md: the books of the campaign, as rows of five-column tables (unit-rubric §4.3)."""

from __future__ import annotations

import re
from dataclasses import dataclass

PATH = "docs/catalogs/FASTTRACK_BOOKLIST.md"

_ROW = re.compile(r"^\|[ \t]*([0-9][0-9.]*[a-z]?)[ \t]*\|([^|\n]*)\|([^|\n]*)\|([^|\n]*)\|([^|\n]*)\|", re.MULTILINE)


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
