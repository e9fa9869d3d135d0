"""Write a file so that after a power cut it is either the old one or the new one, whole.

Temporary file in the same folder, fsync, rename, fsync of the folder. Slower than a plain write by two disk flushes;
used for what nobody can compute again (spool, journal of the checkout, results).
"""

from __future__ import annotations

import os
from pathlib import Path

from codex.errors import StorageError
from codex.integration.faults import point


def write_durably(path: Path, data: bytes, *, name: str) -> None:
    """Replace ``path`` with ``data``; ``name`` names its fault points. Raises StorageError, the old file being kept."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    point(f"{name}.begin")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            point(f"{name}.written")
            os.fsync(file.fileno())
        point(f"{name}.synced")
        temporary.replace(path)
        point(f"{name}.renamed")
        sync_folder(path.parent)
    except OSError as exc:
        temporary.unlink(missing_ok=True)
        raise cannot_write(path, exc) from exc
    point(f"{name}.done")


def sync_folder(folder: Path) -> None:
    """Flush a folder's own entries (a rename is durable only then)."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def cannot_write(path: Path, exc: OSError) -> StorageError:
    """The error for a person: what could not be written and why."""
    return StorageError(
        f"{path} cannot be written: {exc.strerror or exc}.", remedy="Check space and permissions, then run again."
    )
