"""Find headings by their title as a person or an agent writes it: with or without hashes and tier marker."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codex.units.model import Unit

_MARKER = re.compile(r"\s*\[[\w+ -]+\]\s*$")


def plain_title(text: str) -> str:
    """The title without hashes in front, white space folded."""
    return " ".join(text.strip().lstrip("#").split())


def bare_title(text: str) -> str:
    """The title without hashes, tier marker (also ones like ``[All tiers]``) and extra white space."""
    return _MARKER.sub("", plain_title(text))


def headings_titled(unit: Unit, title: str) -> list[int]:
    """Indices into ``unit.headings`` of those with this title.

    The heading's line as it is written comes first, since any bracketed word at its end is read as a marker (``The ring
    k[x]``); then the title without its marker; then both sides without one.
    """
    lines = [plain_title(unit.body[h.start :].partition("\n")[0]) for h in unit.headings]
    titles = [plain_title(h.title) for h in unit.headings]
    wanted, bare = plain_title(title), bare_title(title)
    for have, want in ((lines, wanted), (titles, wanted), (titles, bare), (list(map(bare_title, titles)), bare)):
        found = [index for index, each in enumerate(have) if want and each == want]
        if found:
            return found
    return []
