"""What a turn costs: Decimal prices per million tokens, by model, from manifests/prices.json.

A model without a price is refused before anything is sent. Costs are rounded up to the micro-dollar.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from codex.agents.messages import Usage
from codex.errors import DataError, UserError

MICRO = Decimal("0.000001")
_MILLION = Decimal(1_000_000)

#: Tokens that a provider may add to what was sent (its own instructions for the use of tools).
HIDDEN_INPUT_TOKENS = 2_000

_FIELDS = ("input", "output", "cache_write_5m", "cache_read")


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens."""

    model: str
    input: Decimal
    output: Decimal
    cache_write_5m: Decimal
    cache_read: Decimal

    def cost(self, usage: Usage) -> Decimal:
        """US dollars, rounded up to the micro-dollar."""
        total = (
            usage.input_tokens * self.input
            + usage.output_tokens * self.output
            + usage.cache_write_tokens * self.cache_write_5m
            + usage.cache_read_tokens * self.cache_read
        )
        return (total / _MILLION).quantize(MICRO, rounding=ROUND_CEILING)

    def worst_case(self, body: Mapping[str, Any], known: Usage | None = None, fresh: Any = None) -> Decimal:
        """The most that a request can cost: every byte a token, at the dearest input price, and all of max_tokens.

        A token is at least one byte of UTF-8, so this is a bound and not an estimate. When the turn before was metered
        (``known``), only what was added since (``fresh``) has to be bounded by its bytes.
        """
        bound = _bytes([body.get("tools"), body.get("system"), body["messages"]])
        if known is not None:
            bound = min(bound, known.total_input + known.output_tokens + _bytes(fresh))
        dearest = max(self.input, self.cache_write_5m)
        total = (bound + HIDDEN_INPUT_TOKENS) * dearest + int(body["max_tokens"]) * self.output
        return (total / _MILLION).quantize(MICRO, rounding=ROUND_CEILING)


def _bytes(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"))


@dataclass(frozen=True, slots=True)
class PriceList:
    """Prices by model name. ``source`` and ``as_of`` tell where and when they were read."""

    prices: Mapping[str, Price]
    source: str
    as_of: str

    def of(self, model: str) -> Price:
        """The price of a model; raises UserError when there is none."""
        if model not in self.prices:
            raise UserError(
                f"There is no price for model {model!r}, so its cost could not be kept within a budget.",
                remedy=f"Use one of {', '.join(sorted(self.prices))}, or add it to manifests/prices.json.",
            )
        return self.prices[model]


@cache
def builtin_prices() -> PriceList:
    """The prices shipped with the package."""
    return parse_prices(
        resources.files("manifests").joinpath("prices.json").read_text("utf-8"), "manifests/prices.json"
    )


def load_prices(override: Path | None = None) -> PriceList:
    """The shipped prices; those of the file ``override`` (a workspace's manifests/prices.json) go before them."""
    shipped = builtin_prices()
    if override is None or not override.exists():
        return shipped
    own = parse_prices(override.read_text("utf-8"), str(override))
    return PriceList({**shipped.prices, **own.prices}, own.source, own.as_of)


def parse_prices(text: str, where: str) -> PriceList:
    """Read a price file; raises DataError naming the file and the model."""
    try:
        document = json.loads(text)
        models = {name: _price(name, row) for name, row in document["models"].items()}
        return PriceList(models, str(document.get("source", "")), str(document.get("as_of", "")))
    except (ValueError, KeyError, TypeError, AttributeError, InvalidOperation) as exc:
        raise DataError(
            f"{where} is not a price list: {exc!r}.",
            remedy="Each model needs input, output, cache_write_5m and cache_read, in dollars per million tokens.",
        ) from exc


def _price(name: str, row: Mapping[str, Any]) -> Price:
    values = [Decimal(str(row[field])) for field in _FIELDS]
    if any(not value.is_finite() or value < 0 for value in values):
        raise ValueError(f"{name} has a price that is not a number from 0 up")
    return Price(name, *values)
