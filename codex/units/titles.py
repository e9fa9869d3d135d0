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

    A title as it stands comes first, so that brackets which belong to it (``The ring k[x]``) are not taken for a
    marker; then the title without a marker; then both sides without one.
    """
    titles = [plain_title(heading.title) for heading in unit.headings]
    for wanted in (plain_title(title), bare_title(title)):
        found = [index for index, each in enumerate(titles) if wanted and each == wanted]
        if found:
            return found
    return [index for index, each in enumerate(titles) if bare_title(title) and bare_title(each) == bare_title(title)]
