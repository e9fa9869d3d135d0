"""A queued unit's brief: complete, within its budget, the same when it is made again, and true to the rules."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from codex.agents.briefs import brief as whole_brief
from codex.agents.call import AgentCall, CallAddress
from codex.agents.tools import Toolbox
from codex.check import check_text
from codex.check.registry import RULES
from codex.passes.bookcontext import BookContext as Context
from codex.passes.briefing.scaffold import scaffold
from codex.passes.production import PRODUCTION, desk
from codex.prompts import load_pattern, render_brief
from codex.prompts.fitting import size
from codex.units import parse_unit
from tests.passes.briefing.desks import AUDIT, UNIT, case_of, context_of, deps, edge

BUDGET = load_pattern("production").limits.bytes
#: What an agent may have to read for one unit, everything included.
WHOLE = 60_000


def handed_out(context: Context, prefix: str, prompt: str) -> str:
    """All that an outside agent reads: with how to answer, the tools and the reply schema."""
    address = CallAddress(context.subject, PRODUCTION.name, context.unit, 1)
    call = AgentCall(
        address=address, prefix=prefix, prompt=prompt, tools=PRODUCTION.tools, reply_model=PRODUCTION.reply_model,
        model="a-model", max_tokens=1000, max_turns=10, ceilings={},
    )  # fmt: skip
    tools = Toolbox(context.snapshot).definitions(PRODUCTION.tools)
    return whole_brief(call, tools, "name-of-a-call-of-usual-length-0123456789abcdef", Path("/srv/curriculum"))


def brief(**files: str) -> tuple[str, str]:
    return render_brief(PRODUCTION, context_of({k.replace("__", "/"): v for k, v in files.items()}), PRODUCTION.tools)


def test_it_holds_what_a_writer_needs() -> None:
    prefix, prompt = brief()
    assert f"# Write {UNIT}: Spinor modules" in prompt
    assert f"content/03-modern-geometry/09-spin-geometry/{UNIT}-spinor-modules.md" in prompt
    assert f"### {AUDIT}:7 (new_unit, P1): Spinor modules" in prompt
    assert "the spinor module as a left ideal" in prompt  # the bullet's second line too
    assert "### 03.09.02 The Clifford algebra of a quadratic form" in prompt  # what the prerequisite defines
    assert "- forward promises: at least **" in prompt
    assert "[03.09.02] The Clifford algebra of a quadratic form (prerequisite)" in prompt
    assert "concept_catalog_id: spin-geometry.clifford.spinor-modules" in prompt
    assert f"it is kept below {BUDGET}" not in prompt.lower()  # nothing had to be left out
    for rule in RULES:
        assert not rule.constraint or f"- {rule.code}: {rule.constraint}" in prefix


def test_it_is_the_same_when_it_is_made_again() -> None:
    assert brief() == brief()


def test_the_workspaces_notation_is_handed_on() -> None:
    assert "$v\\cdot v = -q(v)\\,1$" in brief()[1]  # _meta/NOTATION.md of the starter corpus
    assert "v\\cdot v" not in brief()[0]
    other = brief(**{"_meta__NOTATION.md": "Vectors are **bold**.\n\n# Not a heading of ours\n"})[1]
    assert "Vectors are **bold**." in other
    assert "\n# Not a heading" not in other


def test_a_corpus_without_end_is_cut_to_the_budget_and_the_cut_is_said() -> None:
    long = "A paragraph on spinor modules that settles a convention: write $S$ for the module. " * 40
    body = "\n".join(
        f"## Formal definition [Intermediate+]\n\n{long}\n\n## Synthesis [Master]\n\n"
        f"The central idea of this unit {n} builds toward [03.09.02] and generalises it. {long}\n"
        for n in range(3)
    )
    text = "---\nid: 03.09.{n}\ntitle: Spinor modules part {n}\nstatus: shipped\nprerequisites: []\n---\n\n{body}"
    names = [f"{n}" for n in range(30, 70)]
    files = {
        f"content/03-modern-geometry/09-spin-geometry/03.09.{n}-part.md": text.format(n=n, body=body) for n in names
    }
    files["manifests/deps.json"] = deps(*(edge(f"03.09.{n}", UNIT) for n in names))
    context = context_of(files)
    prefix, prompt = render_brief(PRODUCTION, context, PRODUCTION.tools)
    assert size(prefix) + size(prompt) <= BUDGET
    assert size(handed_out(context, prefix, prompt)) <= WHOLE
    left_out = prompt.partition("## What this brief leaves out")[2]
    assert f"It is kept below {BUDGET} bytes" in left_out
    shown = re.search(r"- prerequisites' definitions and statements: (\d+) of 40; read_unit shows the units", left_out)
    assert shown
    assert prompt.count("\n### 03.09.") >= int(shown[1]) > 2
    assert "- forward promises: at least **" in prompt  # what is no list is never cut


def test_the_scaffold_passes_the_rules_on_front_matter() -> None:
    """Filled in, the front matter of a brief breaks none of the rules that read nothing else."""
    context = context_of()
    filled = re.sub(r"‹[^›]*›m", "15m", scaffold(case_of()))
    filled = filled.replace("‹what the proof library has and lacks for this unit: see rule LN005›", "word " * 40)
    filled = re.sub(r"‹[^›]*›", "Chevalley — Spinors (1954)", filled)
    path = PRODUCTION.variables(context)["path"]
    result = check_text(desk(context), path, f"{filled}\n\n## Intuition [Beginner]\n\nText.\n".encode(), level="full")
    assert result.error is None
    failing = {check.code for check in result.checks if check.verdict == "fail"}
    about_front_matter = {
        "FM001",
        "ID001",
        "TR001",
        "CC001",
        "PR001",
        "RF001",
        "RF002",
        "RF003",
        "LN004",
        "LN005",
        "LN006",
    }
    assert not failing & (about_front_matter | {"HK001", "HK002", "XI001", "XI002", "XA001", "XS001"})


def test_the_scaffold_names_what_is_in_flight() -> None:
    files = {"manifests/deps.json": deps(edge("03.09.02", UNIT), edge("03.09.06", UNIT, "pending"))}
    front = parse_unit(f"{scaffold(case_of(files))}\n".encode(), "x.md").frontmatter
    assert front["prerequisites"] == ["03.09.02", "03.09.06"]
    assert front["pending_prereqs"] is True
    assert parse_unit(f"{scaffold(case_of())}\n".encode(), "x.md").frontmatter["pending_prereqs"] is False


def test_registered_connections_are_owed_by_direction() -> None:
    registry = """{"connections": [
      {"id": "conn:901.a", "from": "spin-geometry.clifford.spinor-modules", "to": "linalg.vector-space",
       "type": "specialisation", "strength": "synthesis", "anchor_phrase": "a spinor module is a vector space"},
      {"id": "conn:902.b", "from": "linalg.vector-space", "to": "spin-geometry.clifford.spinor-modules",
       "type": "foundation-of", "strength": "lateral", "anchor_phrase": "vectors act on spinors"},
      {"id": "conn:903.c", "from": "linalg.vector-space", "to": "linalg.bilinear-form", "type": "dual",
       "strength": "lateral", "anchor_phrase": "somewhere else", "appears_in_units": []}]}"""
    files = {"manifests/connections.json": registry}
    front = parse_unit(f"{scaffold(case_of(files))}\n".encode(), "x.md").frontmatter
    assert front["connections"] == {"in": ["conn:902.b"], "out": ["conn:901.a"], "lateral": [], "synthesis_claims": []}
    prompt = render_brief(PRODUCTION, context_of(files), PRODUCTION.tools)[1]
    said = prompt.partition("## Connections that must be said here")[2].partition("\n## ")[0]
    assert "“a spinor module is a vector space”" in said
    assert "“vectors act on spinors”" in said
    assert "conn:903" not in said


def test_teaching_flows_that_pass_here_are_told() -> None:
    flow = """---
flow: {id: spin, kind: strand}
throughline: {central_question: "What squares to minus one?", synthesis_beats: [{after_step: 1, claim: "algebra first"},
  {after_step: 9, claim: "never here"}]}
steps: [{n: 1, unit: 03.09.02}, {n: 9, unit: 01.01.03}]
---
"""
    prompt = brief(**{"flows__spin.md": flow, "flows__broken.md": "---\n[\n---\n", "flows__none.yaml": "- 1\n"})[1]
    told = prompt.partition("## Throughlines that pass here")[2].partition("\n## ")[0]
    assert "spin: What squares to minus one? algebra first" in told
    assert "never here" not in told


def test_the_checks_of_a_draft_know_the_concept_that_comes_with_it() -> None:
    context = context_of()
    assert "spin-geometry.clifford.spinor-modules" not in context.corpus.catalog
    text = b"---\nid: 03.09.07\nconcept_catalog_id: spin-geometry.clifford.spinor-modules\n---\n\nText.\n"
    for snapshot, verdict in ((context.snapshot, "fail"), (desk(context), "pass")):
        checks = {c.code: c.verdict for c in check_text(snapshot, "content/a/b/03.09.07-x.md", text).checks}
        assert checks["CC001"] == verdict


@pytest.mark.soak
def test_real_queued_units_have_briefs_within_the_budget(fasttrack) -> None:  # type: ignore[no-untyped-def]
    from codex.snapshot import TreeSnapshot

    snapshot = TreeSnapshot(fasttrack)
    for unit in ("05.12.02", "02.12.03", "06.06.10", "08.11.01", "04.09.04"):
        context = Context(snapshot, "0" * 40, f"unit:{unit}", "P4_production", 1, unit)
        prefix, prompt = render_brief(PRODUCTION, context, PRODUCTION.tools)
        assert 25_000 < size(prefix) + size(prompt) <= BUDGET
        assert "## What near units state" in prompt
