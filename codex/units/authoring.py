"""Front matter for those who write units: a strict model with exact error paths, and rendering.

The rules of the validator do not use it: they judge what corpora contain. This model is what new units should contain.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from codex.units.headings import TIERS, Tier
from codex.units.ids import ANY_ID

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
UnitId = Annotated[str, StringConstraints(pattern=f"^{ANY_ID.pattern}$")]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$")]
Minutes = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]*m$")]


class _Part(BaseModel):
    """Unknown keys are kept; text is never made of numbers or the like."""

    model_config = ConfigDict(extra="allow", strict=True)


class Reference(_Part):
    """A source: in the archive (source and path), known by title (``TODO_REF``), or still to be had (pending)."""

    source: Text
    path: str = ""
    locator: str = ""
    pending: bool = False
    pointer: str = ""

    @model_validator(mode="after")
    def _findable(self) -> Reference:
        if self.pending and not self.pointer:
            raise ValueError("a pending reference needs a pointer to where it is to be had")
        if not self.pending and not self.path:
            raise ValueError("path is missing: a file of the archive, or author and title with source TODO_REF")
        return self


class Hook(_Part):
    """A promise that another unit takes a thought up."""

    target: UnitId
    kind: Literal["proposed", "confirmed"]
    why: Annotated[str, StringConstraints(strip_whitespace=True, min_length=30)]
    confirmed_by: str = ""


class FrontMatter(_Part):
    """The front matter of a unit, in the order in which it is written. Unknown keys are kept."""

    id: UnitId
    title: Text
    slug: Slug
    section: Text
    chapter: Text
    concept_catalog_id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+(?:\.[a-z0-9-]+)*$")]
    prerequisites: list[UnitId]
    successors: list[UnitId] = Field(default_factory=list)
    tier_anchors: dict[Tier, Text]
    tiers_present: Annotated[list[Tier], Field(min_length=1)]
    pending_prereqs: bool = False
    references: Annotated[list[Reference], Field(min_length=1)]
    lean_module: Text | None = None
    lean_status: Literal["full", "partial", "none"]
    lean_mathlib_gap: Text | None = None
    human_reviewer: Text | None = None
    estimated_time: dict[Tier, Minutes]
    status: Literal["draft", "review", "approved", "shipped"]
    produced_by: Text | None = None
    reviewed_by: list[Text] = Field(default_factory=list)
    hooks_out: list[Hook] = Field(default_factory=list)

    @model_validator(mode="after")
    def _tiers_agree(self) -> FrontMatter:
        for tier in self.tiers_present:
            if self.tier_anchors.get(tier, "deferred") == "deferred":
                raise ValueError(f"tier_anchors.{tier} is missing, and the tier is present")
        return self

    @model_validator(mode="after")
    def _formalisation_agrees(self) -> FrontMatter:
        if (self.lean_status == "none") == bool(self.lean_module):
            raise ValueError("lean_module goes with lean_status partial or full, and with no other")
        if self.lean_status == "none" and not self.lean_mathlib_gap:
            raise ValueError("lean_mathlib_gap is missing, and lean_status is none")
        return self

    def document(self) -> dict[str, Any]:
        """Keys in their order, each tier's entries from low to high; what was never set is left out."""
        document = self.model_dump(exclude_unset=True)
        for key in ("tier_anchors", "estimated_time"):
            document[key] = {tier: document[key][tier] for tier in TIERS if tier in document[key]}
        return document


def frontmatter_problems(document: Mapping[Any, Any]) -> list[str]:
    """What keeps a mapping from being good front matter, one line each with its path: ``references[0].path: …``."""
    try:
        FrontMatter.model_validate(dict(document))
    except ValidationError as exc:
        return [f"{_path(error['loc'])}: {error['msg']}" for error in exc.errors(include_url=False)]
    return []


def _path(location: tuple[int | str, ...]) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return path.lstrip(".") or "front matter"


def render_unit(frontmatter: FrontMatter, body: str) -> bytes:
    """The bytes of a new unit file; ``parse_unit`` gives back the same front matter and the same body."""
    head = yaml.safe_dump(frontmatter.document(), sort_keys=False, allow_unicode=True, width=100)
    return f"---\n{head}---\n\n{body.lstrip()}".encode()
