"""What a person may answer when a subject waits (protocol §6): one choice, one entry in ``CHOICES``.

A choice says when it is offered, what has to be given with it, and which events it makes. The command line and the
form in Prefect's UI show the same table. Beside these choices a person may name any state that the table of the
machine leads to (due.py, ``NeedsPerson.choices``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from codex.campaign.due import NeedsPerson, next_step
from codex.campaign.events import Event, EventDraft, Kind
from codex.campaign.ledger import Ledger
from codex.campaign.owed import Deliverable, owed, owing
from codex.errors import UserError
from codex.tracks.fasttrack.names import CONTINUITY, IN_PRODUCTION, VERIFICATION
from codex.tracks.naming import name_of
from codex.tracks.registry import kinds

#: Passes whose shortfall against a threshold a person may accept; a unit below its checks never ships.
ACCEPTABLE = frozenset({VERIFICATION, CONTINUITY})


@dataclass(frozen=True, slots=True)
class Waiting:
    """A subject that waits. ``id`` is the escalation's event id, ``source`` the state that it was escalated from.

    Both are "" when no escalation is in the log: a status of another age waits as well.
    """

    subject: str
    state: str
    reason: str
    states: tuple[str, ...]
    id: str = ""
    source: str = ""
    pass_name: str = ""
    since: str = ""
    owed: tuple[Deliverable, ...] = ()
    by_hand: bool = False

    @property
    def name(self) -> str:
        return name_of(self.subject)


@dataclass(frozen=True, slots=True)
class Given:
    """What a person says with a choice: a hint or a reason, and ids of units where these are asked for."""

    text: str = ""
    units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """``needs`` is what must be given: nothing, a text, or units."""

    name: str
    does: str
    needs: Literal["", "text", "units"]
    offered: Callable[[Waiting], bool]
    events: Callable[[Waiting, Given], list[EventDraft]]


def waiting(ledger: Ledger, subject: str) -> Waiting | None:
    """What a subject waits for; None when it waits for nobody."""
    step = next_step(ledger, subject)
    if not isinstance(step, NeedsPerson):
        return None
    asked = _last(ledger, subject, Kind.ESCALATED)
    if asked is None or asked.to_state != step.state:
        return Waiting(subject, step.state, step.reason, step.choices)
    later = [event for event in ledger.events(subject) if event.seq > asked.seq]
    return Waiting(
        subject, step.state, step.reason, step.choices, asked.id, asked.from_state or "", asked.pass_name or "",
        asked.at, owed(ledger.entry(subject)),
        any(event.kind == Kind.NOTED and event.data.get("choice") == "by-hand" for event in later),
    )  # fmt: skip


def all_waiting(ledger: Ledger) -> list[Waiting]:
    """Everything that waits for a person, in the ledger's order."""
    subjects = (subject for kind in kinds() for subject in ledger.subjects(kind))
    return [found for subject in subjects if (found := waiting(ledger, subject))]


def offered(waits: Waiting) -> list[Choice]:
    """The choices that make sense for what waits, in the order of the table."""
    return [choice for choice in CHOICES.values() if choice.offered(waits)]


def answer_events(waits: Waiting, chosen: str, given: Given) -> list[EventDraft]:
    """The events of an answer: a choice of the table, or the name of a state from which the work goes on.

    Raises UserError for a choice that is not offered here, or one without what it needs.
    """
    if chosen in waits.states and chosen not in CHOICES:
        return [_answered(waits, given, chosen, chosen)]
    choice = CHOICES.get(chosen)
    if choice is None or not choice.offered(waits):
        names = [each.name for each in offered(waits)]
        raise UserError(
            f"{chosen!r} is no answer here.", remedy=f"Choose one of: {', '.join((*names, *waits.states))}."
        )
    if choice.needs == "text" and not given.text.strip():
        raise UserError(f"{chosen!r} needs a reason.", remedy="Say in a sentence why: it is kept in the ledger.")
    if choice.needs == "units":
        _require_units(waits, given)
    return choice.events(waits, given)


def _require_units(waits: Waiting, given: Given) -> None:
    known = [each.id for each in waits.owed]
    unknown = [unit for unit in given.units if unit not in known]
    if unknown or not given.units:
        what = f"{', '.join(unknown)} is not outstanding" if unknown else "no unit is named"
        raise UserError(
            f"The scope cannot be reduced: {what}.", remedy=f"Name units that are outstanding: {', '.join(known)}."
        )


def accepted(ledger: Ledger, subject: str, pass_name: str) -> str | None:
    """The reason for which a person accepted that a pass falls short; None when nobody did."""
    for event in reversed(ledger.events(subject)):
        if event.kind == Kind.ANSWERED and event.data.get("choice") == "accept" and event.pass_name == pass_name:
            return event.rationale
    return None


def hint(ledger: Ledger, subject: str, pass_name: str, unit: str | None = None) -> str:
    """What a person said to the next attempt of a pass (or unit); "" when nothing, or when it has succeeded since."""
    for event in reversed(ledger.events(subject)):
        if event.kind == Kind.ANSWERED and event.pass_name == pass_name:
            return str(event.data.get("hint") or "")
        if ledger.succeeded(event, pass_name, unit):
            return ""
    return ""


def _last(ledger: Ledger, subject: str, kind: Kind) -> Event | None:
    return next((event for event in reversed(ledger.events(subject)) if event.kind == kind), None)


def _answered(waits: Waiting, given: Given, choice: str, to_state: str, **data: Any) -> EventDraft:
    return EventDraft(
        subject=waits.subject, kind=Kind.ANSWERED, expect=waits.state, to_state=to_state,
        pass_name=waits.pass_name or None, rationale=given.text,
        data={"choice": choice, "hint": given.text, "escalation": waits.id, **data},
    )  # fmt: skip


def _retry(waits: Waiting, given: Given) -> list[EventDraft]:
    return [_answered(waits, given, "retry", waits.source)]


def _reduce(waits: Waiting, given: Given) -> list[EventDraft]:
    kept = [each for each in waits.owed if each.id not in given.units]
    deferred = [each for each in waits.owed if each.id in given.units]
    left = EventDraft(
        subject=waits.subject, kind=Kind.DELIVERABLES, rationale=given.text,
        data=owing(kept, deferred),
    )  # fmt: skip
    return [left, _answered(waits, given, "reduce", waits.source, deferred=list(given.units))]


def _accept(waits: Waiting, given: Given) -> list[EventDraft]:
    return [_answered(waits, given, "accept", waits.source)]


def _defer(waits: Waiting, given: Given) -> list[EventDraft]:
    return [_answered(waits, given, "defer", "deferred")]


def _by_hand(waits: Waiting, given: Given) -> list[EventDraft]:
    note = EventDraft(
        subject=waits.subject, kind=Kind.NOTED, expect=waits.state, pass_name=waits.pass_name or None,
        rationale=given.text or "a person does it by hand", data={"choice": "by-hand", "escalation": waits.id},
    )  # fmt: skip
    return [note]


#: Every choice, in the order in which they are shown.
CHOICES: dict[str, Choice] = {
    each.name: each
    for each in (
        Choice("retry", "try again; a hint goes into the next brief", "", lambda w: bool(w.source), _retry),
        Choice(
            "reduce", "leave out outstanding units, and go on with the others", "units",
            lambda w: w.source == IN_PRODUCTION and bool(w.owed), _reduce,
        ),
        Choice(
            "accept", "accept that it falls short of its threshold; the reason is documented", "text",
            lambda w: w.pass_name in ACCEPTABLE and bool(w.source), _accept,
        ),
        Choice("defer", "leave the book to a later phase", "text", lambda w: "deferred" in w.states, _defer),
        Choice(
            "by-hand", "write it yourself, hand it in with `codexctl integrate FILE`, then answer retry", "",
            lambda w: bool(w.source) and not w.by_hand, _by_hand,
        ),
    )
}  # fmt: skip
