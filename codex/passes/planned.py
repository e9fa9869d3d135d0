"""What a reply asks production for, judged and announced alike, whether a plan or a gap list asks for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from codex.campaign.owed import Deliverable
from codex.check.defects import Defect
from codex.integration.proposal import CatalogEntry, EdgeChange
from codex.passes.bookcontext import BookContext
from codex.units.ids import UNIT_ID

#: A prerequisite and the unit that needs it.
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Announced:
    """What the shared files hold of units from the moment that they are asked for."""

    edges: tuple[EdgeChange, ...]
    pending: tuple[str, ...]
    catalog: tuple[CatalogEntry, ...]


def planned_defects(context: BookContext, asked: Sequence[Deliverable], edges: Sequence[Pair] = ()) -> Iterator[Defect]:
    """What is wrong with the units that are asked for: ids, concepts, a cycle. ``edges``: further ones of the reply."""
    yield from _ids(context, asked)
    yield from _concepts(context, asked)
    cycle = context.corpus.deps.cycle_through(all_edges(asked, edges))
    if cycle:
        yield Defect(" → ".join(cycle), "these prerequisites form a cycle")


def announced(context: BookContext, asked: Sequence[Deliverable], edges: Sequence[Pair] = ()) -> Announced:
    """The edges, the units in flight and the concepts of sound deliverables."""
    return Announced(
        edges=tuple(EdgeChange(before=before, after=after) for before, after in all_edges(asked, edges)),
        pending=tuple(each.id for each in _new(asked)),
        catalog=tuple(_entries(context, asked)),
    )


def all_edges(asked: Iterable[Deliverable], edges: Iterable[Pair] = ()) -> list[Pair]:
    """The edges of the deliverables and the further ones, each once."""
    return list(dict.fromkeys([*((before, each.id) for each in asked for before in each.prerequisites), *edges]))


def strangers(
    context: BookContext, asked: Sequence[Deliverable], edges: Sequence[Pair] = ()
) -> Iterator[tuple[str, Pair]]:
    """The ends of edges that are no unit, shipped or asked for, each with its edge."""
    known = set(context.shipped) | {each.id for each in _new(asked)}
    for pair in all_edges(asked, edges):
        yield from ((end, pair) for end in pair if end not in known)


def _new(asked: Iterable[Deliverable]) -> list[Deliverable]:
    return [each for each in asked if each.action == "new"]


def _ids(context: BookContext, asked: Sequence[Deliverable]) -> Iterator[Defect]:
    counted = Counter(each.id for each in asked)
    yield from (Defect(unit, "it is planned twice") for unit, n in counted.items() if n > 1)
    for each in _new(asked):
        problem = _new_id_problem(context, each.id, counted)
        if problem:
            yield Defect(each.id, problem)
        if not (each.slug and each.concept and each.title):
            yield Defect(each.id, "a new unit needs a slug, a title and a concept")
    for each in asked:
        if each.action == "deepen" and each.id not in context.shipped:
            yield Defect(each.id, "there is no such shipped unit to deepen")


def _new_id_problem(context: BookContext, unit_id: str, planned: Collection[str]) -> str:
    """Why a new unit cannot have this id, with the next free one; "" when it can. ``planned``: ids of the reply."""
    chapter = unit_id[:5]
    if not UNIT_ID.fullmatch(unit_id):
        return "this is no id of a unit (NN.NN.NN)"
    if not any(known.startswith(f"{chapter}.") for known in context.units):
        return f"chapter {chapter} has no units; choose a chapter that has some"
    own = {each.id for each in context.deliverables}
    if unit_id not in context.corpus.taken_ids - own:
        return ""
    taken = context.units.get(unit_id)
    holder = repr(taken.title) if taken else "a unit that is announced elsewhere"
    return f"this id belongs to {holder}; the next free id is {_next_free(context, chapter, planned)}"


def _next_free(context: BookContext, chapter: str, planned: Collection[str]) -> str:
    """The next id that neither the corpus nor the reply has."""
    first = int(context.corpus.next_free_id(chapter)[6:])
    taken = context.corpus.taken_ids | set(planned)
    ids = (f"{chapter}.{number:02d}" for number in range(first, 100))
    return next((each for each in ids if each not in taken), "in another chapter")


def _concepts(context: BookContext, asked: Sequence[Deliverable]) -> Iterator[Defect]:
    """A concept has one unit: connections are said between the units of their concepts."""
    new = [each for each in _new(asked) if each.concept]
    counted = Counter(each.concept for each in new)
    for each in new:
        if each.concept in context.teachers:
            taught = ", ".join(context.teachers[each.concept])
            yield Defect(each.id, f"the concept {each.concept} is taught by {taught} already")
        elif counted[each.concept] > 1:
            yield Defect(each.id, f"another new unit has the concept {each.concept} too")


def _entries(context: BookContext, asked: Sequence[Deliverable]) -> Iterator[CatalogEntry]:
    """The concepts of the new units with those they rest on; an entry that the catalog has is kept as it is."""
    concepts = {unit_id: unit.text_value("concept_catalog_id") for unit_id, unit in context.shipped.items()}
    known = {unit_id: slug for unit_id, slug in concepts.items() if slug in context.corpus.catalog}
    known |= {each.id: each.concept for each in _new(asked)}
    for each in _new(asked):
        before = dict.fromkeys(known[p] for p in each.prerequisites if p in known)
        yield CatalogEntry(slug=each.concept, title=each.title, unit=each.id, prerequisites=tuple(before))
