"""The journal's tables, as a list of named steps: a step once shipped is never changed, only followed by another."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from codex.errors import StorageError

_CALLS = """
CREATE TABLE calls (
    id TEXT PRIMARY KEY,              -- first 24 digits of the key, dash, number of the try
    key TEXT NOT NULL,                -- SHA-256 of everything that shapes the answer (messages.turn_key)
    try INTEGER NOT NULL,             -- 1, 2, …: how often this very turn was sent
    subject TEXT NOT NULL, pass TEXT NOT NULL, unit TEXT, attempt INTEGER NOT NULL, turn INTEGER NOT NULL,
    backend TEXT NOT NULL, model TEXT NOT NULL, prompt_sha256 TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('intent', 'submitted', 'result', 'settled', 'failed', 'lost')),
    outcome TEXT NOT NULL DEFAULT '', -- ok, lost, or the kind of failure
    detail TEXT NOT NULL DEFAULT '',
    reserved INTEGER NOT NULL,        -- micro-dollars set aside before it was sent
    cost INTEGER,                     -- micro-dollars that the answer cost
    charged INTEGER NOT NULL,         -- micro-dollars that count now: the reservation, later the cost
    input_tokens INTEGER NOT NULL DEFAULT 0, output_tokens INTEGER NOT NULL DEFAULT 0,
    cache_read_tokens INTEGER NOT NULL DEFAULT 0, cache_write_tokens INTEGER NOT NULL DEFAULT 0,
    tokens_estimated INTEGER NOT NULL DEFAULT 0,
    message TEXT, request_id TEXT, batch_id TEXT,
    owner TEXT NOT NULL,              -- process.this_process of who sent it
    created_at TEXT NOT NULL, submitted_at TEXT, finished_at TEXT, seconds REAL NOT NULL DEFAULT 0,
    UNIQUE (key, try)
) STRICT
"""

_STEPS_OF_CALLS = (
    _CALLS,
    # a turn is at most once under way or answered, whoever asks
    "CREATE UNIQUE INDEX one_answer ON calls (key) WHERE state IN ('intent', 'submitted', 'result', 'settled')",
    "CREATE INDEX calls_by_address ON calls (subject, pass, unit, attempt)",
    "CREATE INDEX calls_under_way ON calls (state) WHERE state IN ('intent', 'submitted')",
    (
        "CREATE TABLE charges (scope TEXT NOT NULL, call TEXT NOT NULL REFERENCES calls (id), micro INTEGER NOT NULL,"
        " PRIMARY KEY (scope, call)) STRICT, WITHOUT ROWID"
    ),
    "CREATE INDEX charges_by_call ON charges (call)",
)


def _001_calls_and_charges(db: sqlite3.Connection) -> None:
    for statement in _STEPS_OF_CALLS:
        db.execute(statement)


def _002_pins(db: sqlite3.Connection) -> None:
    db.execute("CREATE TABLE pins (address TEXT PRIMARY KEY, base TEXT NOT NULL, pinned_at TEXT NOT NULL) STRICT")


_STEPS_OF_BATCHES = (
    "ALTER TABLE calls ADD COLUMN batch INTEGER NOT NULL DEFAULT 0",  # 1: sent in a Message Batch (batch_id)
    "ALTER TABLE calls ADD COLUMN cache_write_1h_tokens INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE calls ADD COLUMN web_searches INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE calls ADD COLUMN pattern TEXT NOT NULL DEFAULT ''",  # prompt pattern and its version
    "CREATE INDEX calls_by_batch ON calls (batch_id) WHERE batch_id IS NOT NULL",
)


def _003_batches(db: sqlite3.Connection) -> None:
    for statement in _STEPS_OF_BATCHES:
        db.execute(statement)


def _004_breakers(db: sqlite3.Connection) -> None:
    db.execute(
        "CREATE TABLE breakers (backend TEXT PRIMARY KEY, failures INTEGER NOT NULL, opened_at REAL,"
        " reason TEXT NOT NULL, probe TEXT NOT NULL, probe_at REAL NOT NULL) STRICT"
    )


STEPS: tuple[Callable[[sqlite3.Connection], None], ...] = (
    _001_calls_and_charges,
    _002_pins,
    _003_batches,
    _004_breakers,
)


def migrate(db: sqlite3.Connection, now: str) -> None:
    """Apply the steps that this database has not seen. Runs inside the caller's transaction.

    Raises StorageError when the database was written by a newer version.
    """
    db.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied_at TEXT NOT NULL)")
    seen = {name for (name,) in db.execute("SELECT name FROM migrations")}
    unknown = seen - {step.__name__ for step in STEPS}
    if unknown:
        raise StorageError(
            f"The journal was written by a newer version (it knows {min(unknown)}).",
            remedy="Run that version, or a newer one.",
        )
    for step in STEPS:
        if step.__name__ not in seen:
            step(db)
            db.execute("INSERT INTO migrations VALUES (?, ?)", (step.__name__, now))
