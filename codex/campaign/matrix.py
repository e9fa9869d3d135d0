"""The progress matrix: one row a book, one column a pass, and the seven layers of equivalence (curriculum §2).

Computed from the ledger document, the booklist and the plans of one snapshot, and from nothing else: no clock, no
commit. So ``manifests/fasttrack_coverage.md`` is the same bytes whoever renders it, and can be checked at any time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from codex.campaign.definition import tier_letter
from codex.corpus import booklist
from codex.corpus.booklist import Book
from codex.corpus.bookplan import FOLDER as PLANS
from codex.corpus.markdown import table_lines
from codex.snapshot import Snapshot
from codex.tracks.fasttrack.books import BOOK

PATH = "manifests/fasttrack_coverage.md"

#: The layers in the order of curriculum §1, by the names that the gates give them.
LAYERS = ("theorem", "exercise", "worked_example", "notation", "sequencing", "intuition", "application")

DONE, UNDER_WAY, SHORT, ON_FILE, OPEN = "done", "under way", "short", "on file", "open"
#: What a pass's record in the ledger says, also in words of other ages → what the matrix says.
_WORDS = {"completed": DONE, "in-progress": UNDER_WAY, "failed": SHORT, "needs-rework": SHORT}
#: How a cell is written in Markdown.
MARKS = {DONE: "✓", UNDER_WAY: "…", SHORT: "✗", ON_FILE: "○", OPEN: "–"}

#: An audit names its book near its beginning: "(Fast Track 1.12)", "2.04–2.09", "fasttrack_entry: '3.35'".
_NUMBER = r"[0-9]\.[0-9]{1,3}"
_ENTRY = re.compile(
    rf"(?:fast[ -]track(?: entry)?|fasttrack_entry)[^0-9]{{0,12}}({_NUMBER}[a-z]?)(?: ?[–-] ?({_NUMBER}))?",
    re.IGNORECASE,
)
_BEGINNING = 4000
#: A share as the fourth cell of a scorecard's row (curriculum §2, 2.8: layer, captured, total, %, status).
_SHARE = re.compile(r"~?([0-9]{1,3}(?:\.[0-9]{1,3})?) ?%")
_FIRST_WORDS = {layer.partition("_")[0]: layer for layer in LAYERS}
_WORD = re.compile(r"[a-z]{4,}")


@dataclass(frozen=True, slots=True)
class Row:
    """One book. ``passes``: a word for each pass of the machine; ``layers``: percent for each layer, None: unknown."""

    entry: str
    slug: str
    title: str
    tier: str
    state: str
    passes: tuple[str, ...]
    layers: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class _Filed:
    """What a plan document says that the matrix needs: its book's number, and layer → percent of its scorecards.

    ``last`` is the number of the last book where the plan is for several in a row, else that of the only one.
    """

    slug: str
    entry: str
    last: str
    layers: Mapping[str, float]


def matrix(document: Mapping[str, Any], snapshot: Snapshot) -> tuple[Row, ...]:
    """The rows: the booklist in its order, each with its ledger entry if it has one, then the ledger's other books.

    ``document`` is the content of campaign.json, of any age: what cannot be used in it counts as unknown.
    """
    listed = booklist.parse(snapshot.any_text(booklist.PATH))
    filed = {plan.slug: plan for plan in _plans(snapshot)}
    shelf = document.get("books")
    ledger = (
        {slug: entry for slug, entry in shelf.items() if isinstance(entry, dict)} if isinstance(shelf, dict) else {}
    )
    by_entry = {str(entry.get("fasttrack_entry")): slug for slug, entry in ledger.items()}
    rows = [_row(book, ledger, by_entry.get(book.entry, ""), _plan_of(book, filed)) for book in listed]
    shown = {row.slug for row in rows}
    rest = (slug for slug in ledger if slug not in shown)
    return (*rows, *(_row(None, ledger, slug, filed.get(slug)) for slug in rest))


def render(rows: Sequence[Row]) -> str:
    """The document of ``manifests/fasttrack_coverage.md``."""
    covered = sum(row.state == "equivalence-covered" for row in rows)
    heads = ["Book", "Title", "Tier", "State", *(name.partition("_")[0] for name in BOOK.passes)]
    heads += [layer.replace("_", " ") for layer in LAYERS]
    lines = [
        "# Coverage",
        "",
        f"{covered} of {len(rows)} books are equivalence-covered.",
        "",
        (
            "Passes: ✓ done, … under way, ✗ fell short, ○ a plan is on file that the ledger does not know, – open. "
            "Layers: percent of the book's inventory that the corpus covers, from the newest scorecard; – not known or "
            "not applicable."
        ),
        "",
        *table_lines(heads, map(_cells, rows), range(len(heads) - len(LAYERS), len(heads))),
    ]
    return "\n".join(lines) + "\n"


def percent(share: float | None) -> str:
    """``95.8 %``, ``100 %``; a dash for what is not known."""
    return "–" if share is None else f"{share:.1f}".removesuffix(".0") + " %"


def _cells(row: Row) -> list[str]:
    told = [row.entry or "–", row.title or row.slug, row.tier or "–", row.state or "not begun"]
    return [_plain(cell) for cell in told] + [MARKS[word] for word in row.passes] + [percent(p) for p in row.layers]


_SAFE = str.maketrans({"&": "&amp;", "<": "&lt;", "|": "\\|", "`": "'", "[": "\\[", "!": "\\!"})


def _plain(text: str) -> str:
    """One line without markup of its own: titles come from agents and files."""
    return " ".join(text.split()).translate(_SAFE)


def _row(book: Book | None, ledger: Mapping[str, Any], slug: str, plan: _Filed | None) -> Row:
    entry = ledger.get(slug, {})
    status = entry.get("status")
    state = BOOK.aliases.get(status, status) if isinstance(status, str) else ""
    return Row(
        entry=book.entry if book else str(entry.get("fasttrack_entry") or ""),
        slug=slug or (plan.slug if plan else ""),
        title=str(entry.get("title") or (f"{book.author}, {book.title}" if book else slug)),
        tier=tier_letter(entry.get("tier")) or "",
        state=state,
        passes=_passes(entry, state, filed=plan is not None),
        layers=_layers(entry, plan),
    )


def _passes(entry: Mapping[str, Any], state: str, *, filed: bool) -> tuple[str, ...]:
    """What became of each pass. A state that only its success leads to proves it done, whatever the record says."""
    if not state:
        return (ON_FILE if filed else OPEN, *[OPEN] * (len(BOOK.passes) - 1))
    reached = BOOK.rank(_reached(entry, state))
    records = entry.get("passes")
    there = records if isinstance(records, dict) else {}
    return tuple(DONE if reached >= _RANKS[name] else _recorded(there.get(name)) for name in BOOK.passes)


def _recorded(record: object) -> str:
    return _WORDS.get(str(record.get("status")), OPEN) if isinstance(record, dict) else OPEN


def _reached(entry: Mapping[str, Any], state: str) -> str:
    """The state that counts: where a person is waited for, the one before."""
    waiting = entry.get("escalation")
    before = waiting.get("from") if isinstance(waiting, dict) else None
    return str(before) if before else state


#: How far a book is on its way once a pass has succeeded for good.
_RANKS = {
    name: max(BOOK.rank(t.target) for t in BOOK.transitions if t.pass_name == name and t.outcome == "success")
    for name in BOOK.passes
}


def _layers(entry: Mapping[str, Any], plan: _Filed | None) -> tuple[float | None, ...]:
    """The newest scorecard that a gate computed; else the last one that the plan document states."""
    computed = _computed(entry)
    if computed is not None:
        return tuple(_share(computed.get(layer)) for layer in LAYERS)
    # A plan's scorecard tells of the time before production; of what came of that it tells nothing.
    stale = BOOK.rank(_reached(entry, str(entry.get("status")))) > BOOK.rank("production-ready")
    shares = {} if stale or plan is None else plan.layers
    return tuple(_share(shares.get(layer)) for layer in LAYERS)


def _computed(entry: Mapping[str, Any]) -> dict[object, object] | None:
    """Layer → percent as the last gate found them; None when no gate has."""
    passes = entry.get("passes")
    records = [passes.get(name) for name in ("P5_verification", "P2_gap")] if isinstance(passes, dict) else []
    lists = (record.get("coverage") for record in records if isinstance(record, dict))
    found = next((each for each in lists if isinstance(each, list)), None)
    if found is None:
        return None
    return {str(each.get("layer")): each.get("percentage") for each in found if isinstance(each, dict)}


def _share(value: object) -> float | None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if number and 0 <= value <= 100 else None  # type: ignore[arg-type,operator]


def _plans(snapshot: Snapshot) -> Iterator[_Filed]:
    """Every plan document; a version that this process has read before is not read again."""
    blobs = snapshot.blobs()
    for path in snapshot.under(PLANS, ".md"):
        if path.count("/") == PLANS.count("/") + 1:
            key = path, blobs[path]
            if key not in _read:
                _read[key] = _filed_in(path, snapshot.any_text(path))
            yield _read[key]


_read: dict[tuple[str, str], _Filed] = {}


def _filed_in(path: str, text: str) -> _Filed:
    named = _ENTRY.search(" ".join(text[:_BEGINNING].split()))
    entry = named[1] if named else ""
    layers: dict[str, float] = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split("|")] if line.startswith("|") else []
        layer = _FIRST_WORDS.get(cells[1].partition(" ")[0].lower().removesuffix("s")) if len(cells) > 5 else None
        share = _SHARE.fullmatch(cells[4]) if layer else None
        if layer and share:
            layers.setdefault(layer, float(share[1]))
    return _Filed(path.rpartition("/")[2].removesuffix(".md"), entry, (named and named[2]) or entry, layers)


def _plan_of(book: Book, filed: Mapping[str, _Filed]) -> _Filed | None:
    """The plan that names the book's number; else one that names none, by at least two words of title and author."""
    named = next((plan for plan in filed.values() if plan.entry <= book.entry <= plan.last and plan.entry), None)
    if named:
        return named
    words = set(_WORD.findall(f"{book.title} {book.author}".lower()))
    return next((p for p in filed.values() if not p.entry and len(words & set(p.slug.split("-"))) > 1), None)
