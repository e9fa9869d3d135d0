"""A production plan as a reply: new units, deepenings, the notation crosswalk, edges, jobs (curriculum.md §2)."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from codex.integration.proposal import CatalogId, Slug, UnitId
from codex.passes.inventory import OneLine, one_line

#: The title of a unit: one line, as it stands in a punch list.
Title = Annotated[str, BeforeValidator(one_line), StringConstraints(min_length=3, max_length=120)]


class _Reply(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewUnit(_Reply):
    """A unit to be written."""

    id: UnitId
    slug: Slug
    title: Title
    concept: CatalogId = Field(description="its concept catalog id: an existing one without a unit, or a new one")
    priority: int = Field(ge=1, le=4)
    prerequisites: list[UnitId] = Field(description="units that must be read before; shipped ones or ones of this plan")
    originator: str = Field(min_length=5, description="the primary source: who first did this, where, when")
    modern_anchor: str = Field(min_length=5, description="the modern text it follows")
    must_contain: str = Field(
        min_length=80, description="specification: definitions, theorems with proofs, examples, exercises"
    )
    rows: list[str] = Field(min_length=1, description="inventory rows that it covers")


class Deepening(_Reply):
    """An existing unit that gets more content."""

    id: UnitId
    priority: int = Field(ge=1, le=4)
    additions: str = Field(min_length=80, description="exactly what is added, and under which heading")
    rows: list[str] = Field(min_length=1)


class NotationLine(_Reply):
    """One line of the notation crosswalk."""

    row: str = Field(pattern=r"^N[0-9]{1,3}$")
    book: OneLine
    ours: OneLine = Field(description="our notation, or 'the same'")
    note: str = ""


class Edge(_Reply):
    before: UnitId
    after: UnitId


class Job(_Reply):
    name: OneLine
    units: list[UnitId] = Field(min_length=1)


class PlanReply(_Reply):
    """The production plan of a book."""

    new_units: list[NewUnit]
    deepenings: list[Deepening] = Field(default_factory=list)
    notation: list[NotationLine] = Field(
        default_factory=list, description="one line for every row of the notation inventory"
    )
    edges: list[Edge] = Field(default_factory=list, description="prerequisite edges beyond those of the new units")
    jobs: list[Job] = Field(min_length=1)
