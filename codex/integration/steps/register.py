"""Enter a written unit into the files that all units share: catalog, graph, connections, plan, status, figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from codex.check.corpus import SnapshotAnswers
from codex.check.identities import Identity, identity_of
from codex.corpus import catalog, connections, deps, jsonfile, planfile, unitstatus
from codex.corpus.catalog import Entry
from codex.corpus.index import CorpusIndex
from codex.errors import DataError, UserError
from codex.integration.proposal import CatalogEntry, Proposal, UnitChange
from codex.integration.steps import figures
from codex.integration.steps.draft import Draft
from codex.integration.steps.refused import rejected
from codex.planning.edit import ship
from codex.units import Unit, is_id

#: Keys of a unit's ``connections`` block that name registered connections.
_CONNECTION_KEYS = ("in", "out", "lateral")


@dataclass(frozen=True, slots=True)
class Registered:
    """``unknown``: connections that the unit names and the registry lacks; ``actions``: clauses for the report."""

    unknown: tuple[str, ...]
    actions: tuple[str, ...]


def register(draft: Draft, change: UnitChange, unit: Unit) -> Registered:
    """Register a unit that stands in the draft. Raises Rejected when its edges would close a cycle."""
    index = CorpusIndex(draft.snapshot())
    actions = [*_catalog(draft, change, unit, index), *_graph(draft, change, unit, index)]
    named = _connections(draft, unit)
    unknown = [each for each in named if index.connections.get(each) is None]
    actions += [f"connection {each} names it" for each in named if each not in unknown]
    planned = draft.changes.get(planfile.PATH)
    draft.edit(planfile.PATH, lambda text: ship(text, unit), encoded=jsonfile.encoded)
    actions += ["marked shipped in the plan"] * (draft.changes.get(planfile.PATH) != planned)
    actions += [f"placeholder drawn: {path}" for path in _figures(draft, unit)]
    return Registered(tuple(unknown), tuple(actions))


def record_status(draft: Draft, proposal: Proposal, unit: Unit, checks: str, metrics: Mapping[str, float]) -> None:
    """Write manifests/units/<id>.json."""
    status = unitstatus.UnitStatus(
        id=unit.id,
        path=unit.path,
        status="shipped",
        book=proposal.slug if proposal.subject.startswith("book:") else "",
        validator=checks,
        continuity=metrics,
    )
    draft.edit(unitstatus.path_of(unit.id), lambda text: unitstatus.record(text, _kept_book(text, status)), "")


def _kept_book(text: str, status: unitstatus.UnitStatus) -> unitstatus.UnitStatus:
    """A unit belongs to the book that first brought it, whoever weaves or deepens it later."""
    book = unitstatus.parse(text).book if text else ""
    return unitstatus.UnitStatus(
        status.id, status.path, status.status, book or status.book, status.validator, status.continuity
    )


def _catalog(draft: Draft, change: UnitChange, unit: Unit, index: CorpusIndex) -> list[str]:
    slug, given = unit.text_value("concept_catalog_id"), change.catalog
    if given and given.slug != slug:
        raise rejected(change.id, "checks", f"concept_catalog_id is {slug!r}; the catalog entry is for {given.slug!r}")
    if slug:  # without one the check CC001 says so
        entry = catalog_entry(given, unit.id) if given else catalog.stub_entry(unit, _concepts(index, unit))
        try:
            complete, before = change.action == "new", draft.changes.get(catalog.PATH)
            entered = partial(_entered, entry=entry, complete=complete)
            draft.edit(catalog.PATH, entered, catalog.EMPTY, catalog.encoded)
            if draft.changes.get(catalog.PATH) != before:
                return [f"catalog entry {slug} {'names it' if slug in index.catalog else 'added'}"]
        except DataError:
            raise  # the catalog is damaged: no fault of the unit
        except UserError as exc:
            raise rejected(change.id, "checks", f"concept_catalog_id: {exc}") from exc
    return []


def _entered(text: str, *, entry: Entry, complete: bool) -> str:
    """The catalog with the entry. One that is there is kept; to ``complete`` it, a planned one gets its unit."""
    there = catalog.parse(text)
    if complete and entry.slug in there and not there.unit_of(entry.slug):
        return catalog.set_unit(text, entry.slug, entry.unit)
    return catalog.insert_entry(text, entry)


def catalog_entry(given: CatalogEntry, unit_id: str) -> Entry:
    """A proposed entry as the catalog has it."""
    return Entry(given.slug, given.title, given.unit or unit_id, given.prerequisites, {}, given.notes)


def _concepts(index: CorpusIndex, unit: Unit) -> dict[str, str]:
    """The concepts of the unit's prerequisites, by id, as far as there are any."""
    found = {unit_id: _identity(index, unit_id) for unit_id in unit.prerequisites}
    return {unit_id: there.concept for unit_id, there in found.items() if there and there.concept}


def _graph(draft: Draft, change: UnitChange, unit: Unit, index: CorpusIndex) -> list[str]:
    edges = unit_edges(unit, index)
    cycle = index.deps.cycle_through(edges)
    if cycle:
        raise rejected(change.id, "cycle", "its prerequisites close the cycle " + " → ".join(cycle))
    ends = {end for edge in edges for end in edge}
    shipped = {end for end in ends if end == unit.id or is_shipped(index, end)}

    def changed(text: str) -> str:
        known = unit.id in index.deps.notes or change.action != "new"
        return deps.enter_unit(text, edges, unit.id, shipped, "" if known else unit.title or unit.slug)

    draft.edit(deps.PATH, changed, deps.EMPTY, jsonfile.encoded)
    new = [f"{before} → {after}" for before, after in edges if after not in index.deps.dependants.get(before, ())]
    said = [f"edges added: {', '.join(new)}"] if new else []
    noted = unit.id not in index.deps.notes and change.action == "new"
    said += ["note added to the graph"] if noted else []
    return said + (["no longer in flight"] if unit.id in index.deps.pending else [])


def unit_edges(unit: Unit, index: CorpusIndex) -> list[deps.Pair]:
    """Edges from prerequisites, and to those successors that somebody knows: an invented id is not registered."""
    before = [(p, unit.id) for p in unit.prerequisites if is_id(p)]
    listed = unit.frontmatter.get("successors")
    after = [str(s).strip() for s in listed] if isinstance(listed, list) else []
    known = [s for s in after if is_id(s) and (index.path_of(s) or s in index.deps.ids)]
    return list(dict.fromkeys([*before, *((unit.id, s) for s in known)]))


def is_shipped(index: CorpusIndex, unit_id: str) -> bool:
    """True when a unit file of this id stands in the corpus with status ``shipped``."""
    unit = _identity(index, unit_id)
    return unit is not None and unit.status == "shipped"


def _identity(index: CorpusIndex, unit_id: str) -> Identity | None:
    """What the checks know of a unit. A state that cannot change keeps it, so no file needs to be read for it."""
    path = index.path_of(unit_id)
    if path is None:
        return None
    if index.snapshot.is_settled:
        return SnapshotAnswers(index.snapshot).identity_at(path)
    return identity_of(index.unit_at(path))


def _connections(draft: Draft, unit: Unit) -> list[str]:
    """Add the unit to the registered connections it names, and return all that it names."""
    named = named_connections(unit)
    if named:
        add = partial(connections.add_unit, unit_id=unit.id, connection_ids=named)
        draft.edit(connections.PATH, add, encoded=jsonfile.encoded)
    return named


def named_connections(unit: Unit) -> list[str]:
    """The connection ids in the unit's ``connections`` block."""
    block = unit.frontmatter.get("connections")
    lists = [block.get(key) for key in _CONNECTION_KEYS] if isinstance(block, dict) else []
    named = (each for listed in lists if isinstance(listed, list) for each in listed)
    return list(dict.fromkeys(each.strip() for each in named if isinstance(each, str)))


def _figures(draft: Draft, unit: Unit) -> list[str]:
    named = figures.named_figures(unit.text, unit.path, unit.title)
    homes = {figures.PUBLIC, unit.path.rpartition("/")[0]} if named else set()
    existing = [path for home in homes for path in draft.base.under(home)] + [*draft.changes]
    missing = figures.missing(named, existing)
    for figure in missing:
        draft.put(figure.path, figures.placeholder(figure))
    return [figure.path for figure in missing]
