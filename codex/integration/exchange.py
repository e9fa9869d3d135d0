"""Put a file in place of another without losing what somebody saved there a moment ago.

A rename replaces whatever stands there at that moment. Swapped instead (renameat2, Linux), the old file is still in
hand and can be compared; where that cannot be done, a rename has to do, with a window of microseconds.
"""

from __future__ import annotations

import ctypes
import errno
import os
from pathlib import Path

from codex.integration.indexfile import identity

_LIBC = ctypes.CDLL(None, use_errno=True)
_HERE = -100  # AT_FDCWD
_EXCHANGE = 2  # RENAME_EXCHANGE
_CANNOT = {errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP}


def put_over(new: Path, place: Path, expected: tuple[int, ...]) -> bool:
    """Move ``new`` to ``place``, where a file of that identity (``()``: none) stands; False when another one does.

    Then nothing has changed. ``new`` may hold the old file afterwards. Raises OSError.
    """
    if not expected:
        return _link(new, place)
    if not _swap(new, place):
        new.replace(place)
    elif identity(new.lstat()) != expected:
        _swap(new, place)
        return False
    return True


def take_away(aside: Path, place: Path, expected: tuple[int, ...]) -> bool:
    """Move the file of that identity from ``place`` to ``aside``; False, nothing being changed, for another one."""
    place.rename(aside)
    if identity(aside.lstat()) == expected:
        return True
    _link(aside, place)
    return False


def _link(new: Path, place: Path) -> bool:
    try:
        place.hardlink_to(new)
    except FileExistsError:
        return False
    return True


def _swap(one: Path, other: Path) -> bool:
    """Exchange two files in one step; False where the system cannot."""
    call = getattr(_LIBC, "renameat2", None)
    if call is None:
        return False
    if call(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in _CANNOT:
        return False
    raise OSError(code, os.strerror(code), str(other))
