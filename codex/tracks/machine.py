"""What a kind of subject is: its states, its transitions, its passes in order, and where its parts are kept.

A table is read in order: of the transitions that a pass can make from a state, the first whose ``when`` holds is the
next step (campaign/due.py). The names in ``pre`` and ``post`` are conditions of the track (track.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

Outcome = Literal["success", "failure", "person"]

#: Names of subjects that are words: ``spin-geometry``.
SLUG = r"[a-z0-9]+(?:-[a-z0-9]+)*"

#: What any name is made of.
_PLAIN = r"[A-Za-z0-9][A-Za-z0-9._-]{0,159}"

#: Where every machine keeps what waits for a person, and what is left out.
ESCALATED, DEFERRED = "escalated", "deferred"


@dataclass(frozen=True, slots=True)
class State:
    """``final``: nothing more is done by itself; ``person``: waits for an answer.

    ``sets``: keys of the subject's ledger entry that coming into this state sets.
    """

    name: str
    final: bool = False
    person: bool = False
    sets: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FellShort:
    """Holds while the last ``verify`` failed and neither ``mend`` nor a person's answer came after it."""

    verify: str
    mend: str


@dataclass(frozen=True, slots=True)
class Transition:
    """A row of the table. ``pre`` and ``post`` name conditions; ``when`` decides between two ways.

    ``pass_name`` is the pass whose result makes the transition; None where a person or the engine decides.
    """

    source: str
    target: str
    trigger: str
    pass_name: str | None = None
    pre: tuple[str, ...] = ()
    post: tuple[str, ...] = ()
    outcome: Outcome = "success"
    when: FellShort | None = None


@dataclass(frozen=True)
class Machine:
    """A kind of subject. ``aliases``: names of other ages → states.

    ``shelf`` is the key of campaign.json under which its subjects stand, ``names`` the pattern of their names,
    ``blank`` the first keys of a new entry. ``document`` is the pattern of the path of a subject's own document, ""
    without one, and ``document_key`` the key of the entry that holds that path. A ``made_by_naming`` subject needs no
    registration. ``ceiling_usd`` is what one subject may cost where neither a tier nor codex.toml says it.
    """

    kind: str
    initial: str
    states: tuple[State, ...]
    passes: tuple[str, ...]
    transitions: tuple[Transition, ...]
    shelf: str
    aliases: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    names: str = SLUG
    blank: tuple[tuple[str, Any], ...] = ()
    document: str = ""
    document_key: str = "plan_path"
    made_by_naming: bool = False
    ceiling_usd: Decimal | None = None

    def state(self, status: str) -> State | None:
        """The state of that name or alias; None for a text that is no state."""
        return self._states.get(self.aliases.get(status, status))

    def leaving(self, state: str) -> Iterator[Transition]:
        return (t for t in self.transitions if t.source == state)

    def between(self, source: str, target: str) -> Transition | None:
        return next((t for t in self.leaving(source) if t.target == target), None)

    def rank(self, state: str) -> int:
        """How far a state is along the way of success, from 0; a state beside the way ranks -1.

        A side road that joins the way (audit-degraded) ranks just below where it joins.
        """
        if state in self._way:
            return self._way.index(state)
        joins = (t.target for t in self.transitions if t.outcome == "success" and t.source == state)
        return next((self._way.index(target) - 1 for target in joins), -1)

    def named(self, name: str) -> bool:
        """Whether a subject of this kind can have that name; a name is part of a path, and never leads out of it."""
        return re.fullmatch(self.names, name) is not None and re.fullmatch(_PLAIN, name) is not None

    @property
    def has_plan(self) -> bool:
        """Whether its document is a plan in numbered sections, which passes fill."""
        return bool(self.document) and self.document_key == "plan_path"

    def path_of(self, name: str) -> str:
        """The path of a subject's own document; "" for a kind without one."""
        return self.document.format(name) if self.document else ""

    def in_batch(self, state: str, pass_name: str) -> bool:
        """Whether a pass is asked for each unit here: it led into the state, and leads out of it once all is done."""
        ways = [t for t in self.transitions if t.pass_name == pass_name and t.outcome == "success"]
        return any(t.target == state for t in ways) and any(t.source == state != t.target for t in ways)

    def falls_back(self, state: str, pass_name: str) -> str | None:
        """Where a failure of the pass leads from a state without a person; None when the subject stays."""
        return next((t.target for t in self._failures(state, pass_name) if not self._waits(t.target)), None)

    def escalates_to(self, state: str, pass_name: str) -> str:
        """The state in which a person is waited for after the last failure of the pass."""
        return next((t.target for t in self._failures(state, pass_name) if self._waits(t.target)), ESCALATED)

    def _failures(self, state: str, pass_name: str) -> Iterator[Transition]:
        return (t for t in self.leaving(state) if t.outcome == "failure" and t.pass_name == pass_name)

    def _waits(self, state: str) -> bool:
        return self._states[state].person

    @cached_property
    def _states(self) -> dict[str, State]:
        return {each.name: each for each in self.states}

    @cached_property
    def _way(self) -> list[str]:
        ahead = (t.target for t in self.transitions if t.outcome == "success")
        return list(dict.fromkeys([self.initial, *ahead]))


#: What waits for a person and what is left out: states that every machine has.
BESIDE_THE_WAY = (State(ESCALATED, person=True), State(DEFERRED, final=True))


def by_persons(working: tuple[str, ...], waiting: tuple[str, ...] = (ESCALATED,)) -> tuple[Transition, ...]:
    """Escalation from every working state, the answers that lead back, and deferral from anywhere."""
    rows = [Transition(s, ESCALATED, "a ladder's last rung, or a budget", outcome="failure") for s in working]
    rows += [Transition(ESCALATED, s, "a person answers", outcome="person") for s in working]
    rows += [Transition(s, DEFERRED, "left to a later phase", outcome="person") for s in (*working, *waiting)]
    return (*rows, Transition(DEFERRED, working[0], "a person takes it up again", outcome="person"))
