"""Where catalog, graph and files disagree, and what mends it (production guide, "Catalog drift")."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from codex.corpus.catalog import Catalog
from codex.corpus.deps import Deps
from codex.planning.edges import Edges
from codex.planning.shipped import Shipped

#: Examples that are listed of each sort.
SHOWN = 10


@dataclass(frozen=True, slots=True)
class Drift:
    """One sort of disagreement: how often, the first of them in words, and the remedy."""

    sort: str
    what: str
    fix: str
    found: tuple[str, ...]

    def as_data(self) -> dict[str, Any]:
        return {
            "sort": self.sort, "what": self.what, "fix": self.fix, "count": len(self.found),
            "examples": list(self.found[:SHOWN]),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Sources:
    shipped: Mapping[str, Shipped]
    deps: Deps
    catalog: Catalog
    edges: Edges
    planned: Collection[str]


def find_drift(
    shipped: Mapping[str, Shipped], deps: Deps, catalog: Catalog, edges: Edges, planned: Collection[str]
) -> list[Drift]:
    """Every sort that occurs, in the order of ``SORTS``. ``planned`` are the ids that audits ask for."""
    sources = _Sources(shipped, deps, catalog, edges, planned)
    found = ((sort, what, fix, tuple(find(sources))) for sort, what, fix, find in SORTS)
    return [Drift(*each) for each in found if each[3]]


def _quoted(sources: _Sources) -> Iterator[str]:
    yield from (f"{unit.id} in {unit.path}" for unit in sources.shipped.values() if unit.quoted)


def _broken(sources: _Sources) -> Iterator[str]:
    yield from (f"{edge.before} → {edge.after}" for edge in sources.deps.broken)


def _not_listed(sources: _Sources) -> Iterator[str]:
    listed = set(sources.deps.shipped)
    yield from (unit_id for unit_id in sources.shipped if unit_id not in listed)


def _listed_without_file(sources: _Sources) -> Iterator[str]:
    yield from (unit_id for unit_id in sources.deps.shipped if unit_id not in sources.shipped)


def _pending_shipped(sources: _Sources) -> Iterator[str]:
    yield from (unit_id for unit_id in sources.deps.pending if unit_id in sources.shipped)


def _own_edges_missing(sources: _Sources) -> Iterator[str]:
    known = {(edge.before, edge.after) for edge in sources.deps.edges}
    for unit in sources.shipped.values():
        for before in unit.prerequisites:
            if (before, unit.id) not in known:
                yield f"{before} → {unit.id} in {unit.path}"


def _unknown_prerequisite(sources: _Sources) -> Iterator[str]:
    known = {*sources.shipped, *sources.planned}
    for (before, after), places in sources.edges.items():
        if before not in known and after in known:
            yield f"{before} → {after} ({places[0]})"


def _concept_unknown(sources: _Sources) -> Iterator[str]:
    for unit in sources.shipped.values():
        if unit.concept and unit.concept not in sources.catalog:
            yield f"{unit.concept} of {unit.id}"


def _concept_twice(sources: _Sources) -> Iterator[str]:
    teachers: dict[str, list[str]] = {}
    for unit in sources.shipped.values():
        if unit.concept:
            teachers.setdefault(unit.concept, []).append(unit.id)
    yield from (f"{concept}: {', '.join(units)}" for concept, units in teachers.items() if len(units) > 1)


def _concept_of_another(sources: _Sources) -> Iterator[str]:
    for unit in sources.shipped.values():
        named = sources.catalog.unit_of(unit.concept) if unit.concept in sources.catalog else ""
        if named and named != unit.id:
            yield f"{unit.concept}: the catalog says {named}, {unit.path} is {unit.id}"


#: Sort, what it is, what mends it, and the function that finds it.
SORTS: tuple[tuple[str, str, str, Callable[[_Sources], Iterator[str]]], ...] = (
    ("quoted-id", "ids in quotation marks, which other readers take for other ids",
     "`codexctl adopt --write` takes the marks off.", _quoted),
    ("broken-edge", "edges of deps.json with an end that is no id",
     "`codexctl adopt --write` removes them.", _broken),
    ("shipped-not-listed", "written units that deps.json does not list as shipped",
     "`codexctl adopt --write` brings the list up to date.", _not_listed),
    ("listed-without-file", "units that deps.json lists as shipped and that have no file",
     "Bring the files back, or take the ids off the list.", _listed_without_file),
    ("pending-but-shipped", "units that deps.json announces and that are written",
     "`codexctl adopt --write` takes them off the pending list.", _pending_shipped),
    ("edge-not-in-graph", "prerequisites in a unit's front matter that deps.json lacks",
     "`codexctl integrate FILE` enters them.", _own_edges_missing),
    ("prerequisite-of-nobody", "prerequisites that are neither written nor asked for by any audit",
     "Correct the id where it stands, or ask for the unit in an audit.", _unknown_prerequisite),
    ("concept-not-in-catalog", "concepts of written units that the catalog does not have",
     "`codexctl integrate FILE` enters a stub.", _concept_unknown),
    ("concept-taught-twice", "concepts that several units claim to teach",
     "Give all but one of these units a concept of its own.", _concept_twice),
    ("concept-of-another-unit", "concepts that the catalog gives to another unit than the file does",
     "Correct the catalog's `unit` line, or the unit's concept_catalog_id.", _concept_of_another),
)  # fmt: skip
