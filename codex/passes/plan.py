"""P3: the production plan: which units to write and to deepen so that every gap row is taught (curriculum.md §2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any

from codex.corpus.deps import Edge
from codex.integration.proposal import CatalogEntry, EdgeChange, PlanSection
from codex.passes.base import Changes, Pass, Verdict
from codex.passes.bookcontext import BookContext
from codex.passes.context import Deliverable
from codex.passes.coverage import named_units, read_answers, read_statuses, row_list
from codex.passes.equivalence import TESTS, Defect
from codex.passes.harmless import harmful
from codex.passes.inventory import subsection
from codex.passes.plan_document import render_crosswalk, render_section, spec_of
from codex.passes.plan_reply import PlanReply
from codex.passes.relevance import concept_shelf, connection_shelf, outline_shelf
from codex.tracks.fasttrack import names
from codex.units.ids import UNIT_ID

#: Units an agent job should hold (protocol §6, pass 3); a plan with fewer units is one job.
JOB_SIZES = range(4, 9)


def variables(context: BookContext) -> dict[str, Any]:
    statuses = read_statuses(context.section(2))
    return {
        "title": context.book["title"],
        "rows": row_list(context.inventory, statuses),
        "summary": subsection(context.section(2), "2.9").strip(),
        "units": outline_shelf(context, named_units(context.section(2))),
        "concepts": concept_shelf(context),
        "connections": connection_shelf(context),
        "job_sizes": f"{JOB_SIZES.start}–{JOB_SIZES.stop - 1}",
    }


def gate(context: BookContext, reply: PlanReply) -> Verdict:
    defects = [
        *harmful(reply),
        *_ids(context, reply),
        *_concepts(context, reply),
        *_graph(context, reply),
        *_rows(context, reply),
        *_arrows(context, reply),
        *_jobs(reply),
    ]
    figures = {"new_units": len(reply.new_units), "deepenings": len(reply.deepenings), "jobs": len(reply.jobs)}
    return Verdict(tuple(defects), figures)


def _ids(context: BookContext, reply: PlanReply) -> Iterator[Defect]:
    if not reply.new_units and not reply.deepenings:
        yield Defect("plan", "it lists no unit to produce")
    counted = Counter([u.id for u in reply.new_units] + [d.id for d in reply.deepenings])
    yield from (Defect(unit, "it is planned twice") for unit, n in counted.items() if n > 1)
    for unit in reply.new_units:
        problem = new_id_problem(context, unit.id, set(counted))
        if problem:
            yield Defect(unit.id, problem)
    for deepening in reply.deepenings:
        if deepening.id not in context.shipped:
            yield Defect(deepening.id, "there is no such shipped unit to deepen")


def new_id_problem(context: BookContext, unit_id: str, planned: AbstractSet[str]) -> str:
    """Why a new unit cannot have this id, with the next free one; "" when it can. ``planned``: ids of the reply."""
    chapter = unit_id[:5]
    if not UNIT_ID.fullmatch(unit_id):
        return "this is no id of a unit (NN.NN.NN)"
    if not any(known.startswith(f"{chapter}.") for known in context.units):
        return f"chapter {chapter} has no units; choose a chapter that has some"
    own = {each.id for each in context.deliverables}
    if unit_id not in context.corpus.taken_ids - own:
        return ""
    taken = context.units.get(unit_id)
    holder = repr(taken.title) if taken else "a unit that is announced elsewhere"
    return f"this id belongs to {holder}; the next free id is {_next_free(context, chapter, planned)}"


def _next_free(context: BookContext, chapter: str, planned: AbstractSet[str]) -> str:
    """The next id that neither the corpus nor the reply has."""
    first = int(context.corpus.next_free_id(chapter)[6:])
    taken = context.corpus.taken_ids | planned
    ids = (f"{chapter}.{number:02d}" for number in range(first, 100))
    return next((each for each in ids if each not in taken), "in another chapter")


def _concepts(context: BookContext, reply: PlanReply) -> Iterator[Defect]:
    """A concept has one unit: connections are said between the units of their concepts."""
    counted = Counter(unit.concept for unit in reply.new_units)
    for unit in reply.new_units:
        if unit.concept in context.teachers:
            taught = ", ".join(context.teachers[unit.concept])
            yield Defect(unit.id, f"the concept {unit.concept} is taught by {taught} already")
        elif counted[unit.concept] > 1:
            yield Defect(unit.id, f"another new unit has the concept {unit.concept} too")


def _graph(context: BookContext, reply: PlanReply) -> Iterator[Defect]:
    known = set(context.shipped) | {unit.id for unit in reply.new_units}
    edges = _edges(reply)
    for before, after in edges:
        for end in (before, after):
            if end not in known:
                yield Defect(end, f"edge {before} → {after}: there is no such unit, shipped or planned")
    cycle = context.corpus.deps.cycle_through(edges)
    if cycle:
        yield Defect(" → ".join(cycle), "these prerequisites form a cycle")


def _rows(context: BookContext, reply: PlanReply) -> Iterator[Defect]:
    inventory, statuses = context.inventory, read_statuses(context.section(2))
    planned = {row for u in reply.new_units for row in u.rows} | {row for d in reply.deepenings for row in d.rows}
    yield from (Defect(row, "there is no such row in the inventory") for row in sorted(planned - set(inventory.rows)))
    for row in inventory.rows.values():
        missing = statuses.get(row.id, "gap") in {"gap", "partial"} and row.layer not in {"notation", "sequencing"}
        if missing and row.id not in planned:
            yield Defect(row.id, f"this {row.layer} row is not covered by the corpus and no planned unit takes it")
    lines = Counter(line.row for line in reply.notation)
    for row in inventory.of("notation"):
        if lines[row.id] != 1:
            yield Defect(row.id, f"the notation crosswalk has {lines[row.id]} lines for it; it needs one")
    yield from (Defect(row, "there is no such notation row") for row in lines if row not in inventory.rows)


def _arrows(context: BookContext, reply: PlanReply) -> Iterator[Defect]:
    """Where the book goes from one section to another, prerequisites have to lead between units that cover them."""
    covering = _covering(context, reply)
    deps = context.corpus.deps
    graph = replace(deps, edges=(*deps.edges, *(Edge(before, after, "pending") for before, after in _edges(reply))))
    for row in context.inventory.of("sequencing"):
        used, using = covering.get(row.label, ()), covering.get(row.place, ())
        if used and using and not any(graph.has_path(a, b) for a in used for b in using):
            what = f"no prerequisite path from a unit on {row.label} ({', '.join(used)}) to one on {row.place}"
            yield Defect(row.id, f"{what} ({', '.join(using)})")


def _covering(context: BookContext, reply: PlanReply) -> dict[str, dict[str, None]]:
    """Section of the book → the units that cover rows of it, by gap analysis and by this plan."""
    found: dict[str, dict[str, None]] = {}
    shipped = [(a["row"], a["unit"]) for a in read_answers(context.section(2)) if a["status"] in {"covered", "partial"}]
    planned = [(row, new.id) for new in reply.new_units for row in new.rows]
    planned += [(row, deepened.id) for deepened in reply.deepenings for row in deepened.rows]
    for row_id, unit in (*shipped, *planned):
        row = context.inventory.rows.get(row_id)
        if row and row.layer in TESTS:
            found.setdefault(row.place, {})[unit] = None
    return found


def _edges(reply: PlanReply) -> list[tuple[str, str]]:
    own = [(before, unit.id) for unit in reply.new_units for before in unit.prerequisites]
    return [*own, *((edge.before, edge.after) for edge in reply.edges)]


def _jobs(reply: PlanReply) -> Iterator[Defect]:
    wanted = {u.id for u in reply.new_units} | {d.id for d in reply.deepenings}
    given = Counter(unit for job in reply.jobs for unit in job.units)
    yield from (Defect(unit, "it is in no job, or in several") for unit in sorted(wanted) if given[unit] != 1)
    yield from (Defect(unit, "a job names it, the plan does not") for unit in sorted(set(given) - wanted))
    if len(reply.jobs) == 1 and len(wanted) <= JOB_SIZES.stop - 1:
        return
    for job in reply.jobs:
        if len(job.units) not in JOB_SIZES:
            what = f"a job of {len(job.units)} units; each job has 4–8, or one job has all when there are fewer"
            yield Defect(job.name, what)


def deliverables(reply: PlanReply) -> list[Deliverable]:
    """The plan as what production owes, by priority, then in the order of the reply."""
    job = {unit: job.name for job in reply.jobs for unit in job.units}
    new = [
        (u.priority, Deliverable(
            id=u.id, action="new", title=u.title, slug=u.slug, prerequisites=_needs(reply, u.id, u.prerequisites),
            concept=u.concept, rows=tuple(u.rows), spec=spec_of(u), job=job.get(u.id, ""),
        ))
        for u in reply.new_units
    ]  # fmt: skip
    deepened = [
        (d.priority, Deliverable(
            id=d.id, action="deepen", title="", prerequisites=_needs(reply, d.id), rows=tuple(d.rows),
            spec=d.additions, job=job.get(d.id, ""),
        ))
        for d in reply.deepenings
    ]  # fmt: skip
    return [each for _, each in sorted([*new, *deepened], key=lambda pair: pair[0])]


def _needs(reply: PlanReply, unit: str, own: Iterable[str] = ()) -> tuple[str, ...]:
    """The unit's prerequisites, those of the plan's further edges included: its front matter has to name them all."""
    return tuple(dict.fromkeys([*own, *(e.before for e in reply.edges if e.after == unit)]))


def changes(context: BookContext, reply: PlanReply, verdict: Verdict) -> Changes:
    del verdict
    section = PlanSection(
        number=3,
        markdown=render_section(context, reply),
        front_matter={
            "plan_status": "production-ready",
            "new_units_planned": len(reply.new_units),
            "existing_units_to_deepen": len(reply.deepenings),
            "agent_jobs": len(reply.jobs),
        },
    )
    return Changes(
        title=f"Plan production for {context.book['title']}",
        sections=(section,),
        edges=tuple(EdgeChange(before=before, after=after) for before, after in _edges(reply)),
        pending=tuple(u.id for u in reply.new_units),
        catalog=tuple(_entries(context, reply)),
        notation=render_crosswalk(context, reply.notation),
        deliverables=tuple(deliverables(reply)),
    )


def _entries(context: BookContext, reply: PlanReply) -> Iterator[CatalogEntry]:
    """The concepts of the new units with those they rest on; an entry that the catalog has is kept as it is."""
    concepts = {unit_id: unit.text_value("concept_catalog_id") for unit_id, unit in context.shipped.items()}
    known = {unit_id: slug for unit_id, slug in concepts.items() if slug in context.corpus.catalog}
    known |= {unit.id: unit.concept for unit in reply.new_units}
    for unit in reply.new_units:
        before = dict.fromkeys(known[p] for p in _needs(reply, unit.id, unit.prerequisites) if p in known)
        yield CatalogEntry(slug=unit.concept, title=unit.title, unit=unit.id, prerequisites=tuple(before))


PLAN = Pass(
    name=names.PLAN,
    title="production plan",
    reply_model=PlanReply,
    prompt="plan",
    tools=("read_unit", "lookup_concept", "list_connections"),
    context=BookContext,
    variables=variables,
    gate=gate,
    changes=changes,
)
