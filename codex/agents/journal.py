"""The journal of agent calls: money, and the memory of what was answered.

One SQLite database. A call is one HTTP turn, known by the hash of all that shapes its answer. Its states:

    intent ──► submitted ──► result ──► settled
      └────────────┴──► failed | lost

``reserve`` makes the intent and sets the worst case aside in the same transaction that checks the ceilings, so
parallel agents in any number of processes cannot overspend together. A finished turn is answered from here and never
sent again. A turn whose process died is ``lost``: what it may have cost stays counted as spent, and it is sent anew as
a new row. Amounts are kept as whole micro-dollars; costs are rounded up, ceilings down.

Objects are safe to share between threads; any number of processes may have the same file open.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from pathlib import Path
from typing import Any

from codex.agents.accounts import (
    Adopted,
    Answered,
    BudgetExceeded,
    Totals,
    TurnUnderWay,
    address_of,
    cost_line,
    from_micro,
    to_micro,
    totals_of,
)
from codex.agents.call import CallAddress
from codex.agents.journal_store import JournalStore, timestamp
from codex.agents.messages import SUBMIT, Reply, TurnRequest, prompt_sha256, turn_key
from codex.agents.process import is_alive
from codex.campaign import clock
from codex.errors import Conflict

__all__ = ["Adopted", "Answered", "BudgetExceeded", "Journal", "Totals", "TurnUnderWay"]

#: A turn of a process on another machine, of which nothing can be known, counts as lost after this time.
FOREIGN_PATIENCE = timedelta(hours=6)

_UNDER_WAY = "('intent', 'submitted')"
_ANSWERED = "('result', 'settled')"


class Journal(JournalStore):
    """The journal in the file ``path`` (made when absent). Opening it marks the turns of dead processes as lost."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.mark_lost()

    # --- turns -------------------------------------------------------------------------------------------------

    def answered(self, key: str) -> Answered | None:
        """The turn with this key if it is finished; it must not be sent again then."""
        rows = self.rows(f"SELECT * FROM calls WHERE key = ? AND state IN {_ANSWERED}", key)
        if not rows:
            return None
        row = rows[0]
        reply = Reply(json.loads(row["message"]), row["backend"], bool(row["tokens_estimated"]), row["request_id"])
        return Answered(row["id"], reply)

    def attended(self, key: str) -> bool:
        """Whether a living process is answering the turn with this key right now."""
        return any(map(self._attended, self.rows(f"SELECT * FROM calls WHERE key = ? AND state IN {_UNDER_WAY}", key)))

    def reserve(self, request: TurnRequest, backend: str, worst: Decimal) -> str:
        """Note the intent to send a turn and set ``worst`` (US dollars) aside; returns the call's id.

        Raises BudgetExceeded when a ceiling of the call would be passed, TurnUnderWay when somebody living is at it.
        """
        key, micro, address = turn_key(request, backend), to_micro(worst), request.address
        with self.transaction() as db:
            self._clear_the_way(db, key)
            for scope, ceiling in request.call.ceilings.items():
                counted = _counted(db, scope)
                if counted + micro > to_micro(ceiling, ROUND_FLOOR):
                    raise BudgetExceeded(scope, ceiling, from_micro(counted), from_micro(micro))
            (tries,) = db.execute("SELECT count(*) FROM calls WHERE key = ?", (key,)).fetchone()
            call = f"{key[:24]}-{tries + 1}"
            values = {
                "id": call, "key": key, "try": tries + 1, "subject": address.subject, "pass": address.pass_name,
                "unit": address.unit, "attempt": address.attempt, "turn": request.turn, "backend": backend,
                "model": request.call.model, "prompt_sha256": prompt_sha256(request.body), "state": "intent",
                "reserved": micro, "charged": micro, "owner": self.owner, "created_at": timestamp(),
                "batch": int(request.call.batch), "pattern": request.call.pattern,
            }  # fmt: skip
            marks = ", ".join("?" * len(values))
            db.execute(f"INSERT INTO calls ({', '.join(values)}) VALUES ({marks})", tuple(values.values()))
            charges = [(scope, call, micro) for scope in request.call.ceilings]
            db.executemany("INSERT INTO charges VALUES (?, ?, ?)", charges)
        return call

    def submitted(self, call: str) -> None:
        """The turn is about to leave: from here on it may cost something."""
        self._step(call, "('intent')", state="submitted", submitted_at=timestamp())

    def result(self, call: str, reply: Reply, cost: Decimal, seconds: float) -> None:
        """Keep the answer and what it cost (US dollars). The reservation stands until ``settle``."""
        usage = reply.usage
        self._step(
            call, "('submitted')", state="result", message=json.dumps(dict(reply.message)),
            request_id=reply.request_id, input_tokens=usage.input_tokens, output_tokens=usage.output_tokens,
            cache_read_tokens=usage.cache_read_tokens, cache_write_tokens=usage.cache_write_tokens,
            cache_write_1h_tokens=usage.cache_write_1h_tokens, web_searches=usage.web_searches, outcome=reply.kind,
            tokens_estimated=int(reply.tokens_estimated), cost=to_micro(cost), finished_at=timestamp(), seconds=seconds,
        )  # fmt: skip

    def settle(self, call: str) -> None:
        """Put the cost in the reservation's place. A call that is settled already stays as it is."""
        with self.transaction() as db:
            _settle(db, db.execute("SELECT * FROM calls WHERE id = ? AND state = 'result'", (call,)).fetchall())

    def fail(self, call: str, outcome: str, detail: str, seconds: float, *, free: bool) -> None:
        """The turn got no answer. Unless it was surely ``free``, its reservation is kept as spent."""
        self._step(
            call, _UNDER_WAY, charge=0 if free else None, state="failed", outcome=outcome, detail=detail,
            finished_at=timestamp(), seconds=seconds,
        )  # fmt: skip

    @contextmanager
    def under_way(self, call: str) -> Iterator[None]:
        """Mark the call as lost if the block is left without its answer or its failure on record (cancellation).

        One that was sent in a batch goes on without us: it is left for whoever asks for it next.
        """
        try:
            yield
        finally:
            with self.transaction() as db:
                rows = db.execute(f"SELECT * FROM calls WHERE id = ? AND state IN {_UNDER_WAY}", (call,)).fetchall()
                _lose(db, [row for row in rows if not _in_batch(row)])
                db.executemany("UPDATE calls SET owner = '' WHERE id = ?", [(r["id"],) for r in rows if _in_batch(r)])

    def mark_lost(self) -> int:
        """Mark the turns that dead processes left under way, and settle those they left answered; returns how many
        turns were lost. What was sent in a batch is not lost: its answer is still to be had (``adopt``).
        """
        with self.transaction() as db:
            rows = db.execute("SELECT * FROM calls WHERE state IN ('intent', 'submitted', 'result')").fetchall()
            left = [row for row in rows if not self._attended(row)]
            _settle(db, [row for row in left if row["state"] == "result"])
            return _lose(db, [row for row in left if row["state"] != "result" and not _in_batch(row)])

    def _attended(self, row: sqlite3.Row) -> bool:
        if not row["owner"]:
            return False
        alive = row["owner"] == self.owner or is_alive(row["owner"])
        if alive is None:
            return clock.now() - datetime.fromisoformat(row["created_at"]) < FOREIGN_PATIENCE
        return alive

    def _clear_the_way(self, db: sqlite3.Connection, key: str) -> None:
        rows = db.execute("SELECT * FROM calls WHERE key = ? AND state NOT IN ('failed', 'lost')", (key,)).fetchall()
        for row in rows:
            if row["state"] in {"result", "settled"} or self._attended(row) or _in_batch(row):
                raise TurnUnderWay(
                    f"Turn {row['turn']} of {row['subject']}/{row['pass']} is being answered by another run.",
                    remedy="Wait for that run, or stop it, and run the command again.",
                )
        _lose(db, rows)

    def _step(self, call: str, allowed: str, *, charge: int | None = None, **values: Any) -> None:
        """Move one call on; ``charge`` replaces what it counts for. Raises Conflict when it is not in ``allowed``."""
        if charge is not None:
            values["charged"] = charge
        columns = ", ".join(f"{name} = :{name}" for name in values)
        with self.transaction() as db:
            update = f"UPDATE calls SET {columns} WHERE id = :id AND state IN {allowed}"
            moved = db.execute(update, {**values, "id": call})
            if moved.rowcount != 1:
                raise Conflict(f"Call {call} of the journal has moved on meanwhile.", remedy="Run the command again.")
            if charge is not None:
                db.execute("UPDATE charges SET micro = ? WHERE call = ?", (charge, call))

    # --- batches -------------------------------------------------------------------------------------------------

    def adopt(self, key: str) -> Adopted | None:
        """Take over a turn that a run which has ended left in a batch; None when there is none."""
        with self.transaction() as db:
            rows = db.execute("SELECT * FROM calls WHERE key = ? AND batch = 1 AND state = 'submitted'", (key,))
            left = [row for row in rows.fetchall() if not self._attended(row)]
            db.executemany("UPDATE calls SET owner = ? WHERE id = ?", [(self.owner, row["id"]) for row in left])
        return next((Adopted(row["id"], row["batch_id"], row["submitted_at"]) for row in left), None)

    def batched(self, calls: Sequence[str], batch: str) -> None:
        """Note in which batch calls were sent, before anybody waits for it."""
        with self.transaction() as db:
            db.executemany("UPDATE calls SET batch_id = ? WHERE id = ?", [(batch, call) for call in calls])

    def batch_ids(self) -> set[str]:
        """The batches that are known here."""
        return {row["batch_id"] for row in self.rows("SELECT DISTINCT batch_id FROM calls WHERE batch_id IS NOT NULL")}

    # --- what is asked of it -------------------------------------------------------------------------------------

    def counted(self, scope: str) -> Decimal:
        """US dollars spent or reserved under a budget scope."""
        with self._lock:
            return from_micro(_counted(self._db, scope))

    def pin(self, address: CallAddress, base_commit: str) -> str:
        """The base commit of a conversation: the first one named is kept and returned ever after.

        A resumed run rebuilds prompt and tool results from it, byte for byte, and so finds its finished turns.
        """
        with self.transaction() as db:
            db.execute("INSERT OR IGNORE INTO pins VALUES (?, ?, ?)", (str(address), base_commit, timestamp()))
            row = db.execute("SELECT base FROM pins WHERE address = ?", (str(address),)).fetchone()
            return str(row["base"])

    def totals(self, address: CallAddress, backend: str) -> Totals:
        rows = self.rows(
            "SELECT * FROM calls WHERE subject = ? AND pass = ? AND unit IS ? AND attempt = ? AND backend = ?"
            " ORDER BY created_at, rowid",
            address.subject, address.pass_name, address.unit, address.attempt, backend,
        )  # fmt: skip
        return totals_of(rows)

    def prompts(self, backend: str) -> list[tuple[CallAddress, int, str]]:
        """Address, turn and prompt hash of every answered turn of a backend."""
        rows = self.rows(f"SELECT * FROM calls WHERE backend = ? AND state IN {_ANSWERED} ORDER BY rowid", backend)
        return [(address_of(row), row["turn"], row["prompt_sha256"]) for row in rows]

    def submission(self, address: CallAddress, backend: str) -> dict[str, Any] | None:
        """What the conversation handed in last (the input of its last ``submit``); None when it never did."""
        rows = self.rows(
            f"SELECT message FROM calls WHERE subject = ? AND pass = ? AND unit IS ? AND attempt = ? AND backend = ?"
            f" AND state IN {_ANSWERED} ORDER BY turn DESC",
            address.subject, address.pass_name, address.unit, address.attempt, backend,
        )  # fmt: skip
        blocks = (block for row in rows for block in json.loads(row["message"])["content"])
        found = (b["input"] for b in blocks if b.get("type") == "tool_use" and b.get("name") == SUBMIT)
        return next(found, None)

    def cost_lines(self, subject: str | None = None) -> list[dict[str, Any]]:
        """One entry a finished, failed or lost call, oldest first, with the fields of the cost ledger's lines."""
        where = "" if subject is None else " AND subject = ?"
        rows = self.rows(
            f"SELECT * FROM calls WHERE state IN ('settled', 'failed', 'lost'){where} ORDER BY created_at, rowid",
            *(() if subject is None else (subject,)),
        )
        return [cost_line(row) for row in rows]


def _counted(db: sqlite3.Connection, scope: str) -> int:
    (micro,) = db.execute("SELECT coalesce(sum(micro), 0) FROM charges WHERE scope = ?", (scope,)).fetchone()
    return int(micro)


def _lose(db: sqlite3.Connection, rows: Sequence[sqlite3.Row]) -> int:
    """Mark rows as lost; what they reserved stays charged. An intent that was never sent costs nothing."""
    for row in rows:
        _close(db, row["id"], 0 if row["state"] == "intent" else row["reserved"], "lost", "lost")
    return len(rows)


def _in_batch(row: sqlite3.Row) -> bool:
    """Whether the call has left in a batch, or may have: its answer does not depend on who waits for it."""
    return bool(row["batch"]) and row["state"] == "submitted"


def _settle(db: sqlite3.Connection, rows: Sequence[sqlite3.Row]) -> None:
    for row in rows:
        _close(db, row["id"], row["cost"], "settled", row["outcome"] or "ok")


def _close(db: sqlite3.Connection, call: str, charge: int, state: str, outcome: str) -> None:
    db.execute(
        "UPDATE calls SET state = ?, outcome = ?, charged = ?, finished_at = coalesce(finished_at, ?) WHERE id = ?",
        (state, outcome, charge, timestamp(), call),
    )
    db.execute("UPDATE charges SET micro = ? WHERE call = ?", (charge, call))
