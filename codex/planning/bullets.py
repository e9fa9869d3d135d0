"""What one entry of an audit's punch list is, and of which kind (unit-rubric §4.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Mode = Literal["compat", "extended"]

#: The priority of a bullet that stands before the first priority marker.
NO_PRIORITY = "P?"
NEW_UNIT, DEEPENING, ENRICH, DEFERRED, OUT_OF_SCOPE = "new_unit", "deepening", "enrich", "deferred", "out_of_scope"

#: The inside of a tag such as ``[NEW]``; case is ignored.
TAG = r"\[(NEW|DEEPENING|DEEPEN|ENRICH|DEFERRED|OUT[ -]OF[ -]SCOPE)\]"
_KINDS = {
    "new": NEW_UNIT,
    "deepen": DEEPENING,
    "deepening": DEEPENING,
    "enrich": ENRICH,
    "deferred": DEFERRED,
    "out of scope": OUT_OF_SCOPE,
}
_LEADING_TAG = re.compile(TAG + r"\s*", re.IGNORECASE)
_SIGNS: dict[Mode, re.Pattern[str]] = {
    "compat": re.compile(r"deepening|rewrite|real proof|templated|fold"),
    "extended": re.compile(r"deepening|rewrite|real proof|templated|(?<![\w-])fold\b"),
}


@dataclass(frozen=True, slots=True)
class Bullet:
    """One entry: a unit wanted by an audit. ``line`` counts from 1; ``position`` is the number written before it.

    ``priority`` is P0 … P4 or ``P?``; ``kind`` one of the five of unit-rubric §4.1. Extended mode only: a bullet that
    names no whole id has the id "", what it writes instead in ``provisional`` (``03.12.X1``, or nothing at all), and
    the chapter or section that it seems to belong to in ``home`` (``03.12``, ``03`` or "").
    """

    id: str
    title: str
    spec: str
    kind: str
    priority: str
    position: int
    path: str
    line: int
    provisional: str = ""
    home: str = ""

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An entry of a punch list that asks for no unit, and why it is none."""

    path: str
    line: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Audit:
    """One audit file; ``slug`` is its name without ``.md``. ``left_out`` is filled in extended mode."""

    slug: str
    path: str
    bullets: tuple[Bullet, ...]
    left_out: tuple[LeftOut, ...] = ()
    text: str = ""


def kind_of_tag(tag: str) -> str:
    """The kind that the word inside a tag stands for (``Out-of-Scope`` → out_of_scope)."""
    return _KINDS[tag.lower().replace("-", " ")]


def take_tag(spec: str) -> tuple[str, str]:
    """The kind of a leading tag ("" without one) and the rest of the text."""
    match = _LEADING_TAG.match(spec)
    return (kind_of_tag(match[1]), spec[match.end() :]) if match else ("", spec)


def guess_kind(title: str, spec: str, mode: Mode) -> str:
    """The kind of an entry without a tag, from its words.

    In compat mode "manifold" is a sign of a deepening too; in extended mode neither it nor "8-fold" is.
    """
    sign = _SIGNS[mode]
    return DEEPENING if sign.search(spec.lower()) or sign.search(title.lower()) else NEW_UNIT
