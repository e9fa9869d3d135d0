"""What a kind of finding is: how it is found, what it means, and how it is mended, if it can be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codex.integration.adoption.view import View


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that is off: ``path`` and ``line`` (from 1, None: the file as a whole) say where, ``text`` what."""

    path: str
    line: int | None
    text: str

    @property
    def place(self) -> str:
        return self.path if self.line is None else f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class Repair:
    """Whole new contents by path, and what to tell of them. Without changes there was nothing to mend."""

    changes: Mapping[str, bytes] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of finding.

    ``title`` names it in the plural, ``means`` says how it comes about and what follows from it, ``mends`` what
    ``adopt --write`` does. ``repair`` computes that from a state of the workspace and a time, and from nothing else:
    it is what the integrator runs. Without one, ``mends`` says what a person can do.
    """

    name: str
    group: str
    title: str
    means: str
    mends: str
    find: Callable[[View], Iterable[Found]]
    repair: Callable[[View, datetime], Repair] | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one kind. ``examples`` are the first few of ``count``."""

    kind: Kind
    count: int
    examples: tuple[Found, ...]
