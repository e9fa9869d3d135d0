"""PW: weaving. Registered connections between the book's units and their neighbours are said in both directions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from codex.check import check_text
from codex.check.compare import worse
from codex.check.defects import Defect
from codex.corpus.quoting import fenced, plain
from codex.integration.proposal import ConnectionProposal, Report, UnitChange, UnitId
from codex.passes.base import Changes, Pass, Verdict
from codex.passes.batch import batch_figures, below
from codex.passes.bookcontext import BookContext
from codex.passes.harmless import harmful
from codex.passes.kept import losses
from codex.passes.production import ProposedConnection, unknown_concepts
from codex.passes.seams import open_seams, seams
from codex.passes.tables import render_table
from codex.prompts.fitting import Shelf
from codex.tracks.fasttrack import names
from codex.units import Unit, parse_unit
from codex.units.edits import EditProblem, UnitEdit, apply_edits

REPORT = "manifests/weaving_report.md"


class _Reply(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WovenUnit(_Reply):
    """The edits to one unit."""

    unit: UnitId
    edits: list[UnitEdit] = Field(min_length=1)


class WeavingReply(_Reply):
    """Edits that stitch the book's units into their neighbours, each with its reason."""

    units: list[WovenUnit]
    connections: list[ProposedConnection] = Field(default_factory=list)
    summary: str = Field(min_length=60)


def variables(context: BookContext) -> dict[str, Any]:
    every, still_open = seams(context), [seam for seam, _ in open_seams(context, {})]
    involved = {seam.unit for seam in every} | set(context.produced)
    return {
        "title": context.book["title"],
        "produced": context.produced,
        "open": still_open,
        "all": every,
        "texts": _texts(context, {seam.unit for seam in still_open}),
        "involved": [(u, context.units[u].title) for u in sorted(involved)],
        "shortfalls": [*_fell_short(context), *below(context, batch_figures(context)).values()],
    }


def _texts(context: BookContext, units: set[str]) -> Shelf:
    """The units that say too little, in full, since their passages are edited; the book's own first."""
    ordered = sorted(units, key=lambda u: (u not in context.produced, u))
    items = (f"## The text of {u}\n\n{fenced(context.units[u].text)}" for u in ordered)
    return Shelf("texts", tuple(items), 1, "read_unit shows the others", 1)


def _fell_short(context: BookContext) -> list[str]:
    """What the last continuity verification found; a faulty reply of that pass says nothing about the book."""
    last = context.ledger.last_failure(context.subject, "PV_continuity")
    if last is None or not last.fell_short:
        return []
    return [f"{d.get('where')}: {d.get('what')}" for d in last.data.get("defects", [])]


def _edited(context: BookContext, reply: WeavingReply) -> tuple[dict[str, str], list[Defect]]:
    texts: dict[str, str] = {}
    defects = []
    for woven in reply.units:
        unit = context.units.get(woven.unit)
        if unit is None or woven.unit in texts:
            what = "it is listed twice" if unit else "there is no such unit"
            defects.append(Defect(woven.unit, what))
            continue
        try:
            texts[woven.unit] = apply_edits(unit, woven.edits)
        except EditProblem as exc:
            defects.append(Defect(woven.unit, str(exc), "EDIT"))
    return texts, defects


def gate(context: BookContext, reply: WeavingReply) -> Verdict:
    texts, problems = _edited(context, reply)
    still_open = open_seams(context, texts)
    defects = [
        *harmful(reply),
        *problems,
        *_worse(context, texts),
        *_unmoved(context, reply, texts),
        *unknown_concepts(context, reply.connections),
        *(Defect(s.unit, f"{s.connection} is not said here: {missing}", "ANCHOR") for s, missing in still_open),
    ]
    figures = {"seams": len(seams(context)), "open_before": len(open_seams(context, {})), "units_edited": len(texts)}
    return Verdict(tuple(defects), figures)


def _worse(context: BookContext, texts: Mapping[str, str]) -> Iterator[Defect]:
    for unit_id, text in texts.items():
        unit = context.units[unit_id]
        after = parse_unit(text.encode(), unit.path)
        yield from _lower(context, unit, after)
        if after.frontmatter_text != unit.frontmatter_text:
            yield Defect(unit_id, "weaving does not change front matter")
        yield from (replace(loss, where=f"{unit_id}, {loss.where}") for loss in losses(unit, after))


def _lower(context: BookContext, unit: Unit, after: Unit) -> Iterator[Defect]:
    """The checks that fall below what they were, as the integrator will judge them."""
    old, new = (check_text(context.snapshot, unit.path, u.data, policy=context.policy) for u in (unit, after))
    said = {finding.code: f"{finding.name}: {finding.detail} — {finding.hint}" for finding in new.checks}
    for code, name in worse(old, new):
        yield Defect(unit.id, said.get(code, name), code)


def _unmoved(context: BookContext, reply: WeavingReply, texts: Mapping[str, str]) -> Iterator[Defect]:
    """Finding nothing to weave is no answer while something falls short: each named metric moves (protocol §6)."""
    before, after = batch_figures(context), batch_figures(context, texts)
    for key, short in below(context, after).items():
        if key in before and after[key] <= before[key]:
            yield Defect("continuity", f"{short}, and the edits do not raise it", "METRIC")
    if _fell_short(context) and not reply.units:
        yield Defect("units", "continuity verification found what does not hold, and no edit mends it")


def changes(context: BookContext, reply: WeavingReply, verdict: Verdict) -> Changes:
    texts, _ = _edited(context, reply)
    units = []
    for unit_id, text in texts.items():
        unit = context.units[unit_id]
        reason = "; ".join(e.reason for w in reply.units if w.unit == unit_id for e in w.edits)
        units.append(
            UnitChange(
                action="edit", id=unit_id, slug=unit.slug, text=text,
                expected_blob=context.snapshot.blobs()[unit.path], attempt=context.attempt, reason=reason[:600],
            )
        )  # fmt: skip
    proposals = tuple(ConnectionProposal(**c.model_dump()) for c in reply.connections)
    report = Report(name="weaving_report", markdown=render_report(context, reply, verdict))
    return Changes(
        title=f"Weave {context.book['title']} into its neighbours",
        units=tuple(units),
        connections=proposals,
        reports=(report,),
    )


def render_report(context: BookContext, reply: WeavingReply, verdict: Verdict) -> str:
    """weaving_report.md: every edit with its reason, and what of the registry is said now.

    The report is of one book; what earlier weavings of the same book did stays below.
    """
    head = f"# Weaving report: {context.book['title']}\n"
    before = context.snapshot.text(REPORT, "")
    edits = [(w.unit, e.op, e.heading, e.reason) for w in reply.units for e in w.edits]
    said = [(s.connection, s.unit, s.other, s.type, s.anchor) for s in seams(context)]
    parts = [
        head,
        f"## Weaving {context.attempt}\n",
        plain(reply.summary) + "\n",
        (
            f"Registered connections to be said: {verdict.figures['seams']} (both directions counted); not said "
            f"before: {verdict.figures['open_before']}; after: 0.\n"
        ),
        "### Edits\n\n" + (render_table(("unit", "edit", "heading", "reason"), edits) if edits else "None.\n"),
        "### Connections said\n\n" + render_table(("connection", "unit", "with", "type", "anchor phrase"), said),
    ]
    if before.startswith(head):
        parts.append(before.removeprefix(head).strip("\n") + "\n")
    return "\n".join(parts)


WEAVE = Pass(
    name=names.WEAVING,
    title="weaving",
    reply_model=WeavingReply,
    prompt="weaving",
    tools=("read_unit", "list_connections", "measure_continuity"),
    context=BookContext,
    variables=variables,
    gate=gate,
    changes=changes,
)
