"""What is due for a subject, by its state in the ledger and the table of its machine (codex/tracks)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from codex.errors import UserError
from codex.tracks.machine import FellShort, Machine, Transition
from codex.tracks.registry import machine_in

if TYPE_CHECKING:
    from codex.campaign.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Step:
    """What to do next: run ``pass_name``; its success moves the subject from ``source`` to ``target``."""

    subject: str
    pass_name: str
    source: str
    target: str
    transition: Transition


@dataclass(frozen=True, slots=True)
class Final:
    """Nothing is left to do."""

    subject: str
    state: str


@dataclass(frozen=True, slots=True)
class NeedsPerson:
    """A person has to answer: one of ``choices``, the states from which the work may go on."""

    subject: str
    state: str
    reason: str
    choices: tuple[str, ...]


def next_step(ledger: Ledger, subject: str) -> Step | Final | NeedsPerson:
    """What comes next for a subject, by its status in the ledger; raises UserError for an unknown subject.

    A status that is no state of the machine (another age may have written any text) needs a person.
    """
    machine = machine_in(subject)
    status = ledger.status(subject)
    if status is None:
        raise UserError(f"{subject!r} is not in the ledger.", remedy="See its subjects with `codexctl ledger show`.")
    state = machine.state(status)
    if state is None:
        working = tuple(s.name for s in machine.states if not s.final and not s.person)
        return NeedsPerson(subject, status, f"the status {status!r} is none of this machine's states", working)
    if state.final:
        return Final(subject, state.name)
    if state.person:
        return _waiting(ledger, subject, machine, state.name)
    ways = (row for row in machine.leaving(state.name) if row.when is None or _fell_short(row.when, ledger, subject))
    row = next(row for row in ways if row.outcome == "success")  # every working state has one (registry.py)
    return Step(subject, row.pass_name or "", state.name, row.target, row)


def _fell_short(rule: FellShort, ledger: Ledger, subject: str) -> bool:
    for event in reversed(ledger.events(subject)):
        if event.kind == "answered" or (event.kind == "pass_completed" and event.pass_name in {rule.verify, rule.mend}):
            return False
        if event.kind == "pass_failed" and event.pass_name == rule.verify:
            return event.fell_short
    return False


def _waiting(ledger: Ledger, subject: str, machine: Machine, state: str) -> NeedsPerson:
    escalation = ledger.entry(subject).get("escalation")
    reason = escalation.get("reason", "") if isinstance(escalation, dict) else ""
    return NeedsPerson(
        subject, state, str(reason) or f"{subject} waits at {state!r}", tuple(t.target for t in machine.leaving(state))
    )
