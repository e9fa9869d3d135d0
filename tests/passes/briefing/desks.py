"""Queued units over the starter corpus: an audit that asks for them, and the case of a brief."""

from __future__ import annotations

from collections.abc import Mapping

from codex.passes.bookcontext import BookContext as Context
from codex.passes.briefing.case import Case
from codex.passes.production import path_of
from tests.passes.worlds import World

AUDIT = "plans/fasttrack/chevalley-spinors.md"
#: Asked for by the audit below; its chapter and prerequisites are of the starter corpus.
UNIT = "03.09.07"
BULLET = """\
1. **`03.09.07` Spinor modules.** [NEW] Chevalley Ch. 2 §3. Simple modules of Clifford algebras; the spinor
   module as a left ideal. ~900 words. Originator: Cartan 1913.
"""
ARROW = "- `03.09.07` ← {`03.09.02`, `03.01.05`}\n"
AUDIT_TEXT = (
    f"# Chevalley — *Spinors* (Fast Track 3.90) — Audit\n\n## §3 Punch list\n\n**Priority 1**\n\n{BULLET}\n{ARROW}"
)

DEPS = '{"version": 1, "edges": [%s], "pending": [%s], "shipped": []}\n'


def edge(before: str, after: str, state: str = "shipped") -> str:
    return f'{{"from": "{before}", "to": "{after}", "state": "{state}"}}'


def deps(*edges: str, pending: str = "") -> str:
    return DEPS % (", ".join(edges), pending)


#: The starter corpus with the audit; the wanted unit rests on the Clifford algebra.
FILES: Mapping[str, str] = {AUDIT: AUDIT_TEXT, "manifests/deps.json": deps(edge("03.09.02", UNIT))}


def context_of(files: Mapping[str, str] = {}, unit: str = UNIT) -> Context:
    world = World({}).write({**FILES, **files})
    return Context(world.snapshot, "0" * 40, f"unit:{unit}", "P4_production", 1, unit)


def case_of(files: Mapping[str, str] = {}, unit: str = UNIT) -> Case:
    context = context_of(files, unit)
    return Case(context, path_of(context))
