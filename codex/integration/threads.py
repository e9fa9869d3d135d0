"""Threads for work on files: to read, hash, compress, write and flush lets others run meanwhile.

They are kept: to start a dozen for each integration took longer than half of what they do.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache

_NAME = "codex-files-"
#: More than processors, for most of them wait for the disk.
_AT_ONCE = 16


def threads() -> ThreadPoolExecutor:
    """The threads of this process; a forked child, to which threads do not pass, has its own."""
    return _threads_of(os.getpid())


@cache
def _threads_of(process: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_AT_ONCE, thread_name_prefix=f"{_NAME}{process}")


def nobody_else() -> bool:
    """True when this process has no threads but these and the one that asks."""
    here = threading.current_thread()
    return all(each is here or each.name.startswith(_NAME) for each in threading.enumerate())
