"""What each model takes (output, context, shortest cached prefix) and how long caches live: manifests/models.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from codex.agents.lists import own_list, shipped_list
from codex.errors import DataError


@dataclass(frozen=True, slots=True)
class ModelLimits:
    """Tokens: the most that one turn may put out, the most one request may hold, the shortest prefix that is cached."""

    output_most: int
    context_window: int
    cache_minimum: int


@dataclass(frozen=True, slots=True)
class CacheRules:
    """``ttl_seconds`` by name (``5m``, ``1h``); an entry is looked for at a mark and ``lookback_blocks`` before it."""

    ttl_seconds: Mapping[str, int]
    lookback_blocks: int
    marks_most: int


@dataclass(frozen=True, slots=True)
class ModelList:
    """Limits by model name, and ``default`` for every other."""

    models: Mapping[str, ModelLimits]
    default: ModelLimits
    cache: CacheRules

    def of(self, model: str) -> ModelLimits:
        return self.models.get(model, self.default)


@cache
def builtin_models() -> ModelList:
    """The limits shipped with the package."""
    return parse_models(*shipped_list("models.json"))


def load_models(override: Path | None = None) -> ModelList:
    """The shipped limits; those of the file ``override`` (a workspace's manifests/models.json) go before them."""
    shipped, found = builtin_models(), own_list(override)
    if found is None:
        return shipped
    own = parse_models(*found)
    return ModelList({**shipped.models, **own.models}, own.default, own.cache)


def parse_models(text: str, where: str) -> ModelList:
    """Read a file of limits; raises DataError naming the file and what is wrong."""
    try:
        document = json.loads(text)
        default = _limits(document["default"], {})
        models = {name: _limits(row, document["default"]) for name, row in document["models"].items()}
        rules = document["cache"]
        ttl = {str(name): int(seconds) for name, seconds in rules["ttl_seconds"].items()}
        return ModelList(models, default, CacheRules(ttl, int(rules["lookback_blocks"]), int(rules["marks_most"])))
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise DataError(
            f"{where} is not a list of models: {exc!r}.",
            remedy="It needs cache, default (output_most, context_window, cache_minimum) and models.",
        ) from exc


def _limits(row: Mapping[str, Any], default: Mapping[str, Any]) -> ModelLimits:
    whole = {**default, **row}
    found = ModelLimits(*(int(whole[name]) for name in ("output_most", "context_window", "cache_minimum")))
    if min(found.output_most, found.context_window, found.cache_minimum) < 1:
        raise ValueError("a limit below 1")
    return found
