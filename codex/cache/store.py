"""The cache file: JSON values by kind and key, in SQLite.

A key names everything that its value was made from (the id of a blob, the code that looked at it), so an entry is never
wrong, only unused. Nothing here raises on account of the file: one that is locked, read-only or from another version is
done without, one that is broken is thrown away. Each row carries a checksum of its own, since the file is not flushed
to disk on commit and a power cut may leave anything in it.
"""

from __future__ import annotations

import json
import sqlite3
import time
import zlib
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

FILE = "results.sqlite3"
#: The layout of the file; a file of another layout is thrown away.
LAYOUT = 1
#: Beyond this many bytes the half of the entries that was not used for longest goes.
MAX_BYTES = 256_000_000
#: How long to wait for another run that is writing.
BUSY_SECONDS = 2.0

_SCHEMA = "CREATE TABLE entries (key TEXT PRIMARY KEY, value TEXT NOT NULL, crc INTEGER NOT NULL, day INTEGER NOT NULL)"
#: SQLite's answers that mean: this file will never do (corrupt, not a database, no such table).
_HOPELESS = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_SCHEMA})
#: Keys asked for in one statement (SQLite allows 32,766 parameters, older ones 999).
_BATCH = 500
_SECONDS_A_DAY = 86_400


class Store:
    """Entries of one cache file. ``Store(None)`` keeps nothing. What is kept is written by ``save``, not before."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._db: sqlite3.Connection | None = None
        self._new: dict[str, str] = {}
        self._touched: set[str] = set()
        self._today = int(time.time()) // _SECONDS_A_DAY

    def __bool__(self) -> bool:
        return self.path is not None

    def load(self, kind: str, keys: Iterable[str]) -> dict[str, Any]:
        """The values of those keys that are known."""
        wanted = iter(keys)
        found: dict[str, Any] = {}
        while self.path and (batch := [f"{kind}:{key}" for key in islice(wanted, _BATCH)]):
            marks = ",".join("?" * len(batch))
            found |= self._select(kind, f"SELECT key, value, crc, day FROM entries WHERE key IN ({marks})", batch)
        return found

    def load_all(self, kind: str) -> dict[str, Any]:
        """Every value of a kind."""
        query = "SELECT key, value, crc, day FROM entries WHERE key >= ? AND key < ?"
        return self._select(kind, query, [f"{kind}:", f"{kind};"])  # the semicolon follows the colon

    def keep(self, kind: str, key: str, value: Any) -> None:
        """Remember a JSON value from the next ``save`` on. Raises TypeError for what is not JSON."""
        if self.path:
            self._new[f"{kind}:{key}"] = json.dumps(value, separators=(",", ":"))

    def save(self) -> None:
        """Write what was kept, in one transaction, and close the file; entries that were used count as fresh."""
        if self.path and (self._new or self._touched):
            self._guarded(self._write)
        self._new, self._touched = {}, set()
        self._close()

    def _select(self, kind: str, query: str, parameters: list[str]) -> dict[str, Any]:
        rows = self._guarded(lambda db: db.execute(query, parameters).fetchall()) or []
        return dict(self._sound(rows, len(kind) + 1))

    def _sound(self, rows: list[tuple[str, str, int, int]], prefix: int) -> Iterator[tuple[str, Any]]:
        for key, value, crc, day in rows:
            if _checksum(key, value) != crc:
                continue
            if day != self._today:
                self._touched.add(key)
            yield key[prefix:], json.loads(value)

    def _write(self, db: sqlite3.Connection) -> None:
        rows = [(key, value, _checksum(key, value), self._today) for key, value in self._new.items()]
        db.execute("BEGIN IMMEDIATE")
        db.executemany("INSERT OR REPLACE INTO entries (key, value, crc, day) VALUES (?, ?, ?, ?)", rows)
        db.executemany("UPDATE entries SET day = ? WHERE key = ?", [(self._today, key) for key in self._touched])
        if _used_bytes(db) > MAX_BYTES:
            half = "SELECT key FROM entries ORDER BY day, rowid LIMIT (SELECT COUNT(*) / 2 FROM entries)"
            db.execute(f"DELETE FROM entries WHERE key IN ({half})")
        db.execute("COMMIT")

    def _guarded(self, action: Any) -> Any:
        """Do something with the database; None where it cannot be done."""
        try:
            self._db = self._db or _connect(self.path)  # type: ignore[arg-type]
            return action(self._db)
        except (sqlite3.Error, OSError) as exc:
            self._close()
            if getattr(exc, "sqlite_errorcode", 0) & 0xFF in _HOPELESS:
                _throw_away(self.path)  # type: ignore[arg-type]
            else:
                self.path = None
            return None

    def _close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None


def _connect(path: Path) -> sqlite3.Connection:
    if path.is_symlink() or path.parent.is_symlink():
        raise OSError(f"{path} leads elsewhere")
    db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        db.execute("PRAGMA trusted_schema = OFF")
        db.execute("PRAGMA synchronous = OFF")
        _prepare(db)
    except sqlite3.Error:
        db.close()
        raise
    return db
