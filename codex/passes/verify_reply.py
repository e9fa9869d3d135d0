"""A verification as a reply: an answer for every row, two samples, what is to be done about rows that fall short."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from codex.integration.proposal import CatalogId, Slug, UnitId
from codex.passes.equivalence import RowAnswer
from codex.passes.inventory import OneLine


class _Reply(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SolvableBy(_Reply):
    """An exercise of the book and the passage that lets a reader of the corpus solve it."""

    row: str = Field(pattern=r"^E[0-9]{1,3}$")
    unit: UnitId
    heading: str
    quote: str


class ReadablePassage(_Reply):
    """A notation of the book and a passage of the corpus that teaches a reader to read it."""

    row: str = Field(pattern=r"^N[0-9]{1,3}$")
    unit: UnitId
    heading: str
    quote: str


class Deficit(_Reply):
    """What has to be done so that rows which fall short are covered."""

    rows: list[str] = Field(min_length=1)
    action: Literal["deepen", "new"]
    unit: UnitId
    slug: Slug | None = Field(default=None, description="for a new unit")
    title: OneLine | None = Field(default=None, description="for a new unit")
    concept: CatalogId | None = Field(default=None, description="for a new unit: its concept catalog id")
    prerequisites: list[UnitId] = Field(
        default_factory=list, description="what the unit has to name as prerequisites beside those it has"
    )
    specification: str = Field(min_length=60, description="exactly what has to be added, and under which heading")


class VerificationReply(_Reply):
    """One answer for every row of the inventory, the samples, and the deficits."""

    answers: list[RowAnswer] = Field(min_length=1)
    exercise_sample: list[SolvableBy] = Field(default_factory=list)
    notation_passages: list[ReadablePassage] = Field(default_factory=list)
    deficits: list[Deficit] = Field(default_factory=list)
    statement: str = Field(min_length=60, description="sign-off, or what keeps the book from being covered")
