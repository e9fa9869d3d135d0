"""The cache file: JSON values by kind and key, in SQLite.

A key names everything that its value was made from (the id of a blob, the code that looked at it), so an entry is never
wrong, only unused. Nothing here raises on account of the file: one that is locked or read-only is done without, one
that is broken or of another layout is thrown away. Each row carries a checksum of its own, since the file is not
flushed to disk on commit, so that a power cut may leave anything in it.
"""

from __future__ import annotations

import json
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

FILE = "results.sqlite3"
#: The layout of the file.
LAYOUT = 1
#: Beyond this many bytes the half of the entries that was not used for longest goes.
MAX_BYTES = 256_000_000
#: How long to wait for another run that is writing.
BUSY_SECONDS = 2.0

_SCHEMA = "CREATE TABLE entries (key BLOB PRIMARY KEY, value BLOB NOT NULL, crc INTEGER NOT NULL, day INTEGER NOT NULL)"
_INSERT = "INSERT OR REPLACE INTO entries (key, value, crc, day) VALUES (?, ?, ?, ?)"
_SELECT = "SELECT key, value, crc, day FROM entries WHERE "
_OLDEST_HALF = "SELECT key FROM entries ORDER BY day, rowid LIMIT (SELECT COUNT(*) / 2 FROM entries)"
#: What SQLite says of a file that may do later: locked, read-only, no space, no permission. All else is hopeless.
_FOR_NOW = frozenset(
    {
        *(sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_FULL),
        *(sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM),
    }
)
#: Keys asked for in one statement (older versions of SQLite allow 999 parameters).
_BATCH = 500
_SECONDS_A_DAY = 86_400

T = TypeVar("T")
Row = tuple[bytes, bytes, int, int]


class _OtherLayout(sqlite3.DatabaseError):
    """The file was written by another version of this module."""


class Store:
    """Entries of one cache file. ``Store()`` keeps nothing. What is kept is written by ``save``, not before."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._db: sqlite3.Connection | None = None
        self._new: dict[bytes, Any] = {}
        self._used: set[bytes] = set()
        self._today = int(time.time()) // _SECONDS_A_DAY

    def __bool__(self) -> bool:
        return self.path is not None

    def load(self, kind: str, keys: Iterable[str]) -> dict[str, Any]:
        """The values of those keys that are known."""
        wanted = {_key(kind, key): key for key in keys} if self.path else {}
        found: dict[str, Any] = {}
        waiting = iter(wanted)
        while batch := list(islice(waiting, _BATCH)):
            marks = ",".join("?" * len(batch))
            found |= {wanted[key]: value for key, value in self._select(f"key IN ({marks})", batch)}
        return found

    def load_all(self, kind: str) -> dict[str, Any]:
        """Every value of a kind."""
        prefix = _key(kind, "")
        rows = self._select("key >= ? AND key < ?", [prefix, prefix[:-1] + b";"]) if self.path else ()
        return {key[len(prefix) :].decode("utf-8", "surrogatepass"): value for key, value in rows}

    def keep(self, kind: str, key: str, value: Any) -> None:
        """Have a JSON value written by ``save``, as it is then."""
        if self.path:
            self._new[_key(kind, key)] = value

    def save(self) -> None:
        """Write what was kept, in one transaction, and close the file; entries that were used count as fresh."""
        if self._new or self._used:
            self._guarded(self._write)
        self._new, self._used = {}, set()
        self._close()

    def _select(self, condition: str, parameters: list[bytes]) -> Iterator[tuple[bytes, Any]]:
        rows = self._guarded(lambda db: db.execute(_SELECT + condition, parameters).fetchall())
        for key, value, crc, day in rows or ():
            if _checksum(key, value) == crc:
                if day != self._today:
                    self._used.add(key)
                yield key, json.loads(value)

    def _write(self, db: sqlite3.Connection) -> None:
        texts = ((key, json.dumps(value, separators=(",", ":")).encode("ascii")) for key, value in self._new.items())
        rows = [(key, text, _checksum(key, text), self._today) for key, text in texts]
        db.execute("BEGIN IMMEDIATE")
        db.executemany(_INSERT, rows)
        db.executemany("UPDATE entries SET day = ? WHERE key = ?", [(self._today, key) for key in self._used])
        if _bytes_used(db) > MAX_BYTES:
            db.execute(f"DELETE FROM entries WHERE key IN ({_OLDEST_HALF})")
        db.execute("COMMIT")

    def _guarded(self, action: Callable[[sqlite3.Connection], T]) -> T | None:
        """Do something with the database; None where that cannot be done."""
        if self.path is None:
            return None
        try:
            self._db = self._db or _connect(self.path)
            return action(self._db)
        except (sqlite3.Error, OSError) as exc:
            self._close()
            if isinstance(exc, OSError) or getattr(exc, "sqlite_errorcode", 0) & 0xFF in _FOR_NOW:
                self.path = None  # not again in this run
            else:
                _throw_away(self.path)
            return None

    def _close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None


def _key(kind: str, key: str) -> bytes:
    return f"{kind}:{key}".encode("utf-8", "surrogatepass")


def _checksum(key: object, value: object) -> int | None:
    """None for what no row of ours holds: a broken file may yield values of any type."""
    return zlib.crc32(value, zlib.crc32(key)) if isinstance(key, bytes) and isinstance(value, bytes) else None


def _bytes_used(db: sqlite3.Connection) -> int:
    pages, free, size = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in _SIZES)
    used: int = (pages - free) * size
    return used


_SIZES = ("page_count", "freelist_count", "page_size")


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


def _prepare(db: sqlite3.Connection) -> None:
    """Make the table in a new file; raise for a file that is not ours."""
    if _layout(db) == LAYOUT:
        return
    db.execute("BEGIN IMMEDIATE")
    if _layout(db) != LAYOUT:  # nor has another run made it just now
        if _layout(db):
            raise _OtherLayout
        db.execute(_SCHEMA)
        db.execute(f"PRAGMA user_version = {LAYOUT}")
    db.execute("COMMIT")


def _layout(db: sqlite3.Connection) -> int:
    found: int = db.execute("PRAGMA user_version").fetchone()[0]
    return found


def _throw_away(path: Path) -> None:
    """Remove the file and, before it, its rollback journal, which would be applied to the next file of this name."""
    for name in (f"{path.name}-journal", f"{path.name}-wal", f"{path.name}-shm", path.name):
        try:
            path.with_name(name).unlink(missing_ok=True)
        except OSError:
            return
