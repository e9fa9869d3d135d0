"""P5: verification. The corpus as it is now answers the book row by row; what falls short goes back as a gap list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from codex.integration.proposal import PlanSection, Slug, UnitId
from codex.passes.base import Changes, Context, Deliverable, Pass, Verdict
from codex.passes.coverage import (
    card_figures,
    corpus_outline,
    read_answers,
    render_answers,
    render_scorecard,
    row_defects,
    row_list,
)
from codex.passes.equivalence import Defect, RowAnswer, Score, scores
from codex.passes.evidence import locate
from codex.passes.inventory import plain
from codex.passes.tables import render_table

#: The exercise sample (curriculum.md §2, §4.2): at least a tenth of the inventory and at least five, or all there are.
SAMPLE_SHARE, SAMPLE_LEAST = 0.10, 5
#: Passages that a reader of the book is asked to read in our notation (or all notation rows when there are fewer).
NOTATION_PASSAGES = 3

NUMBERS = {
    "theorem": "4.1.1", "exercise": "4.1.2", "worked_example": "4.1.3", "notation": "4.1.4",
    "sequencing": "4.1.5", "intuition": "4.1.6", "application": "4.1.7",
}  # fmt: skip


class _Reply(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SolvableBy(_Reply):
    """An exercise of the book and the passage that lets a reader of the corpus solve it."""

    row: str = Field(pattern=r"^E\d{1,3}$")
    unit: UnitId
    heading: str
    quote: str


class ReadablePassage(_Reply):
    """A notation of the book and a passage of the corpus that teaches a reader to read it."""

    row: str = Field(pattern=r"^N\d{1,3}$")
    unit: UnitId
    heading: str
    quote: str


class Deficit(_Reply):
    """What has to be done so that rows which fall short are covered."""

    rows: list[str] = Field(min_length=1)
    action: Literal["deepen", "new"]
    unit: UnitId
    slug: Slug | None = Field(default=None, description="for a new unit")
    title: str = ""
    concept: str = Field(default="", description="for a new unit: its concept catalog id")
    prerequisites: list[UnitId] = Field(default_factory=list, description="for a new unit")
    specification: str = Field(min_length=60, description="exactly what has to be added, and under which heading")


class VerificationReply(_Reply):
    """One answer for every row of the inventory, the samples, and the deficits."""

    answers: list[RowAnswer] = Field(min_length=1)
    exercise_sample: list[SolvableBy] = Field(default_factory=list)
    notation_passages: list[ReadablePassage] = Field(default_factory=list)
    deficits: list[Deficit] = Field(default_factory=list)
    statement: str = Field(min_length=60, description="sign-off, or what keeps the book from being covered")


def sample_size(rows: int) -> int:
    """How many exercises the sample must hold, given the rows of the exercise inventory."""
    return min(rows, max(SAMPLE_LEAST, ceil(rows * SAMPLE_SHARE)))


def variables(context: Context) -> dict[str, Any]:
    earlier = {row["row"]: row for row in read_answers(context.section(2))}
    return {
        "title": context.book["title"],
        "rows": row_list(context.inventory, {k: v["status"] for k, v in earlier.items()}),
        "earlier": earlier,
        "planned": context.section(3),
        "produced": context.produced,
        "crosswalk": context.crosswalk,
        "units": corpus_outline(context),
        "sample": sample_size(len(context.inventory.of("exercise"))),
        "passages": min(NOTATION_PASSAGES, len(context.inventory.of("notation"))),
    }


def gate(context: Context, reply: VerificationReply) -> Verdict:
    card = scores(context.inventory, reply.answers, context.thresholds)
    defects = [
        *row_defects(context, reply.answers),
        *_samples(context, reply),
        *_deficits(context, reply, card),
    ]
    figures = card_figures(card)
    short = tuple(Defect(s.layer, _short_of(s), "LAYER") for s in card if not s.met)
    deficits = merge_by_unit([_deliverable(d) for d in reply.deficits]) if short else ()
    return Verdict(tuple(defects), figures, deficits, short)


def _short_of(score: Score) -> str:
    return f"{(score.share or 0) * 100:.1f} % of the rows are covered, {score.threshold * 100:.0f} % are needed"


def _samples(context: Context, reply: VerificationReply) -> Iterator[Defect]:
    exercises, notation = context.inventory.of("exercise"), context.inventory.of("notation")
    yield from _sample(
        context, "exercise", reply.exercise_sample, {r.id for r in exercises}, sample_size(len(exercises))
    )
    least = min(NOTATION_PASSAGES, len(notation))
    yield from _sample(context, "notation", reply.notation_passages, {r.id for r in notation}, least)


def _sample(
    context: Context, what: str, sample: Sequence[SolvableBy | ReadablePassage], rows: set[str], least: int
) -> Iterator[Defect]:
    if len({s.row for s in sample}) < least:
        yield Defect(f"{what} sample", f"{len({s.row for s in sample})} different rows; at least {least} are needed")
    for each in sample:
        if each.row not in rows:
            yield Defect(each.row, f"there is no such {what} row")
        _, problem = locate(context.units.get(each.unit), each.unit, each.heading, each.quote)
        if problem:
            yield Defect(f"{what} sample {each.row}", problem)


def _deficits(context: Context, reply: VerificationReply, card: Sequence[Score]) -> Iterator[Defect]:
    if all(score.met for score in card):
        return
    named = {row for deficit in reply.deficits for row in deficit.rows}
    yield from (
        Defect(row, "there is no such row in the inventory") for row in sorted(named - set(context.inventory.rows))
    )
    short = {score.layer for score in card if not score.met}
    for answer in reply.answers:
        row = context.inventory.rows.get(answer.row)
        if row and row.layer in short and answer.status in {"gap", "partial"} and row.id not in named:
            yield Defect(
                row.id, f"the {row.layer} layer is below its threshold and no deficit says what to do about this row"
            )
    for deficit in reply.deficits:
        exists = deficit.unit in context.units
        if deficit.action == "deepen" and not exists:
            yield Defect(deficit.unit, "there is no such unit to deepen")
        if deficit.action == "new" and (exists or not deficit.slug or not deficit.concept or not deficit.title):
            yield Defect(deficit.unit, "a new unit needs a free id, a slug, a title and a concept")


def _deliverable(deficit: Deficit) -> Deliverable:
    return Deliverable(
        id=deficit.unit, action=deficit.action, title=deficit.title, slug=deficit.slug or "",
        prerequisites=tuple(deficit.prerequisites), concept=deficit.concept, rows=tuple(deficit.rows),
        spec=deficit.specification, job="rework",
    )  # fmt: skip


def changes(context: Context, reply: VerificationReply, verdict: Verdict) -> Changes:
    number = 3 + context.ledger.rounds(context.subject)
    met = not verdict.shortfall
    front = {
        "plan_status": "verified" if met else "production-ready",
        f"verification_{context.attempt}": "passed" if met else "short",
    }
    section = PlanSection(number=number, markdown=render_section(context, reply, number), front_matter=front)
    title = f"Verify {context.book['title']}: " + ("all layers met" if met else "falls short")
    return Changes(title=title, sections=(section,), deliverables=verdict.deficits if verdict.shortfall else None)


def merge_by_unit(deficits: Sequence[Deliverable]) -> tuple[Deliverable, ...]:
    """One deliverable a unit: several deficits of the same unit are one piece of work."""
    merged: dict[str, Deliverable] = {}
    for each in deficits:
        old = merged.get(each.id)
        if old is None:
            merged[each.id] = each
        else:
            both = {**old.as_data(), "rows": [*old.rows, *each.rows], "spec": f"{old.spec}\n{each.spec}"}
            merged[each.id] = Deliverable.of(both)
    return tuple(merged.values())


def render_section(context: Context, reply: VerificationReply, number: int) -> str:
    """§4, or §5 and on for a verification after rework: the same tables under the section's own number."""
    tables = render_answers(context.inventory, reply.answers, NUMBERS).replace("### 4.1.", "#### 4.1.")
    sample = [(s.row, s.unit, s.heading, f"“{s.quote}”") for s in reply.exercise_sample]
    passages = [(s.row, s.unit, s.heading, f"“{s.quote}”") for s in reply.notation_passages]
    deficits = [(", ".join(d.rows), d.action, d.unit, d.specification) for d in reply.deficits]
    columns = ("row", "unit", "heading", "passage")
    parts = [
        "### 4.1 Book as input: self-check by layer\n",
        tables,
        "### 4.2 Exercise reproducibility\n\n"
        + (render_table(columns, sample) if sample else "No exercises in the inventory.\n"),
        "### 4.3 Notation comprehension\n\n" + (render_table(columns, passages) if passages else "No notation rows.\n"),
        "### 4.4 Sign-off\n\n" + render_scorecard(scores(context.inventory, reply.answers, context.thresholds)),
        plain(reply.statement) + "\n",
    ]
    if deficits:
        parts.append("#### Deficits\n\n" + render_table(("rows", "action", "unit", "specification"), deficits))
    return "\n".join(parts).replace("## 4.", f"## {number}.")


VERIFY = Pass(
    "P5_verification",
    "verification",
    VerificationReply,
    "verification",
    ("read_unit", "search_corpus", "lookup_concept"),
    variables,
    gate,
    changes,
)
