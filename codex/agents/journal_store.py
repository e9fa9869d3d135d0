"""The journal's file: opening it, transactions that are alone, and rows."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from codex.agents.accounts import unusable
from codex.agents.journal_schema import migrate
from codex.agents.process import this_process
from codex.campaign import clock

#: Seconds to wait for another process's transaction.
_BUSY_SECONDS = 60.0


def timestamp() -> str:
    """The time as the journal writes it: UTC, milliseconds."""
    return clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")


class JournalStore:
    """The database in the file ``path``, made when absent. Safe to share between threads and between processes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.owner = this_process()
        self._lock = threading.RLock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            self._db.row_factory = sqlite3.Row
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
        except (sqlite3.Error, OSError) as exc:
            raise unusable(path, exc) from exc
        with self.transaction() as db:
            migrate(db, timestamp())

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, and alone: other writers wait. Raises StorageError when the file cannot be used."""
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield self._db
                self._db.execute("COMMIT")
            except sqlite3.Error as exc:
                raise unusable(self.path, exc) from exc
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    def rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        """What a query finds; raises StorageError when the file cannot be used."""
        with self._lock:
            try:
                return self._db.execute(query, values).fetchall()
            except sqlite3.Error as exc:
                raise unusable(self.path, exc) from exc
