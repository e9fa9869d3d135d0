"""Write git objects: the loose format, straight into the repository, durable before anything can refer to them.

``git hash-object`` does the same, but wants every text in a file first, hashes with an algorithm that is made slow on
purpose, and flushes one object after the other. An integration writes a few files of megabytes, whatever it changes in
them, so that was half of its time.

Hashing and compressing (``pack``) touches no disk, so it may begin before it is certain that an object is wanted
(ahead.py).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

from isal import isal_zlib

from codex.gitio import Git
from codex.integration.durable import cannot_write
from codex.integration.threads import threads

#: The level of git's own loose objects: maintenance packs them better later. Written by isal, which takes a quarter of
#: zlib's time for the same size (decision 20).
COMPRESSION = 1


class Packed(NamedTuple):
    """An object ready to be stored: its id (hex) and the bytes of its file."""

    oid: str
    data: bytes


def object_id(kind: str, data: bytes) -> str:
    """The id (hex) under which git knows a ``blob``, ``tree`` or ``commit`` of these bytes."""
    digest = hashlib.sha1(_header(kind, data), usedforsecurity=False)
    digest.update(data)
    return digest.hexdigest()


def _header(kind: str, data: bytes) -> bytes:
    return b"%b %d\0" % (kind.encode(), len(data))


def pack(kind: str, data: bytes) -> Packed:
    """The object of these bytes. Other threads run meanwhile."""
    packer = isal_zlib.compressobj(COMPRESSION)
    packed = packer.compress(_header(kind, data)) + packer.compress(data) + packer.flush()
    return Packed(object_id(kind, data), packed)


def write_objects(git: Git, objects: Iterable[Packed]) -> None:
    """Store objects; each is on disk, whole, when this returns.

    Raises StorageError when the repository cannot be written to; what was stored by then does no harm.
    """
    folder = git.objects_dir()
    try:
        for _ in threads().map(partial(_write, folder), objects):
            pass
    except OSError as exc:
        raise cannot_write(folder, exc) from exc


def _write(folder: Path, each: Packed) -> None:
    place = folder / each.oid[:2] / each.oid[2:]
    with suppress(FileNotFoundError):
        os.utime(place)  # as git does: what was just asked for must not be pruned as old
        return
    place.parent.mkdir(exist_ok=True)
    temporary = folder / f"tmp_obj_{os.getpid()}_{each.oid}"  # git clears away what is called so, if we are killed
    try:
        _fill(temporary, each.data)
        temporary.replace(place)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _fill(place: Path, data: bytes) -> None:
    with place.open("wb") as file:
        file.write(data)
        file.flush()
        os.fchmod(file.fileno(), 0o444)
        os.fsync(file.fileno())
