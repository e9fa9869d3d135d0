"""Where the books stand: by state, and book by book and pass by pass."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from codex.campaign.matrix import LAYERS, MARKS, Row, percent
from codex.oversight.sheet import Bar, Column, Line, Sheet, count, one_line
from codex.oversight.view import View
from codex.tracks.fasttrack.books import BOOK

#: What is shown for a book of the booklist that the ledger does not have.
NOT_BEGUN = "not in the ledger"
COVERED = "equivalence-covered"


@dataclass(frozen=True, slots=True)
class InState:
    """How many books are in a state."""

    state: str
    books: int


@dataclass(frozen=True, slots=True)
class Books:
    """Books of booklist and ledger by state, furthest first."""

    total: int
    covered: int
    in_ledger: int
    rows: tuple[InState, ...]

    def sheet(self) -> Sheet:
        told = f"{count(self.covered)} of {count(self.total)} covered"
        return Sheet(
            "Books by state",
            bars=(Bar("books", self.covered, self.total, told),),
            columns=(Column("state"), Column("books", right=True)),
            lines=tuple(Line((row.state, count(row.books))) for row in self.rows),
            empty="There are no books.",
        )


def books(view: View) -> Books:
    states = Counter(one_line(row.state, 60) or NOT_BEGUN for row in view.matrix)
    ordered = sorted(states.items(), key=lambda item: (item[0] == NOT_BEGUN, -BOOK.rank(item[0]), item[0]))
    return Books(
        total=len(view.matrix),
        covered=states[COVERED],
        in_ledger=sum(bool(row.state) for row in view.matrix),
        rows=tuple(InState(*item) for item in ordered),
    )


@dataclass(frozen=True, slots=True)
class Coverage:
    """The progress matrix: a row a book; passes as words, layers in percent (None: not known or not applicable)."""

    passes: tuple[str, ...]
    layers: tuple[str, ...]
    rows: tuple[Row, ...]

    def sheet(self) -> Sheet:
        heads = [Column("book"), Column("title"), Column("tier"), Column("state")]
        heads += [Column(name.partition("_")[0]) for name in self.passes]
        heads += [Column(layer.replace("_", " "), right=True) for layer in self.layers]
        return Sheet(
            "Books and passes",
            columns=tuple(heads),
            lines=tuple(_line(row) for row in self.rows),
            empty="There are no books.",
            note="✓ done, … under way, ✗ fell short, ○ a plan is on file that the ledger does not know, – open or not "
            "known.",
        )


def _line(row: Row) -> Line:
    shown = (one_line(row.entry, 12), one_line(row.title, 120), one_line(row.tier, 12))
    told = (*(each or "–" for each in shown), one_line(row.state, 60) or NOT_BEGUN)
    return Line((*told, *(MARKS[word] for word in row.passes), *map(percent, row.layers)))


def coverage(view: View) -> Coverage:
    return Coverage(BOOK.passes, LAYERS, view.matrix)
