"""Who names a unit: what a withdrawal would leave pointing at nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from codex.corpus.index import CorpusIndex
from codex.integration.steps.register import is_shipped, named_connections
from codex.units import Unit

#: A link by id, ``[03.09.02]`` or ``[name](…03.09.02…)``.
_LINK = (
    r"\[[^\]\n]{{0,200}}(?<![\d.]){id}(?!\d)[^\]\n]{{0,200}}\]"
    r"|\]\([^)\n]{{0,300}}(?<![\d.]){id}(?!\d)[^)\n]{{0,300}}\)"
)


@dataclass(frozen=True, slots=True)
class Mention:
    """``by`` is a unit's id or a flow's path, ``path`` its file, ``how`` a clause for people.

    ``needs``: it rests on the unit, whoever knew of whom first.
    """

    by: str
    path: str
    how: str
    needs: bool = False


def mentions(index: CorpusIndex, unit: Unit) -> list[Mention]:
    """Everything in the corpus that names the unit, in path order; a unit's list of successors is no mention."""
    found = [mention for other in _candidates(index, unit) for mention in _of_unit(index, other, unit)]
    found += [
        Mention(path, path, "leads through it")
        for path in index.snapshot.under("flows", ".md")
        if unit.id.encode() in index.snapshot.read(path)
    ]
    return found + list(_in_graph(index, unit, {mention.by for mention in found if mention.needs}))


def mentioning_paths(index: CorpusIndex, unit_id: str) -> list[str]:
    """Units whose text holds the id in any way."""
    needle = unit_id.encode()
    return [path for path in index.unit_paths if needle in index.snapshot.read(path)]


def _candidates(index: CorpusIndex, unit: Unit) -> Iterator[Unit]:
    """Units that hold the id, or one of the connections that begin or end at the unit's concept."""
    needles = [unit.id.encode(), *(name.encode() for name in _own_connections(index, unit))]
    for path in index.unit_paths:
        if path != unit.path and any(needle in index.snapshot.read(path) for needle in needles):
            yield index.unit_at(path)


def _own_connections(index: CorpusIndex, unit: Unit) -> list[str]:
    concept = unit.text_value("concept_catalog_id")
    return [c.id for c in index.connections.connections if concept and concept in {c.source, c.target}]


def _of_unit(index: CorpusIndex, other: Unit, unit: Unit) -> Iterator[Mention]:
    name = other.id or other.path
    if unit.id in other.prerequisites:
        yield Mention(name, other.path, "has it as a prerequisite", needs=True)
    if re.search(_LINK.format(id=re.escape(unit.id)), other.body):
        yield Mention(name, other.path, "links to it")
    for connection in named_connections(other):
        if connection in _own_connections(index, unit):
            yield Mention(name, other.path, f"uses {connection}, which begins or ends at its concept")


def _in_graph(index: CorpusIndex, unit: Unit, known: set[str]) -> Iterator[Mention]:
    """Shipped units that the graph has depend on it, though neither text says so."""
    listed = unit.frontmatter.get("successors")
    own = {str(each).strip() for each in listed} if isinstance(listed, list) else set()
    for after in index.deps.dependants.get(unit.id, ()):
        if after not in own | known and is_shipped(index, after):
            yield Mention(after, index.path_of(after) or "", "depends on it in the graph", needs=True)
