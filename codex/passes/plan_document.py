"""§3 of a book's plan document and its notation crosswalk (curriculum.md §2; punch lists: unit-rubric §4.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from codex.passes.bookcontext import BookContext
from codex.passes.plan_reply import Deepening, NewUnit, NotationLine, PlanReply
from codex.passes.tables import render_table

#: What readers of plans take for marks of the list itself, wherever it stands in a line.
_PRIORITY = re.compile(r"\*\*(?=\s*Priority\b)", re.IGNORECASE)
_TAG = re.compile(r"\[(DEFERRED|OUT[ -]OF[ -]SCOPE)\]", re.IGNORECASE)


def render_crosswalk(context: BookContext, lines: Sequence[NotationLine]) -> str:
    """``notation/<book-slug>.md``: one line for each row of the notation inventory."""
    rows = [(line.row, line.book, line.ours, line.note) for line in lines]
    title = f"# Notation of {context.book['title']}\n\n"
    return title + render_table(("row", "book", "ours", "note"), rows)


def render_section(context: BookContext, reply: PlanReply) -> str:
    """§3 of the plan document: the punch list in the form that plans are read in (unit-rubric §4.1)."""
    edges = [(e.before, e.after) for e in reply.edges]
    jobs = [(j.name, ", ".join(j.units)) for j in reply.jobs]
    parts = (
        "### 3.1 New units\n\n" + _punch_list([(u.priority, _new_line(u)) for u in reply.new_units]),
        "### 3.2 Deepenings\n\n" + _punch_list([(d.priority, _deepen_line(context, d)) for d in reply.deepenings]),
        "### 3.3 Exercise packs\n\nNone planned.\n",
        f"### 3.4 Notation crosswalk\n\n`notation/{context.slug}.md`, {len(reply.notation)} lines.\n",
        "### 3.5 Graph edges\n\n"
        + (render_table(("before", "after"), edges) if edges else "None beyond the units' own.\n"),
        "### 3.6 Agent decomposition\n\n" + render_table(("job", "units"), jobs),
    )
    return "\n".join(parts)


def spec_of(unit: NewUnit) -> str:
    """What the writer of the unit is told to write."""
    return f"{unit.must_contain.strip()} Originator: {unit.originator}. Modern anchor: {unit.modern_anchor}."


def _punch_list(lines: Sequence[tuple[int, str]]) -> str:
    out, number = [], 0
    for priority in sorted({p for p, _ in lines}):
        out.append(f"**Priority {priority}**\n")
        for _, line in (pair for pair in lines if pair[0] == priority):
            number += 1
            out.append(f"{number}. {line}")
        out.append("")
    return "\n".join(out) if out else "None.\n"


def _new_line(unit: NewUnit) -> str:
    needs = ", ".join(unit.prerequisites) or "none"
    spec = f"{_plain(spec_of(unit))} Concept: {unit.concept}. Prerequisites: {needs}."
    return f"{_bold(unit.id, unit.title)} [NEW] {spec} Rows: {', '.join(unit.rows)}."


def _deepen_line(context: BookContext, deepening: Deepening) -> str:
    title = _bold(deepening.id, context.units[deepening.id].title)
    return f"{title} [DEEPEN] {_plain(deepening.additions)} Rows: {', '.join(deepening.rows)}."


def _bold(unit_id: str, title: str) -> str:
    bare = _plain(title).replace("**", "*").replace("`", "'")
    return f"**`{unit_id}` {bare.rstrip('.')}.**"


def _plain(text: str) -> str:
    """On one line, and without what readers of plans take for a priority or for a tag of the list."""
    return _TAG.sub(r"(\1)", _PRIORITY.sub("", " ".join(text.split())))
