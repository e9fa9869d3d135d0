"""P3: the production plan: which units to write and to deepen so that every gap row is taught (curriculum.md §2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from codex.integration.proposal import CatalogEntry, CatalogId, EdgeChange, PlanSection, Slug, UnitId
from codex.passes.base import Changes, Context, Deliverable, Pass, Verdict
from codex.passes.coverage import corpus_outline, read_statuses, row_list
from codex.passes.equivalence import Defect
from codex.passes.tables import render_table

#: Units an agent job should hold (protocol §6, pass 3); a plan with fewer units is one job.
JOB_SIZES = range(4, 9)


class _Reply(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewUnit(_Reply):
    """A unit to be written."""

    id: UnitId
    slug: Slug
    title: str = Field(min_length=3, max_length=120)
    concept: CatalogId = Field(description="its concept catalog id: an existing one without a unit, or a new one")
    priority: int = Field(ge=1, le=4)
    prerequisites: list[UnitId] = Field(description="units that must be read before; shipped ones or ones of this plan")
    originator: str = Field(min_length=5, description="the primary source: who first did this, where, when")
    modern_anchor: str = Field(min_length=5, description="the modern text it follows")
    must_contain: str = Field(
        min_length=80, description="specification: definitions, theorems with proofs, examples, exercises"
    )
    rows: list[str] = Field(min_length=1, description="inventory rows that it covers")


class Deepening(_Reply):
    """An existing unit that gets more content."""

    id: UnitId
    priority: int = Field(ge=1, le=4)
    additions: str = Field(min_length=80, description="exactly what is added, and under which heading")
    rows: list[str] = Field(min_length=1)


class NotationLine(_Reply):
    """One line of the notation crosswalk."""

    row: str = Field(pattern=r"^N\d{1,3}$")
    book: str = Field(min_length=1)
    ours: str = Field(min_length=1, description="our notation, or 'the same'")
    note: str = ""


class Edge(_Reply):
    before: UnitId
    after: UnitId


class Job(_Reply):
    name: str = Field(min_length=1)
    units: list[UnitId] = Field(min_length=1)


class PlanReply(_Reply):
    """The production plan of a book."""

    new_units: list[NewUnit]
    deepenings: list[Deepening] = Field(default_factory=list)
    notation: list[NotationLine] = Field(
        default_factory=list, description="one line for every row of the notation inventory"
    )
    edges: list[Edge] = Field(default_factory=list, description="prerequisite edges beyond those of the new units")
    jobs: list[Job] = Field(min_length=1)


def variables(context: Context) -> dict[str, Any]:
    statuses = read_statuses(context.section(2))
    return {
        "title": context.book["title"],
        "rows": row_list(context.inventory, statuses),
        "summary": context.section(2).partition("### 2.9")[2].partition("\n")[2].strip(),
        "units": corpus_outline(context),
        "concepts": [c.slug for c in context.corpus.catalog.entries],
        "connections": [
            (c.id, c.source, c.target, c.type, c.anchor_phrase) for c in context.corpus.connections.connections
        ],
        "job_sizes": f"{JOB_SIZES.start}–{JOB_SIZES.stop - 1}",
    }


def gate(context: Context, reply: PlanReply) -> Verdict:
    defects = [*_ids(context, reply), *_graph(context, reply), *_rows(context, reply), *_jobs(reply)]
    figures = {"new_units": len(reply.new_units), "deepenings": len(reply.deepenings), "jobs": len(reply.jobs)}
    return Verdict(tuple(defects), figures)


def _ids(context: Context, reply: PlanReply) -> Iterator[Defect]:
    if not reply.new_units and not reply.deepenings:
        yield Defect("plan", "it lists no unit to produce")
    counted = Counter([u.id for u in reply.new_units] + [d.id for d in reply.deepenings])
    yield from (Defect(unit, "it is planned twice") for unit, n in counted.items() if n > 1)
    for unit in reply.new_units:
        if unit.id in context.units:
            free = context.corpus.next_free_id(unit.id.rpartition(".")[0])
            yield Defect(unit.id, f"this id belongs to {context.units[unit.id].title!r}; the next free id is {free}")
        if not any(known.startswith(unit.id[:6]) for known in context.units):
            yield Defect(unit.id, f"chapter {unit.id[:5]} has no units; choose a chapter that has some")
    for deepening in reply.deepenings:
        if deepening.id not in context.units:
            yield Defect(deepening.id, "there is no such unit to deepen")


def _graph(context: Context, reply: PlanReply) -> Iterator[Defect]:
    known = set(context.units) | {unit.id for unit in reply.new_units}
    edges = [(p, unit.id) for unit in reply.new_units for p in unit.prerequisites]
    edges += [(e.before, e.after) for e in reply.edges]
    for before, after in edges:
        for end in (before, after):
            if end not in known:
                yield Defect(end, f"edge {before} → {after}: there is no such unit, shipped or planned")
    cycle = context.corpus.deps.cycle_through(edges)
    if cycle:
        yield Defect(" → ".join(cycle), "these prerequisites form a cycle")


def _rows(context: Context, reply: PlanReply) -> Iterator[Defect]:
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


def _jobs(reply: PlanReply) -> Iterator[Defect]:
    wanted = {u.id for u in reply.new_units} | {d.id for d in reply.deepenings}
    given = Counter(unit for job in reply.jobs for unit in job.units)
    yield from (Defect(unit, "it is in no job, or in several") for unit in sorted(wanted) if given[unit] != 1)
    yield from (Defect(unit, "a job names it, the plan does not") for unit in sorted(set(given) - wanted))
    if len(reply.jobs) == 1 and len(wanted) <= JOB_SIZES.stop - 1:
        return
    for job in reply.jobs:
        if len(job.units) not in JOB_SIZES:
            yield Defect(job.name, f"a job of {len(job.units)} units; 4–8 each, or one job when there are fewer in all")


def deliverables(reply: PlanReply) -> list[Deliverable]:
    """The plan as what production owes, by priority, then in the order of the reply."""
    job = {unit: job.name for job in reply.jobs for unit in job.units}
    new = [
        (u.priority, Deliverable(
            id=u.id, action="new", title=u.title, slug=u.slug, prerequisites=tuple(u.prerequisites), concept=u.concept,
            rows=tuple(u.rows), spec=_spec(u), job=job.get(u.id, ""),
        ))
        for u in reply.new_units
    ]  # fmt: skip
    deepened = [
        (
            d.priority,
            Deliverable(
                id=d.id, action="deepen", title="", rows=tuple(d.rows), spec=d.additions, job=job.get(d.id, "")
            ),
        )
        for d in reply.deepenings
    ]
    return [each for _, each in sorted([*new, *deepened], key=lambda pair: pair[0])]


def _spec(unit: NewUnit) -> str:
    return f"{unit.must_contain.strip()} Originator: {unit.originator}. Modern anchor: {unit.modern_anchor}."


def changes(context: Context, reply: PlanReply, verdict: Verdict) -> Changes:
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
    edges = [EdgeChange(before=p, after=u.id) for u in reply.new_units for p in u.prerequisites]
    edges += [EdgeChange(before=e.before, after=e.after) for e in reply.edges]
    return Changes(
        title=f"Plan production for {context.book['title']}",
        sections=(section,),
        edges=tuple(edges),
        pending=tuple(u.id for u in reply.new_units),
        catalog=tuple(CatalogEntry(slug=u.concept, title=u.title, unit=u.id) for u in reply.new_units),
        notation=render_crosswalk(context, reply.notation),
        deliverables=tuple(deliverables(reply)),
    )


def render_crosswalk(context: Context, lines: Sequence[NotationLine]) -> str:
    """``notation/<book-slug>.md``: one line for each row of the notation inventory."""
    rows = [(line.row, line.book, line.ours, line.note) for line in lines]
    title = f"# Notation of {context.book['title']}\n\n"
    return title + render_table(("row", "book", "ours", "note"), rows)


def render_section(context: Context, reply: PlanReply) -> str:
    """§3 of the plan document: the punch list in the form that plans are read in (unit-rubric §4.1)."""
    parts = ["### 3.1 New units\n", _punch_list([(u.priority, _new_line(u)) for u in reply.new_units])]
    parts += ["### 3.2 Deepenings\n", _punch_list([(d.priority, _deepen_line(context, d)) for d in reply.deepenings])]
    parts += ["### 3.3 Exercise packs\n\nNone planned.\n"]
    parts += [f"### 3.4 Notation crosswalk\n\n`notation/{context.slug}.md`, {len(reply.notation)} lines.\n"]
    edges = [(e.before, e.after) for e in reply.edges]
    parts += [
        "### 3.5 Graph edges\n\n"
        + (render_table(("before", "after"), edges) if edges else "None beyond the units' own.\n")
    ]
    parts += [
        "### 3.6 Agent decomposition\n\n"
        + render_table(("job", "units"), [(j.name, ", ".join(j.units)) for j in reply.jobs])
    ]
    return "\n".join(parts)


def _punch_list(lines: Sequence[tuple[int, str]]) -> str:
    out, number = [], 0
    for priority in sorted({p for p, _ in lines}):
        out.append(f"**Priority {priority}**\n")
        for _, line in (pair for pair in lines if pair[0] == priority):
            number += 1
            out.append(f"{number}. {line}")
        out.append("")
    return "\n".join(out) if out else "None.\n"


def _new_line(unit: NewUnit) -> str:
    return f"**`{unit.id}` {unit.title.rstrip('.')}.** [NEW] {_one_line(_spec(unit))} Rows: {', '.join(unit.rows)}."


def _deepen_line(context: Context, deepening: Deepening) -> str:
    title = context.units[deepening.id].title
    return f"**`{deepening.id}` {title}.** [DEEPEN] {_one_line(deepening.additions)} Rows: {', '.join(deepening.rows)}."


def _one_line(text: str) -> str:
    return " ".join(text.split())


PLAN = Pass(
    "P3_plan",
    "production plan",
    PlanReply,
    "plan",
    ("read_unit", "lookup_concept", "list_connections"),
    variables,
    gate,
    changes,
)
