"""The two passes of a note, and the condition that its table names."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from codex.campaign.about import About
from codex.check.defects import Defect
from codex.corpus import bookplan
from codex.integration.proposal import PlanSection
from codex.passes.base import Changes, Pass, Verdict
from codex.passes.context import Context


class Written(BaseModel):
    """A note: its sentences, one by one."""

    model_config = ConfigDict(extra="forbid")

    sentences: list[str] = Field(min_length=1)


class Checked(BaseModel):
    """What the note claims, each claim copied from it."""

    model_config = ConfigDict(extra="forbid")

    claims: list[str] = Field(min_length=1)


def _note(document: str) -> str:
    section = bookplan.parse(document).section(1)
    return section.text if section else ""


def note_filled(about: About) -> str:
    return "" if _note(about.document).strip() else "the note has no text"


def written_variables(context: Context) -> dict[str, Any]:
    return {"title": context.title}


def written_gate(context: Context, reply: Written) -> Verdict:
    del context
    half = [n for n, each in enumerate(reply.sentences, 1) if not each.endswith(".")]
    return Verdict(tuple(Defect(f"sentence {n}", "it is no whole sentence", "HALF") for n in half))


def written_changes(context: Context, reply: Written, verdict: Verdict) -> Changes:
    del verdict
    section = PlanSection(number=1, markdown="\n".join(reply.sentences))
    return Changes(title=f"Write the note {context.slug}", sections=(section,))


def checked_variables(context: Context) -> dict[str, Any]:
    return {"title": context.title, "note": context.section(1)}


def checked_gate(context: Context, reply: Checked) -> Verdict:
    missing = [claim for claim in reply.claims if claim not in context.section(1)]
    return Verdict(figures={"claims": len(reply.claims)}, shortfall=tuple(Defect(c, "not found") for c in missing))


def checked_changes(context: Context, reply: Checked, verdict: Verdict) -> Changes:
    del reply, verdict
    return Changes(title=f"Check the note {context.slug}")


PASSES = {
    each.name: each
    for each in (
        Pass(
            name="N1_write",
            title="writing",
            reply_model=Written,
            prompt="notebook_track.prompts:write",
            tools=(),
            context=Context,
            variables=written_variables,
            gate=written_gate,
            changes=written_changes,
        ),
        Pass(
            name="N2_check",
            title="checking",
            reply_model=Checked,
            prompt="notebook_track.prompts:check",
            tools=("search_corpus",),
            context=Context,
            variables=checked_variables,
            gate=checked_gate,
            changes=checked_changes,
        ),
    )
}
CONDITIONS = {"note_filled": note_filled}
