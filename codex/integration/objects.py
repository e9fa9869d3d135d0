"""Write git objects: the loose format, straight into the repository, durable before anything can refer to them.

``git hash-object`` does the same, but wants every text in a file first, hashes with an algorithm that is made slow on
purpose, and flushes one object after the other. An integration writes a few files of megabytes, whatever it changes in
them, so that was half of its time.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from codex.gitio import Git
from codex.integration.durable import cannot_write

#: zlib's level for loose objects, which is git's own default: maintenance packs them better later.
COMPRESSION = 1
#: Objects compressed and flushed at the same time.
_AT_ONCE = 4


class Object(NamedTuple):
    """What is to be stored: ``blob``, ``tree`` or ``commit``, its bytes, and its id where that is known."""

    kind: str
    data: bytes
    oid: str = ""

    @property
    def header(self) -> bytes:
        return f"{self.kind} {len(self.data)}\0".encode()


def object_id(each: Object) -> str:
    """The id (hex) under which git knows it."""
    if each.oid:
        return each.oid
    digest = hashlib.sha1(each.header, usedforsecurity=False)
    digest.update(each.data)
    return digest.hexdigest()


def write_objects(git: Git, objects: Sequence[Object]) -> list[str]:
    """Store objects and return their ids in order; each is on disk, whole, when this returns.

    Raises StorageError when the repository cannot be written to; what was stored by then does no harm.
    """
    folder = git.objects_dir()
    try:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(lambda each: _write(folder, each), objects))
    except OSError as exc:
        raise cannot_write(folder, exc) from exc


def _write(folder: Path, each: Object) -> str:
    oid = object_id(each)
    place = folder / oid[:2] / oid[2:]
    with suppress(FileNotFoundError):
        os.utime(place)  # as git does: what was just asked for must not be pruned as old
        return oid
    place.parent.mkdir(exist_ok=True)
    temporary = folder / f"tmp_obj_{os.getpid()}_{oid}"  # git clears away what is called so, if we are killed
    try:
        _fill(temporary, each)
        temporary.replace(place)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    return oid


def _fill(place: Path, each: Object) -> None:
    packer = zlib.compressobj(COMPRESSION)
    with place.open("wb") as file:
        file.write(packer.compress(each.header))
        file.write(packer.compress(each.data))
        file.write(packer.flush())
        file.flush()
        os.fchmod(file.fileno(), 0o444)
        os.fsync(file.fileno())
