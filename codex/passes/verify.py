"""P5: verification. The corpus as it is now answers the book row by row; what falls short goes back as a gap list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from codex.campaign.answers import accepted
from codex.campaign.limits import verification_section
from codex.campaign.recourse import after_shortfall
from codex.check.defects import Defect
from codex.corpus.quoting import plain
from codex.integration.proposal import PlanSection
from codex.passes.base import Changes, Pass, Verdict
from codex.passes.bookcontext import BookContext
from codex.passes.coverage import (
    card_figures,
    named_units,
    read_answers,
    render_answers,
    render_scorecard,
    row_defects,
    row_list,
)
from codex.passes.deficits import deficit_defects, deliverables_of
from codex.passes.equivalence import Score, scores
from codex.passes.evidence import locate
from codex.passes.harmless import harmful
from codex.passes.planned import announced
from codex.passes.relevance import outline_shelf
from codex.passes.tables import render_table
from codex.passes.verify_reply import ReadablePassage, SolvableBy, VerificationReply
from codex.tracks.fasttrack import names

#: The exercise sample (curriculum.md §2, §4.2): one in ten of the inventory and at least five, or all there are.
SAMPLE_ONE_IN, SAMPLE_LEAST = 10, 5
#: Passages that a reader of the book is asked to read in our notation (or all notation rows when there are fewer).
NOTATION_PASSAGES = 3


def sample_size(rows: int) -> int:
    """How many exercises the sample must hold, given the rows of the exercise inventory."""
    return min(rows, max(SAMPLE_LEAST, -(-rows // SAMPLE_ONE_IN)))


def variables(context: BookContext) -> dict[str, Any]:
    earlier = {row["row"]: row for row in read_answers(context.section(2))}
    return {
        "title": context.book["title"],
        "rows": row_list(context.inventory, {k: v["status"] for k, v in earlier.items()}),
        "earlier": {k: v for k, v in earlier.items() if v["status"] in {"covered", "partial"}},
        "planned": context.section(3),
        "produced": context.produced,
        "crosswalk": context.crosswalk,
        "units": outline_shelf(context, [*context.produced, *named_units(context.section(2))]),
        "sample": sample_size(len(context.inventory.of("exercise"))),
        "passages": min(NOTATION_PASSAGES, len(context.inventory.of("notation"))),
    }


def gate(context: BookContext, reply: VerificationReply) -> Verdict:
    card = scores(context.inventory, reply.answers, context.thresholds)
    defects = (
        *harmful(reply),
        *row_defects(context, reply.answers),
        *_samples(context, reply),
        *deficit_defects(context, reply, card),
    )
    if defects:  # figures of claims that were not found are none
        return Verdict(defects)
    figures = {**card_figures(card), "accepted": False}
    short = tuple(Defect(s.layer, _short_of(s), "LAYER") for s in card if not s.met)
    if not short:
        return Verdict(figures=figures)
    if _is_accepted(context):
        deferred = [row for s in card if not s.met for row in _open_rows(context, reply, s)]
        return Verdict(figures={**figures, "accepted": True, "deferred": deferred})
    return Verdict((), figures, deliverables_of(reply.deficits), short)


def _is_accepted(context: BookContext) -> bool:
    """Whether a shortfall is accepted for this book and documented, instead of sent back (protocol §6, pass 5)."""
    if accepted(context.ledger, context.subject, context.pass_name) is not None:
        return True
    return after_shortfall(context.ledger, context.subject, context.pass_name, more=1).action == "accept"


def _open_rows(context: BookContext, reply: VerificationReply, score: Score) -> list[str]:
    status = {answer.row: answer.status for answer in reply.answers}
    return [r.id for r in context.inventory.of(score.layer) if status.get(r.id, "gap") in {"gap", "partial"}]


def _short_of(score: Score) -> str:
    return f"{score.percentage:.1f} % of the rows are covered, {score.threshold * 100:.0f} % are needed"


def _samples(context: BookContext, reply: VerificationReply) -> Iterator[Defect]:
    exercises = {row.id for row in context.inventory.of("exercise")}
    notation = {row.id for row in context.inventory.of("notation")}
    yield from _sample(context, "exercise", reply.exercise_sample, exercises, sample_size(len(exercises)))
    yield from _sample(context, "notation", reply.notation_passages, notation, min(NOTATION_PASSAGES, len(notation)))


def _sample(
    context: BookContext, what: str, sample: Sequence[SolvableBy | ReadablePassage], rows: set[str], least: int
) -> Iterator[Defect]:
    different = len({each.row for each in sample})
    if different < least:
        yield Defect(f"{what} sample", f"{different} different rows; at least {least} are needed")
    for each in sample:
        if each.row not in rows:
            yield Defect(each.row, f"there is no such {what} row")
        _, problem = locate(context.shipped.get(each.unit), each.unit, each.heading, each.quote)
        if problem:
            yield Defect(f"{what} sample {each.row}", problem)


def changes(context: BookContext, reply: VerificationReply, verdict: Verdict) -> Changes:
    outcome = "short" if verdict.shortfall else "accepted" if verdict.figures.get("accepted") else "passed"
    front: dict[str, Any] = {
        "plan_status": "production-ready" if verdict.shortfall else "verified",
        f"verification_{context.attempt}": outcome,
    }
    if outcome == "accepted":
        front["deferred"] = verdict.figures["deferred"]
    number = verification_section(context.ledger, context.subject)
    section = PlanSection(number=number, markdown=render_section(context, reply, verdict, number), front_matter=front)
    title = f"Verify {context.book['title']}: {_TOLD[outcome]}"
    if outcome != "short":
        return Changes(title=title, sections=(section,))
    told = announced(context, verdict.deficits)
    return Changes(
        title=title,
        sections=(section,),
        edges=told.edges,
        pending=told.pending,
        catalog=told.catalog,
        deliverables=verdict.deficits,
    )


_TOLD = {"passed": "all layers met", "short": "falls short", "accepted": "accepted below its thresholds"}


def render_section(context: BookContext, reply: VerificationReply, verdict: Verdict, number: int) -> str:
    """§4, or §5 and on for a verification after rework: the same tables under the section's own number."""
    card = scores(context.inventory, reply.answers, context.thresholds)
    sample = [(s.row, s.unit, s.heading, f"“{s.quote}”") for s in reply.exercise_sample]
    passages = [(s.row, s.unit, s.heading, f"“{s.quote}”") for s in reply.notation_passages]
    deficits = [(", ".join(d.rows), d.action, d.unit, d.specification) for d in reply.deficits]
    columns = ("row", "unit", "heading", "passage")
    parts = [
        f"### {number}.1 Book as input: self-check by layer\n",
        render_answers(context.inventory, reply.answers, f"{number}.1", "####"),
        f"### {number}.2 Exercise reproducibility\n\n"
        + (render_table(columns, sample) if sample else "No exercises in the inventory.\n"),
        f"### {number}.3 Notation comprehension\n\n"
        + (render_table(columns, passages) if passages else "No notation in the inventory.\n"),
        f"### {number}.4 Sign-off\n\n" + render_scorecard(card),
        plain(reply.statement) + "\n",
    ]
    if deficits:
        parts.append("#### Deficits\n\n" + render_table(("rows", "action", "unit", "specification"), deficits))
    deferred = verdict.figures.get("deferred")
    if deferred:
        parts.append(f"#### Deferred\n\nAccepted below its thresholds for this book: {', '.join(deferred)}.\n")
    return "\n".join(parts)


VERIFY = Pass(
    name=names.VERIFICATION,
    title="verification",
    reply_model=VerificationReply,
    prompt="verification",
    tools=("read_unit", "search_corpus", "lookup_concept"),
    context=BookContext,
    variables=variables,
    gate=gate,
    changes=changes,
)
