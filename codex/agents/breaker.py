"""The circuit breaker: when the server is down, nothing new is launched until one probe has come back.

    closed ──(failures in a row)──► open ──(cool-down)──► half-open: one probe ──► closed | open

Its state is in the journal's database, one row a backend, so that all processes of a workspace share it. What counts as
a failure is said by failures.FAULTS; any answer of the server, also one that asks for patience, is a sign of life.
"""

from __future__ import annotations

import sqlite3
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from codex.agents.failures import TurnFailed
from codex.agents.journal_store import JournalStore
from codex.agents.process import is_alive
from codex.errors import Stopped

#: Seconds after which a probe that nobody reported on is no longer waited for.
PROBE_PATIENCE = 900.0


@dataclass(frozen=True, slots=True)
class BreakerRules:
    """It opens after ``failures`` in a row and lets a probe through ``cooldown`` seconds later."""

    failures: int = 3
    cooldown: float = 60.0


@dataclass(frozen=True, slots=True)
class State:
    """``failures`` in a row; ``opened_at`` (seconds since the epoch) when it is open; ``probe`` the process that probes
    now, since ``probe_at``; ``reason`` the last failure in words.
    """

    failures: int = 0
    opened_at: float | None = None
    reason: str = ""
    probe: str = ""
    probe_at: float = 0.0

    @property
    def is_open(self) -> bool:
        return self.opened_at is not None


def admit(state: State, now: float, rules: BreakerRules, who: str) -> tuple[State, float]:
    """Ask to send something: the next state, and 0.0 to go ahead or the seconds until it is worth asking again.

    Whoever is let through an open breaker is its probe.
    """
    if state.opened_at is None:
        return state, 0.0
    wait = state.opened_at + rules.cooldown - now
    if wait > 0:
        return state, min(wait, rules.cooldown)  # a clock that was set back must not keep it open for longer
    if state.probe and is_alive(state.probe) is not False and 0 <= now - state.probe_at < PROBE_PATIENCE:
        return state, min(1.0, rules.cooldown)
    return replace(state, probe=who, probe_at=now), 0.0


def failed(state: State, now: float, rules: BreakerRules, reason: str) -> State:
    """A failure that counts. A failed probe opens the breaker anew; so does the last of ``rules.failures`` in a row."""
    count = state.failures + 1
    opened = now if state.is_open or count >= rules.failures else None
    return State(count, opened, reason)


def alive(state: State) -> State:
    """The server has answered."""
    return State() if state != State() else state


def released(state: State, who: str) -> State:
    """What was let through never got an answer of either kind: another may probe."""
    return replace(state, probe="", probe_at=0.0) if state.probe == who else state


class BreakerOpen(Stopped):
    """The breaker is open and nothing new is sent; in ``wait`` seconds it is worth trying again."""

    def __init__(self, backend: str, state: State, wait: float) -> None:
        super().__init__(
            f"The {backend} backend has failed {state.failures} times in a row, so nothing new is sent to it for now. "
            f"{state.reason}",
            remedy=f"Run the same command again in {max(wait, 1):.0f} s: one request will try it.",
        )


class Breaker:
    """The breaker of one backend, shared by everybody who has the journal open."""

    def __init__(
        self,
        store: JournalStore,
        backend: str,
        rules: BreakerRules | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store, self._backend, self._clock = store, backend, clock
        self.rules = rules or BreakerRules()

    def state(self) -> State:
        return _read(self._store.rows("SELECT * FROM breakers WHERE backend = ?", self._backend))

    def admit(self) -> tuple[float, str]:
        """The seconds to wait before asking again, 0.0 to go ahead; and the token of a probe, for ``release``."""
        if not self.state().is_open:  # the usual case takes no lock
            return 0.0, ""
        who, waits = f"{self._store.owner}|{uuid.uuid4().hex}", [0.0]

        def step(state: State) -> State:
            after, waits[0] = admit(state, self._clock(), self.rules, who)
            return after

        self._change(step)
        return waits[0], "" if waits[0] > 0 else who

    def refusal(self, wait: float) -> BreakerOpen:
        """What to raise when nothing can be sent for so many seconds."""
        return BreakerOpen(self._backend, self.state(), wait)

    def report(self, failure: TurnFailed | None) -> bool:
        """What came of something that was sent: a failure that counts, or a sign of life. True when that opened it."""
        before = self.state()
        if failure is not None and failure.rule.breaker:
            self._change(lambda state: failed(state, self._clock(), self.rules, failure.what))
            return self.state().is_open and not before.is_open
        if before != State():
            self._change(alive)
        return False

    def release(self, token: str) -> None:
        """What was let through got no answer (cancelled, refused by the budget): let another one probe."""
        if token:
            self._change(lambda state: released(state, token))

    def _change(self, step: Callable[[State], State]) -> None:
        with self._store.transaction() as db:
            rows = db.execute("SELECT * FROM breakers WHERE backend = ?", (self._backend,)).fetchall()
            after = step(_read(rows))
            values = (self._backend, after.failures, after.opened_at, after.reason, after.probe, after.probe_at)
            db.execute("INSERT OR REPLACE INTO breakers VALUES (?, ?, ?, ?, ?, ?)", values)


def _read(rows: list[sqlite3.Row]) -> State:
    if not rows:
        return State()
    row = rows[0]
    return State(row["failures"], row["opened_at"], row["reason"], row["probe"], row["probe_at"])


def open_breakers(path: Path) -> dict[str, State]:
    """The open breakers of the journal in a file: backend → state; nothing where there is no journal yet.

    For commands that show how things are: reads only, and makes no file.
    """
    if not path.exists():
        return {}
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5.0) as db:
            db.row_factory = sqlite3.Row
            rows = db.execute("SELECT * FROM breakers WHERE opened_at IS NOT NULL ORDER BY backend").fetchall()
    except sqlite3.Error:  # a journal of an earlier version, or one that cannot be read: nothing is known of a breaker
        return {}
    return {row["backend"]: _read([row]) for row in rows}
