"""What a subject owes: the things that production was asked for, kept in its ledger entry until they ship.

In the ledger the list is ``outstanding_deliverables``; one of another age may hold bare ids, or keys that nobody here
knows: both are read, and what is not known is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from codex.campaign.ledger import Ledger

#: The key of a ledger entry.
KEY = "outstanding_deliverables"

_UNIT = "unit:"
_TEXTS = ("id", "action", "title", "slug", "concept", "spec", "job")
_LISTS = ("prerequisites", "rows")


@dataclass(frozen=True)
class Deliverable:
    """A unit that is owed. ``action``: ``new`` or ``deepen``; ``rows`` of the book's inventory; ``job`` of its plan."""

    id: str
    action: str
    title: str
    slug: str = ""
    prerequisites: tuple[str, ...] = ()
    concept: str = ""
    rows: tuple[str, ...] = ()
    spec: str = ""
    job: str = ""
    found: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, found: object) -> Deliverable:
        """What an entry of the ledger or of an event means; an id alone is enough, and anything else has none."""
        data = found if isinstance(found, Mapping) else {"id": found if isinstance(found, str) else ""}
        known: dict[str, Any] = {key: data[key] if isinstance(data.get(key), str) else "" for key in _TEXTS}
        known |= {key: tuple(map(str, data[key])) for key in _LISTS if isinstance(data.get(key), list | tuple)}
        return cls(**known | {"id": known["id"].removeprefix(_UNIT), "found": dict(data)})

    def as_data(self) -> dict[str, Any]:
        """As it was found, with what has changed or come since; a new one with all its keys."""
        now = {
            "id": self.id, "action": self.action, "title": self.title, "slug": self.slug,
            "prerequisites": list(self.prerequisites), "concept": self.concept, "rows": list(self.rows),
            "spec": self.spec, "job": self.job,
        }  # fmt: skip
        known = {key: value for key, value in now.items() if value or key in self.found}
        return {**self.found, **known} if self.found else now


def owed(entry: Mapping[str, Any]) -> tuple[Deliverable, ...]:
    """What a subject still owes by its ledger entry, in the plan's order."""
    return _listed(entry.get(KEY))


def owed_ids(entry: Mapping[str, Any]) -> list[str]:
    return [each.id for each in owed(entry)]


def ever_owed(ledger: Ledger, subject: str) -> dict[str, Deliverable]:
    """Everything that a subject was ever asked for, by id, as it was asked for last."""
    events = (event for event in ledger.events(subject) if event.kind == "deliverables")
    return {each.id: each for event in events for each in _listed(event.data.get("outstanding"))}


def owing(deliverables: Iterable[Deliverable], deferred: Iterable[Deliverable] = ()) -> dict[str, Any]:
    """The data of an event that says what is owed from now on, and what a person has left out."""
    left_out = [each.as_data() for each in deferred]
    return {"outstanding": [each.as_data() for each in deliverables]} | ({"deferred": left_out} if left_out else {})


def _listed(found: object) -> tuple[Deliverable, ...]:
    listed = map(Deliverable.of, found) if isinstance(found, list | tuple) else ()
    return tuple(each for each in listed if each.id)
