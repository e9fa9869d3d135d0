"""Which code gave an answer: a digest that changes with any of its sources, so that no stale answer is ever used."""

from __future__ import annotations

import hashlib
import sys
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


@cache
def code_digest(*folders: str) -> str:
    """A digest of every module in these folders of the package (``check``, ``units``) and of the Python version.

    Takes the sources themselves, not their dates: an installer may give every file of every version the same date.
    """
    digest = hashlib.blake2b(repr(sys.version_info[:3]).encode(), digest_size=8)
    for folder in folders:
        for path in sorted((_PACKAGE / folder).rglob("*.py")):
            digest.update(f"\0{path.relative_to(_PACKAGE)}\0".encode("utf-8", "surrogateescape"))
            digest.update(path.read_bytes())
    return digest.hexdigest()
