"""PW: weaving. Registered connections between the book's units and their neighbours are said in both directions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from codex.check import check_text
from codex.integration.proposal import ConnectionProposal, Report, UnitChange, UnitId
from codex.passes.base import Changes, Context, Pass, Verdict
from codex.passes.equivalence import Defect
from codex.passes.production import ProposedConnection
from codex.passes.tables import render_table
from codex.units import parse_unit
from codex.units.edits import EditProblem, UnitEdit, apply_edits


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


@dataclass(frozen=True)
class Seam:
    """A registered connection that has to be said in a unit with its anchor phrase."""

    connection: str
    type: str
    anchor: str
    note: str
    unit: str
    other: str


def seams(context: Context) -> list[Seam]:
    """Both directions of every registered connection that has one end in the book's units and both ends shipped."""
    by_concept = {unit.text_value("concept_catalog_id"): unit_id for unit_id, unit in context.units.items()}
    found = []
    for each in context.corpus.connections.connections:
        ends = (by_concept.get(each.source), by_concept.get(each.target))
        if ends[0] and ends[1] and set(ends) & set(context.produced):
            for unit, other in (ends, ends[::-1]):
                found.append(Seam(each.id, each.type, each.anchor_phrase, each.synthesis_note, str(unit), str(other)))
    return found


def open_seams(context: Context, texts: Mapping[str, str]) -> list[Seam]:
    """The seams whose anchor phrase the unit's text does not hold word for word."""
    return [s for s in seams(context) if s.anchor not in texts.get(s.unit, context.units[s.unit].text)]


def variables(context: Context) -> dict[str, Any]:
    involved = {seam.unit for seam in seams(context)} | set(context.produced)
    return {
        "title": context.book["title"],
        "produced": context.produced,
        "open": open_seams(context, {}),
        "all": seams(context),
        "texts": {u: context.units[u].text for u in sorted({s.unit for s in open_seams(context, {})})},
        "involved": [(u, context.units[u].title) for u in sorted(involved)],
        "shortfalls": _continuity_failures(context),
    }


def _continuity_failures(context: Context) -> list[str]:
    last = context.ledger.last_failure(context.subject, "PV_continuity")
    return [f"{d.get('where')}: {d.get('what')}" for d in last.data.get("defects", [])] if last else []


def _edited(context: Context, reply: WeavingReply) -> tuple[dict[str, str], list[Defect]]:
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


def gate(context: Context, reply: WeavingReply) -> Verdict:
    texts, defects = _edited(context, reply)
    defects += list(_worse(context, texts))
    for seam in open_seams(context, texts):
        defects.append(
            Defect(
                seam.unit, f"{seam.connection} is not said here: the anchor phrase “{seam.anchor}” is missing", "ANCHOR"
            )
        )
    figures = {"seams": len(seams(context)), "open_before": len(open_seams(context, {})), "units_edited": len(texts)}
    return Verdict(tuple(defects), figures)


def _worse(context: Context, texts: Mapping[str, str]) -> Iterator[Defect]:
    for unit_id, text in texts.items():
        unit = context.units[unit_id]
        before = check_text(context.snapshot, unit.path, unit.data)
        after = check_text(context.snapshot, unit.path, text.encode())
        failing = {f.code for f in before.checks if f.verdict == "fail"}
        for finding in after.checks:
            if finding.verdict == "fail" and finding.code not in failing:
                yield Defect(unit_id, f"{finding.name}: {finding.detail} — {finding.hint}", finding.code)
        if parse_unit(text.encode(), unit.path).frontmatter_text != unit.frontmatter_text:
            yield Defect(unit_id, "weaving does not change front matter")


def changes(context: Context, reply: WeavingReply, verdict: Verdict) -> Changes:
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


def render_report(context: Context, reply: WeavingReply, verdict: Verdict) -> str:
    """weaving_report.md: every edit with its reason, and what of the registry is said now."""
    edits = [(w.unit, e.op, e.heading, e.reason) for w in reply.units for e in w.edits]
    said = [(s.connection, s.unit, s.other, s.type, s.anchor) for s in seams(context)]
    parts = [
        f"# Weaving report: {context.book['title']}\n",
        f"{reply.summary.strip()}\n",
        f"Registered connections to be said: {verdict.figures['seams']} (both directions counted); not said before: "
        f"{verdict.figures['open_before']}; after: 0.\n",
        "## Edits\n\n" + (render_table(("unit", "edit", "heading", "reason"), edits) if edits else "None.\n"),
        "## Connections said\n\n" + render_table(("connection", "unit", "with", "type", "anchor phrase"), said),
    ]
    return "\n".join(parts)


WEAVE = Pass(
    "PW_weaving",
    "weaving",
    WeavingReply,
    "weaving",
    ("read_unit", "list_connections", "measure_continuity"),
    variables,
    gate,
    changes,
)
