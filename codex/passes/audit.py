"""P1: audit a book from public sources. Seven inventories, each row with its sources (curriculum.md §2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Any

from codex.campaign import plantext
from codex.campaign.limits import LEAST_SOURCES
from codex.check.defects import Defect
from codex.integration.proposal import PlanSection
from codex.passes.base import Changes, Pass, Verdict
from codex.passes.bookcontext import BookContext
from codex.passes.harmless import harmful
from codex.passes.inventory import LAYERS, ROLES, AuditReply, Item, Layer, render_section
from codex.passes.sources import CHECKS, canonical_locator, shown_locator
from codex.passes.tables import cell
from codex.tracks.fasttrack import names


def variables(context: BookContext) -> dict[str, Any]:
    book = context.book
    return {
        "title": book["title"],
        "authors": book.get("authors", ""),
        "year": book.get("year", ""),
        "scope": book.get("scope", "the whole book"),
        "min_sources": LEAST_SOURCES,
    }


def gate(context: BookContext, reply: AuditReply) -> Verdict:
    del context
    defects = [*harmful(reply), *_sources(reply), *_contents(reply), *_rows(reply), *_empty(reply)]
    defects = defects or list(_unfilled(reply))
    figures: dict[str, int] = {str(layer): len(items) for layer, items in reply.items().items()}
    return Verdict(tuple(defects), {"contents": len(reply.contents), **figures, "sources": len(reply.sources)})


def _sources(reply: AuditReply) -> Iterator[Defect]:
    numbers = Counter(source.number for source in reply.sources)
    yield from (Defect(f"source {n}", "this number is used twice") for n, times in numbers.items() if times > 1)
    sound = set()
    for source in reply.sources:
        problem = CHECKS[source.kind](source.locator)
        if problem:
            yield Defect(f"source {source.number}", problem, "SOURCE")
        else:
            sound.add(canonical_locator(source.kind, source.locator))
    if len(sound) < LEAST_SOURCES:
        yield Defect(
            "sources", f"{len(sound)} distinct well-formed sources; at least {LEAST_SOURCES} are needed", "SOURCE"
        )


def _contents(reply: AuditReply) -> Iterator[Defect]:
    counted = Counter(cell(line.ref) for line in reply.contents)
    yield from (Defect(ref, "this reference stands twice in the contents") for ref, n in counted.items() if n > 1)


def _rows(reply: AuditReply) -> Iterator[Defect]:
    numbers = {source.number for source in reply.sources}
    refs = {line.ref for line in reply.contents}
    seen: Counter[str] = Counter(item.id for items in reply.items().values() for item in items)
    yield from (Defect(row, "this row id is used twice") for row, n in seen.items() if n > 1)
    for layer, items in reply.items().items():
        for item in items:
            if item.id[0] != LAYERS[layer][0]:
                yield Defect(item.id, f"ids of the {layer} inventory begin with {LAYERS[layer][0]}")
            if item.place not in refs:
                yield Defect(item.id, f"its place {item.place!r} is not in the contents")
            if not set(item.sources) <= numbers:
                yield Defect(item.id, "it cites a source number that is not listed", "SOURCE")
            problem = _label_problem(layer, item, refs)
            if problem:
                yield Defect(item.id, problem)


def _label_problem(layer: Layer, item: Item, refs: AbstractSet[str]) -> str:
    """What is wrong with the label, in the inventories where it is more than a name (curriculum.md §1)."""
    if layer == "exercise" and item.label not in ROLES:
        return f"its label is {item.label!r}; an exercise is {', '.join(ROLES[:-1])} or {ROLES[-1]}"
    if layer == "sequencing" and item.label not in refs:
        return f"the used section {item.label!r} is not in the contents"
    if layer == "sequencing" and item.label == item.place:
        return "an arrow leads from one section to another, this one stays in its own"
    return ""


def _empty(reply: AuditReply) -> Iterator[Defect]:
    stated: Counter[Layer] = Counter(none.inventory for none in reply.none_stated)
    numbers = {source.number for source in reply.sources}
    for layer, items in reply.items().items():
        if not items and not stated[layer]:
            yield Defect(layer, "this inventory is empty; state in none_stated why, with a source")
        if items and stated[layer]:
            yield Defect(layer, "none_stated says that there is none, and the inventory has rows")
        if stated[layer] > 1:
            yield Defect(layer, "none_stated speaks of this inventory more than once")
    for none in reply.none_stated:
        if not set(none.sources) <= numbers:
            yield Defect(none.inventory, "the statement that there is none cites no listed source", "SOURCE")


def _unfilled(reply: AuditReply) -> Iterator[Defect]:
    """Parts of §1 that the ledger would not take for filled: a reason or a perspective of hardly a word."""
    found = plantext.sections(render_section(reply))
    for number in (*(number for _, number, _ in LAYERS.values()), "1.7"):
        if not plantext.is_filled(found.get(number, "")):
            yield Defect(f"§{number}", "this part of the audit says next to nothing; write it out")


def changes(context: BookContext, reply: AuditReply, verdict: Verdict) -> Changes:
    del verdict
    return _changes(context, reply, "audited")


def salvage(context: BookContext, reply: AuditReply) -> Changes | None:
    """What stands of an audit that failed: its sound rows, for topic equivalence only (protocol §6, pass 1).

    None when the audit holds something harmful, or no sound theorem row to go on with.
    """
    defects = gate(context, reply).defects
    wrong = {defect.where for defect in defects}
    inventories = {name: [row for row in getattr(reply, name) if row.id not in wrong] for name in _INVENTORIES}
    if any(harmful(reply)) or not inventories["theorems"]:
        return None
    return _changes(context, reply.model_copy(update=inventories), "audit-degraded")


_INVENTORIES = ("theorems", "exercises", "examples", "notation", "sequencing", "applications")


def _changes(context: BookContext, reply: AuditReply, status: str) -> Changes:
    book = context.book
    isbns = [shown_locator("isbn", source.locator) for source in reply.sources if source.kind == "isbn"]
    front = {
        "book": book["title"],
        "authors": book.get("authors", ""),
        "year": book.get("year", ""),
        "publisher": book.get("publisher", ""),
        "isbn": next(iter(isbns), ""),
        "fasttrack_entry": book.get("fasttrack_entry", ""),
        "subject": context.subject,
        "scope": book.get("scope", ""),
        "plan_status": status,
        "sources_consulted": len(reply.sources),
    }
    section = PlanSection(number=1, markdown=render_section(reply), front_matter=front)
    return Changes(title=f"Audit {book['title']}", sections=(section,))


AUDIT = Pass(
    name=names.AUDIT,
    title="audit",
    reply_model=AuditReply,
    prompt="audit",
    tools=(),
    context=BookContext,
    variables=variables,
    gate=gate,
    changes=changes,
    salvage=salvage,
)
