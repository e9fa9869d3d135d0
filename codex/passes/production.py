"""P4: produce one unit, new or deepened. A draft ships only at all checks, with its evidence found in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from codex.campaign.limits import thresholds_of
from codex.campaign.owed import Deliverable
from codex.check import UnitResult, check_text
from codex.check.defects import Defect, defects_of, unjudged
from codex.continuity.corpus import registered_anchors
from codex.continuity.measure import UnitContinuity, measure
from codex.continuity.thresholds import Threshold, shortfalls, value
from codex.corpus import catalog
from codex.integration.proposal import CatalogEntry, CatalogId, ConnectionProposal, UnitChange
from codex.passes.base import Changes, Pass, Verdict
from codex.passes.bookcontext import BookContext
from codex.passes.briefing.case import Case
from codex.passes.briefing.parts import parts
from codex.passes.coverage import row_list
from codex.passes.equivalence import TESTS, place_problem
from codex.passes.evidence import locate
from codex.passes.harmless import harmful
from codex.passes.kept import losses
from codex.snapshot import Snapshot
from codex.tracks.fasttrack import names
from codex.units import TIERS, Unit, parse_unit
from codex.units.edits import EditProblem, UnitEdit, apply_edits

#: Results that the rubric's checks give at least for a unit with all three tiers (unit-rubric §1.6).
ALL_CHECKS = 27


class _Reply(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RowEvidence(_Reply):
    """Where the draft teaches one of the rows it was asked to cover."""

    row: str
    heading: str
    quote: str = Field(description="a sentence copied exactly from under that heading (at least 6 words)")


class ProposedConnection(_Reply):
    """A connection that is not registered; it waits for a decision, it is never invented into the registry."""

    from_concept: CatalogId
    to_concept: CatalogId
    type: Literal[
        "generalisation", "specialisation", "analogy", "dual", "foundation-of", "limit", "equivalence", "recurrence",
        "bridging-theorem",
    ]  # fmt: skip
    strength: Literal["load-bearing", "synthesis", "lateral"]
    anchor_phrase: str = Field(min_length=8, max_length=200)
    synthesis_note: str = ""
    rationale: str = ""


class ProductionReply(_Reply):
    """A unit: either the whole file (``unit``) or edits to the text that the brief shows (``edits``), not both."""

    unit: str = Field(default="", description="the whole Markdown file, front matter included")
    edits: list[UnitEdit] = Field(default_factory=list)
    evidence: list[RowEvidence] = Field(description="one entry for each row the brief asks for")
    catalog_title: str = ""
    catalog_notes: str = ""
    connections: list[ProposedConnection] = Field(default_factory=list)

    @model_validator(mode="after")
    def _one_of_both(self) -> ProductionReply:
        if bool(self.unit.strip()) == bool(self.edits):
            raise ValueError("give either `unit` (the whole file) or `edits`, exactly one of them")
        return self


def base_text(context: BookContext) -> str | None:
    """The text that edits apply to: the draft of the attempt before, else the shipped unit; None for a first draft."""
    if context.failure and context.failure.draft is not None:
        return context.failure.draft
    shipped = context.units.get(context.deliverable.id)
    return shipped.data.decode("utf-8", "replace") if shipped else None


def draft_of(context: BookContext, reply: ProductionReply) -> str:
    """The full text of the unit that a reply means; raises EditProblem."""
    return _text_after(reply, base_text(context), path_of(context))


def carried(reply: ProductionReply, before: str | None, path: str) -> str | None:
    """What the next attempt starts from: the text that a reply makes, or the one before it when its edits make none."""
    try:
        return _text_after(reply, before, path)
    except EditProblem:
        return before


def _text_after(reply: ProductionReply, before: str | None, path: str) -> str:
    if reply.unit.strip():
        return reply.unit if reply.unit.endswith("\n") else reply.unit + "\n"
    if before is None:
        raise EditProblem("there is no earlier text to edit; hand in the whole file in `unit`")
    return apply_edits(parse_unit(before.encode(), path), reply.edits)


def path_of(context: BookContext) -> str:
    """Where the unit stands or will stand."""
    wanted = context.deliverable
    shipped = context.units.get(wanted.id)
    return shipped.path if shipped else context.corpus.place(wanted.id, wanted.slug)


def variables(context: BookContext) -> dict[str, Any]:
    wanted, case = context.deliverable, Case(context, path_of(context))
    return {
        "title": "" if context.queued else context.book["title"],
        "unit_title": case.title,
        "wanted": wanted,
        "action": wanted.action,
        "path": case.path,
        "concept": case.concept,
        "rows": [row for row in row_list(context.inventory) if row["id"] in wanted.rows] if wanted.rows else [],
        "notation": context.crosswalk,
        "in_flight_beside": [d for d in context.deliverables if d.id != wanted.id],
        "current": base_text(context),
        **parts(case),
    }


def desk(context: BookContext) -> Snapshot:
    """The snapshot that drafts are checked in: a queued unit's concept is in its catalog, as it will be with the unit.

    (The concepts of a book's units are entered with its plan.)
    """
    wanted = context.deliverable
    if wanted.action != "new" or not wanted.concept or wanted.concept in context.corpus.catalog:
        return context.snapshot
    entry = catalog.Entry(slug=wanted.concept, title=wanted.title, unit=wanted.id)
    text = catalog.insert_entry(context.snapshot.text(catalog.PATH, catalog.EMPTY), entry)
    return context.snapshot.with_changes({catalog.PATH: text.encode()})


def gate(context: BookContext, reply: ProductionReply) -> Verdict:
    wanted, path = context.deliverable, path_of(context)
    try:
        text = draft_of(context, reply)
    except EditProblem as exc:
        return Verdict((Defect("edits", f"{exc}", "EDIT"),))
    shipped = context.units.get(wanted.id)
    unit = parse_unit(text.encode(), path)
    place = path if shipped else context.corpus.place_draft(unit, wanted.id, wanted.slug)
    result = check_text(desk(context), place, unit.data, policy=context.policy)
    defects = [
        *harmful(reply),
        *defects_of(result),
        *_identity(context, unit),
        *_evidence(context, unit, reply),
        *_continuity(context, unit, shipped),
        *(losses(shipped, unit) if shipped else [*unjudged(result), *_whole(unit, result)]),
        *unknown_concepts(context, reply.connections),
    ]
    return Verdict(tuple(defects), {"checks": result.tally})


def _whole(unit: Unit, result: UnitResult) -> Iterator[Defect]:
    """Checks that do not apply are not passed: a unit without one of its tiers has fewer of them."""
    if not result.error and not all(unit.tier_texts[tier].strip() for tier in TIERS):
        what = f"only {len(result.checks)} checks apply to it, {ALL_CHECKS} to a unit with text in all three tiers"
        yield Defect("unit", what, "TIERS")


def _identity(context: BookContext, unit: Unit) -> Iterator[Defect]:
    wanted = context.deliverable
    expected = {"id": wanted.id, "status": "shipped"}
    if wanted.action == "new":
        expected |= {"slug": wanted.slug, "concept_catalog_id": wanted.concept}
    for key, right in expected.items():
        if unit.text_value(key) != right:
            yield Defect("front matter", f"{key} is {unit.text_value(key)!r}, it must be {right!r}")
    possible = set(Case(context, path_of(context)).prerequisites)  # one that is not even announced cannot be named
    missing = set(wanted.prerequisites) & possible - set(unit.prerequisites)
    if missing:
        yield Defect("front matter", f"prerequisites lack {', '.join(sorted(missing))}, which the plan names")


def _evidence(context: BookContext, unit: Unit, reply: ProductionReply) -> Iterator[Defect]:
    given = {e.row: e for e in reply.evidence}
    for row_id in context.deliverable.rows:
        row = context.inventory.rows.get(row_id)
        if row is None or row.layer not in TESTS:
            continue
        if row_id not in given:
            yield Defect(row_id, "this row was asked for and the reply gives no evidence for it")
            continue
        place, problem = locate(unit, unit.id, given[row_id].heading, given[row_id].quote)
        problem = problem or (place_problem(place, row, context.book_name) if place else "")
        if problem:
            yield Defect(row_id, problem)


def _continuity(context: BookContext, unit: Unit, shipped: Unit | None) -> Iterator[Defect]:
    """What the unit lacks by itself; of a deepened one only what the shipped version did not lack."""
    anchors, thresholds = registered_anchors(context.snapshot), thresholds_of(context.snapshot)
    before = _lacks(measure(shipped.data, shipped.path, anchors), thresholds) if shipped else {}
    for key, lack in _lacks(measure(unit.data, unit.path, anchors), thresholds).items():
        if key not in before:
            yield Defect("continuity", lack, "CONTINUITY")


def _lacks(figures: UnitContinuity, thresholds: Sequence[Threshold]) -> dict[str, str]:
    """Metric → what the unit lacks of it."""
    short = [t.key for t in thresholds if getattr(figures, t.tier) and value(figures, t) < t.minimum]
    return dict(zip(short, shortfalls(figures, thresholds), strict=True))


def unknown_concepts(context: BookContext, proposed: Sequence[ProposedConnection]) -> Iterator[Defect]:
    """A connection is between two concepts of the catalog, also one that is only proposed."""
    for number, each in enumerate(proposed, 1):
        for concept in (each.from_concept, each.to_concept):
            if concept not in context.corpus.catalog:
                yield Defect(f"connections[{number}]", f"the catalog has no concept {concept!r}")


def changes(context: BookContext, reply: ProductionReply, verdict: Verdict) -> Changes:
    del verdict
    wanted, text = context.deliverable, draft_of(context, reply)
    shipped = context.units.get(wanted.id)
    unit = UnitChange(
        action="deepen" if shipped else "new",
        id=wanted.id,
        slug=shipped.slug if shipped else wanted.slug,
        text=text,
        expected_blob=context.snapshot.blobs()[shipped.path] if shipped else None,
        attempt=context.attempt,
        catalog=None if shipped else _catalog_entry(context, wanted, reply),
        reason=wanted.spec[:300],
    )
    verb = "Deepen" if shipped else "Ship"
    title = f"{verb} {wanted.id} {wanted.title or (shipped.title if shipped else '')}"
    return Changes(title=title, units=(unit,), connections=tuple(_proposals(wanted.id, reply)))


def _catalog_entry(context: BookContext, wanted: Deliverable, reply: ProductionReply) -> CatalogEntry:
    concepts = (context.units[u].text_value("concept_catalog_id") for u in wanted.prerequisites if u in context.units)
    return CatalogEntry(
        slug=wanted.concept,
        title=reply.catalog_title or wanted.title,
        prerequisites=tuple(dict.fromkeys(filter(None, concepts))),
        notes=" ".join(reply.catalog_notes.split()),
        unit=wanted.id,
    )


def _proposals(unit: str, reply: ProductionReply) -> Iterator[ConnectionProposal]:
    for each in reply.connections:
        yield ConnectionProposal(**each.model_dump(), appears_in_units=(unit,))


PRODUCTION = Pass(
    name=names.PRODUCTION,
    title="production",
    reply_model=ProductionReply,
    prompt="production",
    tools=("read_unit", "search_corpus", "lookup_concept", "list_connections", "check_draft", "measure_continuity"),
    context=BookContext,
    variables=variables,
    gate=gate,
    changes=changes,
    desk=desk,
    carried=carried,
)
