"""How subjects and passes are named, and read by people: ``book:spin-geometry``, ``P4_production``."""

from __future__ import annotations


def kind_of(subject: str) -> str:
    """``book:spin-geometry`` → ``book``; the campaign is a kind of its own."""
    return subject.partition(":")[0]


def name_of(subject: str) -> str:
    """``book:spin-geometry`` → ``spin-geometry``; the campaign's name is its kind."""
    return subject.partition(":")[2] or subject


def unit_of(subject: str) -> str | None:
    """The unit that is a subject of its own (``unit:03.01.02``); None for a subject of another kind."""
    kind, _, name = subject.partition(":")
    return name if kind == "unit" else None


def read_aloud(pass_name: str, unit: str | None = None) -> str:
    """A pass, or one unit of it, as people read it: ``P4 production 03.09.03``."""
    return " ".join([*pass_name.split("_", 1), *([unit] if unit else [])])
