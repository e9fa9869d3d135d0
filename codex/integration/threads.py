"""Threads for work on files: to read, hash, compress, write and flush lets others run meanwhile.

They are kept: to start a dozen for each integration took longer than half of what they do.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache

#: More than processors, for most of them wait for the disk.
_AT_ONCE = 16


def threads() -> ThreadPoolExecutor:
    """The threads of this process; a forked child, to which threads do not pass, has its own."""
    return _threads_of(os.getpid())


@cache
def _threads_of(process: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_AT_ONCE, thread_name_prefix=f"codex-files-{process}")
