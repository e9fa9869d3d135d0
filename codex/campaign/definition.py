"""A campaign as data: tiers with their ceilings, and the thresholds, from ``manifests/fasttrack/campaign.toml``.

The workspace's own file is read when it has one, else the one that comes with Codex.
"""

from __future__ import annotations

import tomllib
from decimal import Decimal
from importlib import resources
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from codex.campaign import limits
from codex.errors import DataError
from codex.snapshot import Snapshot

PATH = limits.CAMPAIGN

#: Names of tiers in other ages of the ledger.
_LETTERS = {"alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ"}

Usd = Annotated[Decimal, Field(ge=0, le=1_000_000)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Tier(_Table):
    """A tier of books. Without ceilings nothing may be spent on its books."""

    books: int = Field(ge=0)
    per_book_usd: Usd | None = None
    total_usd: Usd | None = None
    release: str | None = None


class Campaign(_Table):
    """``layers``: least percentage by layer; ``continuity``: least mean by metric."""

    name: str
    title: str
    total_usd: Usd | None = None
    tiers: dict[str, Tier]
    layers: dict[str, Annotated[float, Field(ge=0, le=100)]]
    continuity: dict[str, Annotated[float, Field(ge=0)]]


def load_campaign(snapshot: Snapshot | None = None) -> Campaign:
    """The campaign of a workspace, or the one that comes with Codex; raises DataError naming file and key."""
    if snapshot is not None and snapshot.exists(PATH):
        return _parsed(snapshot.read(PATH))
    packaged = resources.files("manifests").joinpath(PATH.removeprefix("manifests/"))
    return _parsed(packaged.read_bytes())


def _parsed(data: bytes) -> Campaign:
    try:
        return Campaign.model_validate(tomllib.loads(data.decode("utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise DataError(f"{PATH} is not valid TOML: {exc}.", remedy="Correct it, or remove it.") from exc
    except ValidationError as exc:
        first = exc.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise DataError(f"{PATH}: {key} is wrong: {first['msg']}.", remedy="Correct the value.") from exc


def tier_letter(tier: object) -> str | None:
    """The Greek letter of a tier, also from its name in other ages (``alpha``); None for what is no text."""
    return _LETTERS.get(tier.lower(), tier) if isinstance(tier, str) and tier else None
