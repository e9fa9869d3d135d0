"""PV: continuity verification. Six metrics are measured here; samples are judged by an agent, with quotes looked up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from codex.campaign.answers import accepted
from codex.campaign.limits import thresholds_of
from codex.check.defects import Defect
from codex.continuity.corpus import ContinuityReport, measure_corpus
from codex.continuity.report import PATH as REPORT
from codex.continuity.report import report_markdown
from codex.corpus.quoting import plain
from codex.integration.proposal import Report
from codex.passes.base import Changes, Pass, Verdict
from codex.passes.batch import batch_figures, below
from codex.passes.bookcontext import BookContext
from codex.passes.evidence import MIN_QUOTE_WORDS, fold, locate
from codex.passes.harmless import harmful
from codex.passes.seams import seams
from codex.passes.tables import render_table
from codex.tracks.fasttrack import names

#: How many samples of each kind are judged (curriculum.md §2, pass PV).
PAIRS, SECTIONS, BRIDGES = 10, 10, 3


class Judgement(BaseModel):
    """The judgement on one sample, with a sentence of the unit that shows it."""

    model_config = ConfigDict(extra="forbid")

    sample: str = Field(description="id of the sample, e.g. P1")
    holds: bool
    quote: str = Field(
        description="a sentence copied exactly (6 words or more): of a pair from one of its units, else of its section"
    )
    comment: str = Field(min_length=20)


class ContinuityReply(BaseModel):
    """One judgement for every sample."""

    model_config = ConfigDict(extra="forbid")

    judgements: list[Judgement] = Field(default_factory=list)
    statement: str = Field(min_length=40)


def samples(context: BookContext) -> list[dict[str, str]]:
    """Connected pairs, Connections sections and bridges of the book's units and neighbours, in a fixed order."""
    pairs = {tuple(sorted((s.unit, s.other))): s for s in seams(context)}
    found = [
        {"id": f"P{n}", "kind": "pair", "unit": s.unit, "other": s.other, "about": f"{s.type}: “{s.anchor}”"}
        for n, s in enumerate(list(pairs.values())[:PAIRS], 1)
    ]
    units = list(dict.fromkeys([*_most_needed_first(context), *(u for pair in pairs for u in pair)]))
    for kind, word, letter, most in (("connections", "connection", "C", SECTIONS), ("bridge", "bridge", "B", BRIDGES)):
        chosen = [u for u in units if _heading(context, u, word)][:most]
        found += [
            {"id": f"{letter}{n}", "kind": kind, "unit": u, "other": "", "about": _heading(context, u, word)}
            for n, u in enumerate(chosen, 1)
        ]
    return found


def _most_needed_first(context: BookContext) -> list[str]:
    """The book's units, those first that most of the others need: the same in whatever order they were shipped."""
    own = context.produced
    needed = Counter(each for unit in own for each in context.units[unit].prerequisites)
    return sorted(own, key=lambda unit: (-needed[unit], unit))


def _heading(context: BookContext, unit: str, word: str) -> str:
    titles = (h.title for h in context.units[unit].headings if h.level == 2)
    return next((title for title in titles if word in title.casefold()), "")


def measured(context: BookContext) -> ContinuityReport:
    return replace(measure_corpus(context.snapshot), chosen=thresholds_of(context.snapshot))


def variables(context: BookContext) -> dict[str, Any]:
    report = measured(context)
    return {
        "title": context.book["title"],
        "samples": samples(context),
        "aggregate": report.aggregate,
        "failures": report.failures,
        "batch_failures": list(below(context, batch_figures(context)).values()),
    }


def gate(context: BookContext, reply: ContinuityReply) -> Verdict:
    report, batch = measured(context), batch_figures(context)
    defects = (*harmful(reply), *_judged(context, reply))
    # A corpus older than the continuity layer may be below globally: the batch decides (curriculum.md §2).
    short = [Defect("continuity", failure, "METRIC") for failure in below(context, batch).values()]
    short += [Defect(_about(context, j.sample), j.comment, "SAMPLE") for j in reply.judgements if not j.holds]
    figures = {
        "metrics": batch, "corpus_metrics": dict(report.aggregate), "corpus_failures": list(report.failures),
        "samples": len(reply.judgements), "samples_holding": sum(j.holds for j in reply.judgements),
    }  # fmt: skip
    if defects:
        return Verdict(defects, figures)
    if short and accepted(context.ledger, context.subject, context.pass_name) is not None:
        return Verdict((), {**figures, "accepted": True, "deferred": [f"{d.where}: {d.what}" for d in short]})
    return Verdict((), figures, shortfall=tuple(short))


def _about(context: BookContext, sample: str) -> str:
    """The sample as whoever has to mend it knows it: its units, and the section or the connection."""
    found = next((s for s in samples(context) if s["id"] == sample), None)
    if found is None:
        return sample
    units = " and ".join(filter(None, (found["unit"], found["other"])))
    return f"{sample}, {found['kind']} {units} ({found['about']}) does not hold"


def _judged(context: BookContext, reply: ContinuityReply) -> Iterator[Defect]:
    wanted = {s["id"]: s for s in samples(context)}
    given = [j.sample for j in reply.judgements]
    yield from (Defect(s, "this sample is not judged") for s in wanted if s not in given)
    yield from (Defect(s, "this sample is judged more than once") for s in wanted if given.count(s) > 1)
    for judgement in reply.judgements:
        sample = wanted.get(judgement.sample)
        problem = _quote_problem(context, sample, judgement.quote) if sample else "there is no such sample"
        if problem:
            yield Defect(judgement.sample, problem)


def _quote_problem(context: BookContext, sample: dict[str, str], quote: str) -> str:
    """What is wrong with a quote: of a pair it stands in one of its units, of a section under its heading."""
    if sample["kind"] != "pair":
        return locate(context.units[sample["unit"]], sample["unit"], sample["about"], quote)[1]
    folded = fold(quote)
    if len(folded.split()) < MIN_QUOTE_WORDS:
        return f"the quote is shorter than {MIN_QUOTE_WORDS} words"
    if any(folded in fold(context.units[sample[end]].body) for end in ("unit", "other")):
        return ""
    return f"the quote occurs neither in {sample['unit']} nor in {sample['other']}"


def changes(context: BookContext, reply: ContinuityReply, verdict: Verdict) -> Changes:
    corpus = report_markdown(measured(context), context.snapshot.text(REPORT, ""))
    markdown = corpus.rstrip("\n") + "\n\n" + render_book(context, reply, verdict)
    held = "falls short" if verdict.shortfall else "accepted" if verdict.figures.get("accepted") else "verified"
    report = Report(name="continuity_report", markdown=markdown)
    return Changes(title=f"Continuity of {context.book['title']}: {held}", reports=(report,))


def render_book(context: BookContext, reply: ContinuityReply, verdict: Verdict) -> str:
    """The book's part of the continuity report: metrics of its units, samples as judged, what falls short."""
    batch = verdict.figures["metrics"]
    metrics = [
        (t.name, f"{batch[t.key]:.4f}" if batch else "no units", f"{t.minimum:g}")
        for t in thresholds_of(context.snapshot)
    ]
    by_id = {judgement.sample: judgement for judgement in reply.judgements}
    judged = [
        (s["id"], s["kind"], s["unit"], s["other"], "holds" if by_id[s["id"]].holds else "does not hold",
         f"“{by_id[s['id']].quote}”", by_id[s["id"]].comment)
        for s in samples(context) if s["id"] in by_id
    ]  # fmt: skip
    parts = [
        f"## {context.book['title']}\n\nUnits: {', '.join(context.produced) or 'none'}.\n",
        render_table(("metric", "mean", "threshold"), metrics),
        "### Samples\n\n" + render_table(("sample", "kind", "unit", "with", "verdict", "quote", "comment"), judged),
        plain(reply.statement) + "\n",
    ]
    if verdict.figures.get("accepted"):
        reason = accepted(context.ledger, context.subject, context.pass_name)
        listed = "".join(f"- {line}\n" for line in map(plain, verdict.figures["deferred"]))
        parts.append(f"### Accepted below its thresholds\n\nReason: {plain(str(reason))}\n\n{listed}")
    if verdict.shortfall:
        deficits = [(d.where, d.what) for d in verdict.shortfall]
        parts.append("### Deficits\n\n" + render_table(("where", "what"), deficits))
    return "\n".join(parts)


CONTINUITY = Pass(
    name=names.CONTINUITY,
    title="continuity verification",
    reply_model=ContinuityReply,
    prompt="continuity",
    tools=("read_unit",),
    context=BookContext,
    variables=variables,
    gate=gate,
    changes=changes,
)
