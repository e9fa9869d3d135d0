"""Which file has which id and status: what the index keeps of unit files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from codex.check.facts import Facts
from codex.snapshot import Layered, Snapshot
from codex.units import Unit, parse_unit

#: The kind of fact about a file: id, status and concept.
IDENTITY = "identity"


class Identity(NamedTuple):
    """What the index keeps of a file: id, status and concept id as text, stripped."""

    id: str
    status: str
    concept: str


def identity_of(unit: Unit) -> Identity | None:
    """What there is of it in a unit; None when it cannot be parsed or has no id (unit-rubric §1.5)."""
    if "id" not in unit.frontmatter:
        return None
    status = str(unit.frontmatter.get("status", "")).strip()
    return Identity(str(unit.frontmatter["id"]).strip(), status, unit.text_value("concept_catalog_id"))


def _identity_in(path: str, data: bytes) -> Identity | None:
    return identity_of(parse_unit(data, path))


def identities(snapshot: Snapshot, paths: Iterable[str], facts: Facts) -> Iterator[tuple[str, Identity]]:
    """The identities of unit files, those without one left out."""
    blobs = snapshot.blobs()
    wanted = {path: blobs[path] for path in paths}
    known = facts.known(IDENTITY, set(wanted.values()))
    for path, blob in wanted.items():
        found = known[blob] if blob in known else facts.of(IDENTITY, snapshot, path, partial(_identity_in, path))
        if found:
            yield path, Identity(*found)


@dataclass(frozen=True)
class Files:
    """Unit files of a folder: path → identity, and id → paths in their order. Never changed once it is made."""

    identities: Layered[str, Identity] = field(default_factory=Layered)
    by_id: Layered[str, tuple[str, ...]] = field(default_factory=Layered)

    def statuses(self, unit_id: str) -> set[str]:
        return {self.identities[path].status for path in self.by_id.get(unit_id, ())}

    def with_identities(self, new: Mapping[str, Identity | None]) -> Files:
        """With files added or changed; None for one that is gone or has no identity."""
        there = {path: identity for path, identity in new.items() if identity}
        before = {path: self.identities[path] for path in new if path in self.identities}
        by_id: dict[str, tuple[str, ...]] = {}
        for path in new:
            for identity in (before.get(path), there.get(path)):
                if identity and identity.id not in by_id:
                    by_id[identity.id] = tuple(each for each in self.by_id.get(identity.id, ()) if each not in new)
        for path, identity in there.items():
            paths = (*by_id[identity.id], path)
            by_id[identity.id] = tuple(sorted(paths, key=lambda each: each.split("/"))) if paths[1:] else paths
        kept = {unit_id: paths for unit_id, paths in by_id.items() if paths}
        return Files(self.identities.changed(there, new), self.by_id.changed(kept, by_id))
