"""Large files of the work tree that this process put there itself: what is in them, known without reading them again.

As git does for its index, a file is known by its stamps: inode, size, times of the last writing and of the last change
of any kind. One that came to its place (a change of its inode) at a later tick of the clock than it was written cannot
be written again without showing it; any other is not remembered.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from pathlib import Path

from codex.integration.indexfile import identity

#: Bytes below which reading a file costs nothing.
_LARGE = 100_000
_KEPT = 64

_seen: OrderedDict[Path, tuple[tuple[int, ...], str]] = OrderedDict()


def note(place: Path, written: tuple[int, ...], blob: str) -> None:
    """A new file, told by ``written`` (``indexfile.identity`` before it was moved there), holds this blob."""
    status = place.lstat()
    if identity(status) == written and status.st_size >= _LARGE and status.st_ctime_ns > status.st_mtime_ns:
        _seen[place] = _stamps(status), blob
        while len(_seen) > _KEPT:
            _seen.popitem(last=False)


def blob_at(place: Path, status: os.stat_result) -> str | None:
    """The blob in a file that has these stamps now; None when it has to be read."""
    stamps, blob = _seen.get(place, ((), None))
    return blob if stamps == _stamps(status) else None


def _stamps(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
