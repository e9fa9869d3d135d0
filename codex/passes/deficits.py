"""The gap list of a verification: deficits, made into what production owes next (protocol §3.4 and §6, pass 5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from codex.campaign.owed import Deliverable
from codex.check.defects import Defect
from codex.passes.bookcontext import BookContext
from codex.passes.equivalence import Score
from codex.passes.planned import planned_defects, strangers
from codex.passes.verify_reply import Deficit, VerificationReply


def deficit_defects(context: BookContext, reply: VerificationReply, card: Sequence[Score]) -> Iterator[Defect]:
    """What is wrong with the deficits of a book that falls short; nothing while every layer is met."""
    if all(score.met for score in card):
        return
    yield from _rows(context, reply, card)
    yield from _disagreements(reply.deficits)
    asked = deliverables_of(reply.deficits)
    for end, (_, unit) in strangers(context, asked):
        if end != unit:  # what is asked of a unit that is not there is said of the unit itself
            yield Defect(unit, f"prerequisite {end}: there is no such unit, shipped or new")
    yield from planned_defects(context, asked)


def _rows(context: BookContext, reply: VerificationReply, card: Sequence[Score]) -> Iterator[Defect]:
    """Every row that is missing in a layer below its threshold is named by a deficit, and no other row is invented."""
    named = {row for deficit in reply.deficits for row in deficit.rows}
    unknown = sorted(named - set(context.inventory.rows))
    yield from (Defect(row, "there is no such row in the inventory") for row in unknown)
    short = {score.layer for score in card if not score.met}
    for answer in reply.answers:
        row = context.inventory.rows.get(answer.row)
        if row and row.layer in short and answer.status in {"gap", "partial"} and row.id not in named:
            what = f"the {row.layer} layer is below its threshold and no deficit says what to do about this row"
            yield Defect(row.id, what)


def _disagreements(deficits: Sequence[Deficit]) -> Iterator[Defect]:
    """Several deficits of one unit are one piece of work: they have to mean the same unit."""
    for unit in dict.fromkeys(deficit.unit for deficit in deficits):
        same = [deficit for deficit in deficits if deficit.unit == unit]
        for key in ("action", "slug", "title", "concept"):
            given = dict.fromkeys(value for deficit in same if (value := getattr(deficit, key)))
            if len(given) > 1:
                yield Defect(unit, f"its deficits do not agree on its {key}: {', '.join(map(repr, given))}")


def deliverables_of(deficits: Sequence[Deficit]) -> tuple[Deliverable, ...]:
    """What production owes: one deliverable a unit, several deficits of the same unit being one piece of work."""
    merged: dict[str, Deliverable] = {}
    for each in map(_deliverable, deficits):
        old = merged.get(each.id)
        merged[each.id] = _joined(old, each) if old else each
    return tuple(merged.values())


def _deliverable(deficit: Deficit) -> Deliverable:
    return Deliverable(
        id=deficit.unit, action=deficit.action, title=deficit.title or "", slug=deficit.slug or "",
        prerequisites=tuple(deficit.prerequisites), concept=deficit.concept or "", rows=tuple(deficit.rows),
        spec=deficit.specification, job="rework",
    )  # fmt: skip


def _joined(old: Deliverable, new: Deliverable) -> Deliverable:
    return replace(
        old,
        title=old.title or new.title,
        slug=old.slug or new.slug,
        concept=old.concept or new.concept,
        rows=tuple(dict.fromkeys([*old.rows, *new.rows])),
        prerequisites=tuple(dict.fromkeys([*old.prerequisites, *new.prerequisites])),
        spec=f"{old.spec}\n{new.spec}",
    )
