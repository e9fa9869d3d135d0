"""P3: the production plan: which units to write and to deepen so that every gap row is taught (curriculum.md §2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from codex.campaign.owed import Deliverable
from codex.campaign.plantext import sections
from codex.check.defects import Defect
from codex.corpus.deps import Edge
from codex.integration.proposal import PlanSection
from codex.passes.base import Changes, Pass, Verdict
from codex.passes.bookcontext import BookContext
from codex.passes.coverage import named_units, read_answers, read_statuses, row_list
from codex.passes.equivalence import TESTS
from codex.passes.harmless import harmful
from codex.passes.plan_document import render_crosswalk, render_section, spec_of
from codex.passes.plan_reply import PlanReply
from codex.passes.planned import all_edges, announced, planned_defects, strangers
from codex.passes.relevance import concept_shelf, connection_shelf, outline_shelf
from codex.tracks.fasttrack import names

#: Units an agent job should hold (protocol §6, pass 3); a plan with fewer units is one job.
JOB_SIZES = range(4, 9)


def variables(context: BookContext) -> dict[str, Any]:
    statuses = read_statuses(context.section(2))
    return {
        "title": context.book["title"],
        "rows": row_list(context.inventory, statuses),
        "summary": sections(context.section(2)).get("2.9", "").strip(),
        "units": outline_shelf(context, named_units(context.section(2))),
        "concepts": concept_shelf(context),
        "connections": connection_shelf(context),
        "job_sizes": f"{JOB_SIZES.start}–{JOB_SIZES.stop - 1}",
    }


def gate(context: BookContext, reply: PlanReply) -> Verdict:
    defects = [
        *harmful(reply),
        *_units(context, reply),
        *_rows(context, reply),
        *_arrows(context, reply),
        *_jobs(reply),
    ]
    figures = {"new_units": len(reply.new_units), "deepenings": len(reply.deepenings), "jobs": len(reply.jobs)}
    return Verdict(tuple(defects), figures)


def _units(context: BookContext, reply: PlanReply) -> Iterator[Defect]:
    asked, edges = deliverables(reply), _further(reply)
    if not asked:
        yield Defect("plan", "it lists no unit to produce")
    yield from planned_defects(context, asked, edges)
    for end, (before, after) in strangers(context, asked, edges):
        yield Defect(end, f"edge {before} → {after}: there is no such unit, shipped or planned")


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
    new = all_edges(deliverables(reply), _further(reply))
    graph = replace(deps, edges=(*deps.edges, *(Edge(before, after, "pending") for before, after in new)))
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


def _further(reply: PlanReply) -> list[tuple[str, str]]:
    """Edges beyond those of the new units."""
    return [(edge.before, edge.after) for edge in reply.edges]


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
    asked = deliverables(reply)
    told = announced(context, asked, _further(reply))
    return Changes(
        title=f"Plan production for {context.book['title']}",
        sections=(section,),
        edges=told.edges,
        pending=told.pending,
        catalog=told.catalog,
        notation=render_crosswalk(context, reply.notation),
        deliverables=tuple(asked),
    )


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
