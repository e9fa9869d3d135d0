"""Which books of the booklist have an audit (unit-rubric §4.2 for the compat reading)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from codex.corpus.booklist import Book
from codex.planning.bullets import Audit, Mode

_SHORT_WORD = 3
#: Where an audit says which book it is about: its title, its front matter, or its first lines.
_STATED = re.compile(
    r"(?:Fast Track(?: entr(?:y|ies))?|fasttrack_entry)[:*\s\"']*(?P<first>[0-9]\.[0-9]{1,2}[a-z]?)"
    r"(?:\s*[–-]\s*(?P<last>[0-9]\.[0-9]{1,2}))?",
    re.IGNORECASE,
)
_HEADING = re.compile(r"^# .*(?:\n(?!\n).*)*", re.MULTILINE)
_BEGINNING = 6000


def unaudited(books: Iterable[Book], audits: Iterable[Audit], mode: Mode) -> Iterator[Book]:
    """The books without an audit, in the order of the list.

    Compat: no longer word of title or author is part of an audit's slug, which is very permissive. Extended: no audit
    says that it is about this entry, or, where audits say nothing, has both author and title in its slug.
    """
    listed = list(audits)
    slugs = [audit.slug for audit in listed]
    if mode == "compat":
        yield from (book for book in books if not _any_word_in(book, slugs))
        return
    stated = {entry for audit in listed for entry in entries_of(audit)}
    silent = [audit.slug for audit in listed if not entries_of(audit)]
    yield from (book for book in books if book.entry not in stated and not _is_about(book, silent))


def entries_of(audit: Audit) -> list[str]:
    """The booklist entries that an audit says it is about; several for a combined one (``2.04–2.09``)."""
    heading = _HEADING.search(audit.text[:_BEGINNING])
    for text in (heading[0] if heading else "", audit.text[:_BEGINNING]):
        found = _STATED.search(text)
        if found:
            return _range(found["first"], found["last"] or "")
    return []


def _range(first: str, last: str) -> list[str]:
    part, _, number = first.partition(".")
    start, end = number.rstrip("abcdefghijklmnopqrstuvwxyz"), last.partition(".")[2]
    if not end or last.partition(".")[0] != part or int(end) <= int(start):
        return [first]
    return [f"{part}.{n:0{len(start)}d}" for n in range(int(start), int(end) + 1)]


def _is_about(book: Book, slugs: Iterable[str]) -> bool:
    """Author and title both have a longer word in the slug."""
    return any(any(_inside(text, slug) for text in [book.author]) and _inside(book.title, slug) for slug in slugs)


def _inside(text: str, slug: str) -> bool:
    parts = slug.split("-")
    return any(word in parts for word in slugify(text).split("-") if len(word) > _SHORT_WORD)


def _any_word_in(book: Book, slugs: Iterable[str]) -> bool:
    words = [word for text in (book.title, book.author) for word in slugify(text).split("-")]
    return any(word in slug for word in words if len(word) > _SHORT_WORD for slug in slugs)


def slugify(text: str) -> str:
    """Lower case, hyphens for white space and underscores, no punctuation (unit-rubric §4.2)."""
    kept = re.sub(r"[^\w\s-]", "", text.lower())
    return re.sub(r"[\s_]+", "-", kept).strip("-")
