"""Which drafts the ledger takes: one rule, one function, in ``RULES``; the first that objects gives the reason."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from codex.campaign.clock import moment_or_none
from codex.campaign.entries import Entry
from codex.campaign.events import OF_A_UNIT, EventDraft, Kind
from codex.tracks.machine import Machine
from codex.tracks.registry import CAMPAIGN, kinds, machine_of

_SUBJECT = re.compile(r"campaign|[a-z]+:[A-Za-z0-9][A-Za-z0-9._-]{0,159}")
#: More than any campaign may cost: a slip of the pen, not a price.
_MAX_COST = 1_000_000

_OF_A_PASS = frozenset({Kind.PASS_STARTED, Kind.PASS_COMPLETED, Kind.PASS_FAILED})
#: What changes the status; the event then names the states on both sides.
MOVES = frozenset({Kind.TRANSITION, Kind.ESCALATED, Kind.ANSWERED})
#: What anybody may do whoever holds the claim.
_FREE = frozenset({Kind.NOTED, Kind.ANSWERED})


@dataclass(frozen=True, slots=True)
class Case:
    """A draft with what it is judged by: its subject's entry (None: unknown), its machine (None: none), the time.

    ``status`` is the entry's status under its present name; "" for what has none.
    """

    draft: EventDraft
    entry: Entry | None
    machine: Machine | None
    status: str
    now: datetime


def case_of(draft: EventDraft, entry: Entry | None, now: datetime) -> Case:
    machine = machine_of(draft.subject)
    return Case(draft, entry, machine, status_of(entry, machine), now)


def status_of(entry: Entry | None, machine: Machine | None) -> str:
    """The status of an entry, a name of another age replaced by today's; "" without one."""
    status = entry.get("status") if entry else None
    if not isinstance(status, str):
        return ""
    return machine.aliases.get(status, status) if machine else status


def live_owner(entry: Entry | None, now: datetime) -> str | None:
    """Who holds the claim at ``now``. A claim ends at its time; one without a time (another age) holds nothing."""
    owner = entry.get("current_owner") if entry else None
    until = moment_or_none(entry.get("owner_until")) if entry else None
    return owner if isinstance(owner, str) and owner and until is not None and until > now else None


def target_of(case: Case) -> str | None:
    """The status that the draft would lead to; None when it does not change the status."""
    draft, entry = case.draft, case.entry or {}
    if draft.kind == Kind.ESCALATED:
        return draft.to_state or "escalated"
    if draft.kind == Kind.ANSWERED:
        escalation = entry.get("escalation")
        back = escalation.get("from") if isinstance(escalation, dict) else None
        answered = draft.to_state or (str(back) if back else None)
        return case.machine.aliases.get(answered, answered) if case.machine and answered else answered
    return draft.to_state if draft.kind == Kind.TRANSITION else None


def refusal(case: Case) -> str:
    """Why the draft is refused, as a sentence without its full stop; "" when it is taken."""
    return next((reason for rule in RULES if (reason := rule(case))), "")


def _subject(case: Case) -> str:
    subject, kind = case.draft.subject, case.draft.subject.partition(":")[0]
    if not _SUBJECT.fullmatch(subject):
        return f"{subject!r} is not the name of a subject"
    return "" if kind in {*kinds(), CAMPAIGN} else f"there are no subjects of the kind {kind!r}"


def _known(case: Case) -> str:
    subject = case.draft.subject
    if case.machine is None:  # the campaign itself
        return ""
    if case.draft.kind == Kind.REGISTERED:
        return f"{subject} is in the ledger already" if case.entry is not None else ""
    return "" if case.machine.made_by_naming or case.entry is not None else f"{subject} is not in the ledger"


def _expected(case: Case) -> str:
    expect = case.draft.expect
    if expect is None or expect == case.status:
        return ""
    return f"{case.draft.subject} was expected at {expect!r} and is at {case.status!r}"


def _claimable(case: Case) -> str:
    draft = case.draft
    if draft.kind not in {Kind.CLAIMED, Kind.RELEASED}:
        return ""
    if not draft.owner:
        return "a claim needs an owner"
    until = moment_or_none(draft.data.get("until"))
    if draft.kind == Kind.CLAIMED and (until is None or until <= case.now):
        return "a claim needs an end in the future (data.until)"
    return ""


def _held(case: Case) -> str:
    holder = live_owner(case.entry, case.now)
    owner = case.draft.owner
    if holder is None or owner is None or owner == holder or case.draft.kind in _FREE or case.entry is None:
        return ""
    return f"{case.draft.subject} is held by {holder} until {case.entry.get('owner_until')}"


def _complete(case: Case) -> str:
    draft = case.draft
    if draft.kind in _OF_A_PASS and not draft.pass_name:
        return f"{draft.kind.value} names no pass"
    if draft.kind in OF_A_UNIT and not (draft.unit or draft.data.get("id") or draft.subject.startswith("unit:")):
        return f"{draft.kind.value} names no unit"
    if draft.kind == Kind.RECOVERY and not draft.rationale.strip():
        return "a recovery gives no reason"
    if draft.kind == Kind.TRANSITION and not draft.to_state:
        return "a transition names no state to go to"
    return ""


def _legal(case: Case) -> str:
    draft, machine = case.draft, case.machine
    if draft.kind not in MOVES:
        return ""
    if machine is None:
        return f"{draft.subject} has no state machine"
    if draft.from_state is not None and draft.from_state != case.status:
        return f"{draft.subject} is at {case.status!r}, not at {draft.from_state!r}"
    if draft.kind == Kind.ANSWERED and not _waits(machine, case.status):
        return f"{draft.subject} is at {case.status!r} and waits for nobody"
    target = target_of(case)
    if draft.kind == Kind.ESCALATED and not (target and machine.state(target) and _waits(machine, target)):
        return f"{target!r} is no state in which a person is waited for"
    return (
        "" if target and _way(machine, case.status, target) else f"there is no way from {case.status!r} to {target!r}"
    )


def _waits(machine: Machine, state: str) -> bool:
    """Whether a person is waited for: also at a status of another age, from which nothing else leads on."""
    found = machine.state(state)
    return found is None or found.person


def _way(machine: Machine, source: str, target: str) -> bool:
    """A row of the table; out of a status that is no state (another age) a person may lead to any state."""
    return machine.between(source, target) is not None or (
        machine.state(source) is None and machine.state(target) is not None
    )


def _priced(case: Case) -> str:
    return "" if 0 <= case.draft.cost_usd <= _MAX_COST else f"{case.draft.cost_usd} US dollars is no cost"


def _numbered(case: Case) -> str:
    """JSON has no NaN: written as null it would read as "not applicable"."""
    return "" if _finite(case.draft.data) else "its data cannot be written as JSON: a number in it is not finite"


def _finite(value: object) -> bool:
    if isinstance(value, dict):
        return all(map(_finite, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_finite, value))
    return not isinstance(value, float | Decimal) or math.isfinite(value)


RULES: tuple[Callable[[Case], str], ...] = (
    _subject,
    _known,
    _expected,
    _claimable,
    _held,
    _complete,
    _legal,
    _priced,
    _numbered,
)
