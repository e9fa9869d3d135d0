"""P2: gap analysis. Every inventory row is answered from the shipped corpus; percentages are computed here."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from codex.corpus.quoting import plain
from codex.integration.proposal import PlanSection
from codex.passes.base import Changes, Pass, Verdict
from codex.passes.bookcontext import BookContext
from codex.passes.coverage import card_figures, render_answers, render_scorecard, row_defects, row_list
from codex.passes.equivalence import RowAnswer, scores
from codex.passes.harmless import harmful
from codex.passes.relevance import outline_shelf
from codex.tracks.fasttrack import names


class GapReply(BaseModel):
    """One answer for every inventory row, and what the answers show taken together."""

    model_config = ConfigDict(extra="forbid")

    answers: list[RowAnswer] = Field(min_length=1)
    summary: str = Field(min_length=80, description="what the corpus lacks for this book, grouped by topic")


def variables(context: BookContext) -> dict[str, Any]:
    return {
        "title": context.book["title"],
        "rows": row_list(context.inventory),
        "units": outline_shelf(context),
    }


def gate(context: BookContext, reply: GapReply) -> Verdict:
    defects = [*harmful(reply), *row_defects(context, reply.answers)]
    if defects:  # figures of claims that were not found are none
        return Verdict(tuple(defects))
    card = scores(context.inventory, reply.answers, context.thresholds)
    return Verdict((), {**card_figures(card), "gaps": sum(a.status == "gap" for a in reply.answers)})


def changes(context: BookContext, reply: GapReply, verdict: Verdict) -> Changes:
    del verdict
    tables = render_answers(context.inventory, reply.answers, "2")
    card = render_scorecard(scores(context.inventory, reply.answers, context.thresholds))
    markdown = f"{tables}\n### 2.8 Scorecard\n\n{card}\n### 2.9 Summary\n\n{plain(reply.summary)}\n"
    section = PlanSection(number=2, markdown=markdown, front_matter={"plan_status": "gap-analysed"})
    return Changes(title=f"Gap analysis of {context.book['title']}", sections=(section,))


GAP = Pass(
    name=names.GAP,
    title="gap analysis",
    reply_model=GapReply,
    prompt="gap",
    tools=("read_unit", "search_corpus", "lookup_concept"),
    context=BookContext,
    variables=variables,
    gate=gate,
    changes=changes,
)
