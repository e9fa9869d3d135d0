"""PV: continuity verification. Six metrics are measured here; samples are judged by an agent, with quotes looked up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from codex.continuity.corpus import ContinuityReport, measure_corpus
from codex.continuity.report import report_markdown
from codex.integration.proposal import Report
from codex.passes.base import Changes, Context, Pass, Verdict
from codex.passes.equivalence import Defect
from codex.passes.evidence import MIN_QUOTE_WORDS, fold
from codex.passes.weave import seams

#: How many samples of each kind are judged (curriculum.md §2, pass PV). Teaching flows join when there are any.
PAIRS, SECTIONS, BRIDGES = 10, 10, 3


class Judgement(BaseModel):
    """The judgement on one sample, with a sentence of the unit that shows it."""

    model_config = ConfigDict(extra="forbid")

    sample: str = Field(description="id of the sample, e.g. P1")
    holds: bool
    quote: str = Field(description="a sentence copied exactly from the unit named in the sample (at least 6 words)")
    comment: str = Field(min_length=20)


class ContinuityReply(BaseModel):
    """One judgement for every sample."""

    model_config = ConfigDict(extra="forbid")

    judgements: list[Judgement] = Field(min_length=1)
    statement: str = Field(min_length=40)


def samples(context: Context) -> list[dict[str, str]]:
    """Connected pairs, Connections sections and bridges of the book's units and neighbours, in a fixed order."""
    pairs = {tuple(sorted((s.unit, s.other))): s for s in seams(context)}
    found = [
        {"id": f"P{n}", "kind": "pair", "unit": s.unit, "other": s.other, "about": f"{s.type}: “{s.anchor}”"}
        for n, s in enumerate(list(pairs.values())[:PAIRS], 1)
    ]
    units = list(dict.fromkeys([*context.produced, *(u for pair in pairs for u in pair)]))
    for kind, word, letter, most in (("connections", "connection", "C", SECTIONS), ("bridge", "bridge", "B", BRIDGES)):
        chosen = [u for u in units if _heading(context, u, word)][:most]
        found += [
            {"id": f"{letter}{n}", "kind": kind, "unit": u, "other": "", "about": _heading(context, u, word)}
            for n, u in enumerate(chosen, 1)
        ]
    return found


def _heading(context: Context, unit: str, word: str) -> str:
    titles = (h.title for h in context.units[unit].headings if h.level == 2)
    return next((title for title in titles if word in title.casefold()), "")


def measured(context: Context) -> ContinuityReport:
    return measure_corpus(context.snapshot)


def variables(context: Context) -> dict[str, Any]:
    report = measured(context)
    return {
        "title": context.book["title"],
        "samples": samples(context),
        "aggregate": report.aggregate,
        "failures": report.failures,
        "batch_failures": batch_failures(context, report),
    }


def batch_failures(context: Context, report: ContinuityReport) -> list[str]:
    """What the book's own units fall short of, taken together."""
    return batch_of(context, report).failures


def batch_of(context: Context, report: ContinuityReport) -> ContinuityReport:
    """The figures of the book's own units."""
    mine = {context.units[u].path for u in context.produced if u in context.units}
    return ContinuityReport(tuple(u for u in report.units if u.path in mine))


def gate(context: Context, reply: ContinuityReply) -> Verdict:
    report = measured(context)
    batch = batch_of(context, report)
    defects = list(_judged(context, reply))
    # A corpus older than the continuity layer may be below globally: the batch decides (curriculum.md §2).
    short = [Defect("continuity", failure, "METRIC") for failure in batch.failures]
    short += [
        Defect(j.sample, f"the sample does not hold: {j.comment}", "SAMPLE") for j in reply.judgements if not j.holds
    ]
    figures = {
        "metrics": dict(batch.aggregate), "corpus_metrics": dict(report.aggregate),
        "corpus_failures": list(report.failures),
        "samples": len(reply.judgements), "samples_holding": sum(j.holds for j in reply.judgements),
    }  # fmt: skip
    return Verdict(tuple(defects), figures, shortfall=tuple(short) if not defects else ())


def _judged(context: Context, reply: ContinuityReply) -> Iterator[Defect]:
    wanted = {s["id"]: s for s in samples(context)}
    given = [j.sample for j in reply.judgements]
    yield from (Defect(s, "this sample is not judged") for s in wanted if s not in given)
    yield from (Defect(s, "this sample is judged twice") for s in set(given) if given.count(s) > 1)
    for judgement in reply.judgements:
        sample = wanted.get(judgement.sample)
        if sample is None:
            yield Defect(judgement.sample, "there is no such sample")
            continue
        texts = [fold(context.units[u].body) for u in (sample["unit"], sample["other"]) if u]
        quote = fold(judgement.quote)
        if len(quote.split()) < MIN_QUOTE_WORDS or not any(quote in text for text in texts):
            yield Defect(judgement.sample, f"the quote does not occur in {sample['unit']} (or is too short)")


def changes(context: Context, reply: ContinuityReply, verdict: Verdict) -> Changes:
    report = Report(name="continuity_report", markdown=report_markdown(measured(context)))
    held = "verified" if not verdict.shortfall else "falls short"
    del reply
    return Changes(title=f"Continuity of {context.book['title']}: {held}", reports=(report,))


CONTINUITY = Pass(
    "PV_continuity", "continuity verification", ContinuityReply, "continuity", ("read_unit",), variables, gate, changes
)
