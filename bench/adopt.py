"""How long a first look at the published test corpus takes: ``python -m bench.adopt``.

``codexctl adopt`` with nothing kept from before, beside a cold ``codexctl check`` of the same files: what it does
besides judging every unit.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator

from bench.corpus import ABSENT, codexctl, is_published_here, published
from bench.table import Bar, Found, Skipped, against, alone


def rows() -> Iterator[Found]:
    if not is_published_here():
        yield Skipped("adopt", ABSENT)
        return
    with published(git=False) as root:
        judged = codexctl("check", root=root).seconds
        shutil.rmtree(root / ".codex", ignore_errors=True)
        looked = codexctl("adopt", str(root)).seconds
    yield against("adopt, cold", looked, "s", "check, cold", judged, Bar(20))


if __name__ == "__main__":
    sys.exit(alone(rows))
