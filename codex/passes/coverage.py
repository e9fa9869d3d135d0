"""What gap analysis (P2) and verification (P5) share: the question put for every row, and the tables of answers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from codex.check.defects import Defect
from codex.passes.bookcontext import BookContext
from codex.passes.equivalence import RowAnswer, Score, answer_defects
from codex.passes.inventory import LAYERS, Inventory, Row
from codex.passes.tables import parse_tables, render_table

_UNIT_IDS = re.compile(r"[0-9]{2}\.[0-9]{2}\.[0-9]{2}")
ANSWER_COLUMNS = ("row", "item", "status", "unit", "heading", "evidence")


def render_answers(inventory: Inventory, answers: Sequence[RowAnswer], number: str, mark: str = "###") -> str:
    """One table a layer, numbered from 1 below ``number``; ``mark`` is the level of their headings."""
    by_row = {answer.row: answer for answer in answers}
    parts = []
    for place, (layer, (_, _, title)) in enumerate(LAYERS.items(), 1):
        rows = inventory.of(layer)
        head = f"{mark} {number}.{place} {'Intuition' if layer == 'intuition' else title}\n\n"
        if not rows:
            parts.append(f"{head}Not applicable: {inventory.not_applicable.get(layer, 'no rows')}\n")
            continue
        lines = [_line(_item(row), by_row.get(row.id, RowAnswer(row=row.id, status="gap"))) for row in rows]
        parts.append(head + render_table(ANSWER_COLUMNS, lines))
    return "\n".join(parts)


def _item(row: Row) -> str:
    """What the row is about, where its label alone does not say it."""
    if row.layer == "exercise":
        return f"{row.label}: {row.statement}"
    return f"{row.place} uses {row.label}" if row.layer == "sequencing" else row.label


#: What stands for the unit of an answer that names none.
_NO_UNIT: dict[str, str] = {"gap": "GAP", "exception": "none needed"}


def _line(label: str, answer: RowAnswer) -> tuple[str, ...]:
    if answer.status in _NO_UNIT:  # whatever else such an answer names was not looked up
        return (answer.row, label, answer.status, _NO_UNIT[answer.status], "", answer.reason)
    unit = answer.unit + (f" → {answer.other_unit}" if answer.other_unit else "")
    quoted = f"“{answer.quote}”" if answer.quote else ""
    evidence = " — ".join(filter(None, (quoted, answer.reason)))
    return (answer.row, label, answer.status, unit or "crosswalk", answer.heading, evidence)


def read_answers(markdown: str) -> list[dict[str, str]]:
    """All rows of all tables of answers in a section (columns: ANSWER_COLUMNS)."""
    return [row for table in parse_tables(markdown) for row in table if set(ANSWER_COLUMNS) <= set(row)]


def read_statuses(markdown: str) -> dict[str, str]:
    """Row id → status, from all tables of answers in a section."""
    return {row["row"]: row["status"] for row in read_answers(markdown)}


def named_units(markdown: str) -> list[str]:
    """The units that the answers of a section name, each once."""
    named = (answer["unit"] for answer in read_answers(markdown))
    return list(dict.fromkeys(found for unit in named for found in _UNIT_IDS.findall(unit)))


def render_scorecard(scores: Sequence[Score]) -> str:
    """The scorecard table: layer, captured, total, %, threshold, status."""
    lines = []
    for score in scores:
        total = score.covered + score.partial + score.gaps
        share = "n/a" if score.percentage is None else f"{score.percentage:.1f} %"
        lines.append(
            (
                score.layer,
                score.covered + score.partial / 2,
                total,
                score.excepted,
                share,
                "met" if score.met else "short",
            )
        )
    return render_table(("layer", "captured", "total", "excepted", "share", "status"), lines)


def row_defects(context: BookContext, answers: Sequence[RowAnswer]) -> list[Defect]:
    """Everything that is wrong with the answers, each claim looked up in the context's corpus."""
    return answer_defects(
        context.inventory, answers, context.shipped, context.corpus.deps,
        crosswalk=context.crosswalk, book=context.book_name,
    )  # fmt: skip


def card_figures(card: Sequence[Score]) -> dict[str, Any]:
    """What an event records of a scorecard: ``layers`` (layer → percentage, None: not applicable) and the rest."""
    return {"layers": {s.layer: s.percentage for s in card}, "coverage": [s.as_data() for s in card]}


def row_list(inventory: Inventory, statuses: Mapping[str, str] | None = None) -> list[dict[str, str]]:
    """The rows as the brief lists them, with the status of an earlier pass when given."""
    earlier = statuses or {}
    return [
        {
            "id": r.id,
            "layer": r.layer,
            "place": r.place,
            "label": r.label,
            "statement": r.statement,
            "status": earlier.get(r.id, ""),
        }
        for r in inventory.rows.values()
    ]
