"""The gap list of a verification: deficits, made into what production owes next (protocol §3.4 and §6, pass 5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from codex.passes.bookcontext import BookContext
from codex.passes.context import Deliverable
from codex.passes.equivalence import Defect, Score
from codex.passes.plan import new_id_problem
from codex.passes.verify_reply import Deficit, VerificationReply


def deficit_defects(context: BookContext, reply: VerificationReply, card: Sequence[Score]) -> Iterator[Defect]:
    """What is wrong with the deficits of a book that falls short; nothing while every layer is met."""
    if all(score.met for score in card):
        return
    named = {row for deficit in reply.deficits for row in deficit.rows}
    unknown = sorted(named - set(context.inventory.rows))
    yield from (Defect(row, "there is no such row in the inventory") for row in unknown)
    short = {score.layer for score in card if not score.met}
    for answer in reply.answers:
        row = context.inventory.rows.get(answer.row)
        if row and row.layer in short and answer.status in {"gap", "partial"} and row.id not in named:
            what = f"the {row.layer} layer is below its threshold and no deficit says what to do about this row"
            yield Defect(row.id, what)
    for deficit in reply.deficits:
        yield from (Defect(deficit.unit, problem) for problem in _problems(context, deficit, reply.deficits))
    cycle = context.corpus.deps.cycle_through(_edges(reply.deficits))
    if cycle:
        yield Defect(" → ".join(cycle), "these prerequisites form a cycle")


def _problems(context: BookContext, deficit: Deficit, all_of_them: Sequence[Deficit]) -> Iterator[str]:
    new = {each.unit for each in all_of_them if each.action == "new"}
    for unit in deficit.prerequisites:
        if unit not in context.shipped and unit not in new:
            yield f"prerequisite {unit}: there is no such unit, shipped or new"
    if deficit.action == "deepen":
        if deficit.unit not in context.shipped:
            yield "there is no such shipped unit to deepen"
        return
    problem = new_id_problem(context, deficit.unit, new)
    if problem:
        yield problem
    if not deficit.slug or not deficit.concept or not deficit.title:
        yield "a new unit needs a slug, a title and a concept"
    holder = context.teachers.get(deficit.concept or "")
    if holder:
        yield f"the concept {deficit.concept} is taught by {', '.join(holder)} already"


def _edges(deficits: Iterable[Deficit]) -> list[tuple[str, str]]:
    return [(before, deficit.unit) for deficit in deficits for before in deficit.prerequisites]


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
        rows=tuple(dict.fromkeys([*old.rows, *new.rows])),
        prerequisites=tuple(dict.fromkeys([*old.prerequisites, *new.prerequisites])),
        spec=f"{old.spec}\n{new.spec}",
    )
