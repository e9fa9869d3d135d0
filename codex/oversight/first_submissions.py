"""How often a first submission is right, by prompt pattern: computed from the campaign's log alone.

A submission is the first when the attempt before it, if there was one, had not been sent back. It *matched* when its
first ``submit`` had the form that was asked for, and *passed* when that very reply also passed its gate (a unit:
shipped).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from codex.campaign.events import Event, Kind
from codex.tracks.fasttrack.names import PRODUCTION

_Key = tuple[str, str, str]


@dataclass(slots=True)
class Rate:
    """First submissions of one pattern: how many there were, matched their form at once, and passed at once."""

    pattern: str
    submissions: int = 0
    matched: int = 0
    passed: int = 0

    @property
    def share(self) -> float:
        """The part that passed at once, from 0 to 1."""
        return self.passed / self.submissions if self.submissions else 0.0


def first_submission_rates(events: Iterable[Event]) -> list[Rate]:
    """One rate a pattern, in the order of first appearance; a pass of before patterns were noted stands for its own."""
    rates: dict[str, Rate] = {}
    sent_back: set[_Key] = set()
    for key, said, passed in _ends(events):
        if "turns" in said and key not in sent_back:
            _count(rates, said, key[1], passed=passed)
        (sent_back.discard if passed else sent_back.add)(key)
    return list(rates.values())


def _ends(events: Iterable[Event]) -> Iterator[tuple[_Key, Mapping[str, Any], bool]]:
    """Each submission's end: what it was about, its figures, and whether it passed.

    A unit's figures and its shipping are two events of one commit, in either order.
    """
    figures: dict[tuple[_Key, Any], Mapping[str, Any]] = {}
    shipped: dict[tuple[_Key, Any], bool] = {}
    for event in events:
        key = (event.subject, event.pass_name or "", _unit(event))
        about = key, event.data.get("attempt")
        if key[2] and event.kind == Kind.NOTED and "repairs" in event.data:
            figures[about] = event.data
        elif key[2] and event.kind in {Kind.UNIT_SHIPPED, Kind.UNIT_REJECTED}:
            shipped[about] = event.kind == Kind.UNIT_SHIPPED
        elif event.kind == Kind.PASS_FAILED:
            yield key, event.data, event.fell_short  # then the reply was sound
        elif event.kind == Kind.PASS_COMPLETED and event.pass_name != PRODUCTION:
            yield key, event.data, True
        if about in figures and about in shipped:
            yield key, figures.pop(about), shipped.pop(about)


def _count(rates: dict[str, Rate], said: Mapping[str, Any], pass_name: str, *, passed: bool) -> None:
    pattern = str(said.get("pattern") or pass_name)
    rate = rates.setdefault(pattern, Rate(pattern))
    matched = not said.get("repairs")
    rate.submissions += 1
    rate.matched += matched
    rate.passed += matched and passed


def _unit(event: Event) -> str:
    return event.about_unit or "" if event.pass_name == PRODUCTION else ""
