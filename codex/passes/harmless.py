"""Texts that may not enter the corpus, found in a reply before anything is made of it.

The integrator refuses such texts too (codex/integration/hostile.py); found here, they go back to their author as
defects with the field that holds them, instead of stopping the book.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from codex.check.defects import Defect
from codex.integration.hostile import hostile

if TYPE_CHECKING:
    from pydantic import BaseModel


def harmful(reply: BaseModel) -> Iterator[Defect]:
    """A defect for each text of the reply that may not be written, by its field."""
    for where, text in _texts(reply.model_dump(), ""):
        problem = hostile(text)
        if problem:
            yield Defect(where, problem, "HOSTILE")


def _texts(value: Any, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _texts(each, f"{where}.{key}".lstrip("."))
    elif isinstance(value, (list, tuple)):
        for number, each in enumerate(value, 1):
            yield from _texts(each, f"{where}[{number}]")
