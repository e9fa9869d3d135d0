"""What of a corpus of thousands matters for one book: units, concepts and connections, the most relevant first.

Relevant is what shares words with the book's inventory, in title and headings, and what stands in a chapter with such
units. Briefs show as many as their budget has room for; the tools find the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from codex.agents.search import rank
from codex.corpus.quoting import line
from codex.passes.bookcontext import BookContext
from codex.prompts.fitting import Shelf
from codex.units import Unit

#: What the best unit of a chapter lends to its neighbours, as a share of its own score.
_LENT = 0.5
#: Units whose concepts and connections count as the book's surroundings.
_NEAR = 60
#: More than these are not listed, whatever room there is: what shares little with a book is found by searching.
_UNITS, _CONCEPTS, _CONNECTIONS = 300, 400, 120
_BLANKS = str.maketrans(".-", "  ")
#: Units from which on headings that half of them have are not listed.
_MANY = 12


def relevant_units(context: BookContext, first: Iterable[str] = ()) -> list[str]:
    """Every shipped unit by id: ``first`` those that earlier passes named, then the others by what they share."""
    scores = _scores(context)
    ranked = sorted(context.shipped, key=lambda u: (-scores.get(u, 0.0), u))
    return list(dict.fromkeys([*(u for u in first if u in context.shipped), *ranked]))


def _scores(context: BookContext) -> dict[str, float]:
    """Unit → how much it shares with the inventory, what its chapter lends it included; units that share nothing and
    stand near none that does are left out.
    """
    outlines = {
        u: "\n".join([unit.title] * 2 + [h.title for h in unit.headings]) for u, unit in context.shipped.items()
    }
    own = {hit.name: hit.score for hit in rank(_words(context), outlines, outlines.__getitem__, len(outlines))}
    chapters: dict[str, float] = {}
    for unit_id, score in own.items():
        chapters[unit_id[:5]] = max(chapters.get(unit_id[:5], 0.0), score)
    return {u: own.get(u, 0.0) + _LENT * chapters[u[:5]] for u in context.shipped if u[:5] in chapters}


def _surroundings(context: BookContext) -> list[str]:
    """The concepts of the most relevant units."""
    scores = _scores(context)
    near = sorted(scores, key=lambda u: (-scores[u], u))[:_NEAR]
    return [context.shipped[u].text_value("concept_catalog_id") for u in near]


def _words(context: BookContext) -> str:
    rows = (f"{row.label} {row.statement}" for row in context.inventory.rows.values())
    return " ".join([str(context.book["title"]), *rows])


def outline_shelf(context: BookContext, first: Iterable[str] = ()) -> Shelf:
    """The units of a brief, a line each: id, title, prerequisites, headings."""
    usual = _usual_headings(context.shipped.values())
    lines = [_outline(unit_id, context.shipped[unit_id], usual) for unit_id in relevant_units(context, first)]
    return Shelf("units", tuple(lines), 1, "search_corpus and read_unit find the others", 10, _UNITS)


def _usual_headings(units: Iterable[Unit]) -> frozenset[str]:
    """Headings that say nothing of a unit because half of the units have them."""
    every = list(units)
    counted = Counter(title for unit in every for title in {h.title for h in unit.headings if h.level == 2})
    return frozenset(t for t, n in counted.items() if len(every) >= _MANY and n * 2 >= len(every))


def _outline(unit_id: str, unit: Unit, usual: frozenset[str]) -> str:
    headings = [h for h in unit.headings if h.level == 2 and h.title not in usual]
    listed = " · ".join(f"{h.title} [{h.marker}]" if h.marker else h.title for h in headings)
    before = ", ".join(unit.prerequisites) or "none"
    return f"`{unit_id}` {line(unit.title)} (prerequisites: {before})" + (f": {line(listed)}" if listed else "")


def concept_shelf(context: BookContext) -> Shelf:
    """Catalog ids: those of relevant units first, then by their words."""
    catalog = context.corpus.catalog
    slugs = list(dict.fromkeys(entry.slug for entry in catalog.entries))
    taught = _surroundings(context)
    spoken = {slug: f"{slug.translate(_BLANKS)} {catalog.keys(slug).get('title', '')}" for slug in slugs}
    worded = [hit.name for hit in rank(_words(context), slugs, spoken.__getitem__, len(slugs))]
    known = set(slugs)
    ordered = dict.fromkeys(c for c in [*taught, *worded, *slugs] if c in known)
    return Shelf("catalog ids", tuple(ordered), 3, "lookup_concept finds the others", 10, _CONCEPTS)


def connection_shelf(context: BookContext) -> Shelf:
    """Registered connections between relevant concepts first, then those with one such end, then the others."""
    near = set(_surroundings(context))
    listed = context.corpus.connections.connections
    ordered = sorted(listed, key=lambda c: -((c.source in near) + (c.target in near)))
    lines = (f"{c.id}: {c.source} → {c.target} ({c.type}), anchor phrase “{line(c.anchor_phrase)}”" for c in ordered)
    return Shelf("registered connections", tuple(lines), 2, "list_connections finds the others", 5, _CONNECTIONS)
