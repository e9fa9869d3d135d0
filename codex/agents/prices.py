"""What a turn costs: Decimal prices per million tokens, by model, from manifests/prices.json.

A model without a price is refused before anything is sent. Costs are rounded up to the micro-dollar.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from codex.agents.lists import own_list, shipped_list
from codex.agents.usage import Usage
from codex.errors import DataError, UserError

MICRO = Decimal("0.000001")
_MILLION = Decimal(1_000_000)

#: Tokens that a provider may add to what was sent (its own instructions for the use of tools).
HIDDEN_INPUT_TOKENS = 2_000

_FIELDS = ("input", "output", "cache_write_5m", "cache_read")


@dataclass(frozen=True, slots=True)
class ToolPrice:
    """One use of a tool that the provider runs: US dollars, and the most tokens that its result is taken to add."""

    usd_each: Decimal
    tokens_each: int


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens. ``batch`` multiplies them in a Message Batch; ``tools`` are priced per use."""

    model: str
    input: Decimal
    output: Decimal
    cache_write_5m: Decimal
    cache_read: Decimal
    cache_write_1h: Decimal
    batch: Decimal = Decimal(1)
    tools: Mapping[str, ToolPrice] = field(default_factory=lambda: MappingProxyType({}))

    def cost(self, usage: Usage, *, batch: bool = False) -> Decimal:
        """US dollars, rounded up to the micro-dollar."""
        tokens = self.input_cost(usage) * _MILLION + usage.output_tokens * self.output
        searches = usage.web_searches * (self.tools["web_search"].usd_each if "web_search" in self.tools else 0)
        total = tokens * (self.batch if batch else 1) / _MILLION + searches
        return total.quantize(MICRO, rounding=ROUND_CEILING)

    def input_cost(self, usage: Usage) -> Decimal:
        """US dollars for what went in, cache reads and writes included, without rounding."""
        five_minutes = usage.cache_write_tokens - usage.cache_write_1h_tokens
        total = (
            usage.input_tokens * self.input
            + five_minutes * self.cache_write_5m
            + usage.cache_write_1h_tokens * self.cache_write_1h
            + usage.cache_read_tokens * self.cache_read
        )
        return total / _MILLION

    def worst_case(
        self, body: Mapping[str, Any], known: Usage | None = None, fresh: Any = None, *, batch: bool = False
    ) -> Decimal:
        """The most that a request can cost: every byte a token, at the dearest input price, and all of max_tokens.

        A token is at least one byte of UTF-8, so this is a bound and not an estimate. When the turn before was metered
        (``known``), only what was added since (``fresh``) has to be bounded by its bytes. Each use of a provider's tool
        has the whole request read again, with its result (``tokens_each``, a figure of the price list) added.
        """
        bound = _bytes([body.get("tools"), body.get("system"), body["messages"]])
        if known is not None:
            bound = min(bound, known.total_input + known.output_tokens + _bytes(fresh))
        uses = [(self.tools[name], n) for name, n in _server_uses(body) if name in self.tools]
        tokens, read = bound + HIDDEN_INPUT_TOKENS, bound + HIDDEN_INPUT_TOKENS
        for tool, count in uses:
            for _ in range(count):
                read += tool.tokens_each
                tokens += read
        dearest = max(self.input, self.cache_write_1h if '"1h"' in json.dumps(body) else self.cache_write_5m)
        total = (tokens * dearest + int(body["max_tokens"]) * self.output) * (self.batch if batch else 1)
        paid_each = sum((tool.usd_each * count for tool, count in uses), Decimal(0))
        return (total / _MILLION + paid_each).quantize(MICRO, rounding=ROUND_CEILING)


def _server_uses(body: Mapping[str, Any]) -> list[tuple[str, int]]:
    """The provider's tools in a request and how often each may be used."""
    tools = [tool for tool in body.get("tools") or () if "max_uses" in tool]
    return [(str(tool["name"]), int(tool["max_uses"])) for tool in tools]


def _bytes(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"))


@dataclass(frozen=True, slots=True)
class PriceList:
    """Prices by model name. ``source`` and ``as_of`` tell where and when they were read."""

    prices: Mapping[str, Price]
    source: str
    as_of: str
    batch: Decimal = Decimal(1)
    tools: Mapping[str, ToolPrice] = field(default_factory=lambda: MappingProxyType({}))

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
    return parse_prices(*shipped_list("prices.json"))


def load_prices(override: Path | None = None) -> PriceList:
    """The shipped prices; those of the file ``override`` (a workspace's manifests/prices.json) go before them."""
    shipped, found = builtin_prices(), own_list(override)
    if found is None:
        return shipped
    own = parse_prices(*found, shipped)
    return replace(own, prices={**shipped.prices, **own.prices})


def parse_prices(text: str, where: str, base: PriceList | None = None) -> PriceList:
    """Read a price file; raises DataError naming the file and the model.

    What a file does not say of batches and tools is taken from ``base``; without one, batches have no discount.
    """
    base = base or PriceList({}, "", "")
    try:
        document = json.loads(text)
        batch = _amount(document.get("batch_multiplier", base.batch))
        tools = dict(base.tools) | {
            name: ToolPrice(_amount(row["usd_each"]), int(row["tokens_each"]))
            for name, row in document.get("server_tools", {}).items()
        }
        models = {name: _price(name, row, batch, tools) for name, row in document["models"].items()}
        source, as_of = str(document.get("source", "")), str(document.get("as_of", ""))
        return PriceList(models, source, as_of, batch, tools)
    except (ValueError, KeyError, TypeError, AttributeError, InvalidOperation) as exc:
        raise DataError(
            f"{where} is not a price list: {exc!r}.",
            remedy="Each model needs input, output, cache_write_5m and cache_read, in dollars per million tokens.",
        ) from exc


def _price(model: str, row: Mapping[str, Any], batch: Decimal, tools: Mapping[str, ToolPrice]) -> Price:
    fresh, out, write, read = (_amount(row[name]) for name in _FIELDS)
    an_hour = _amount(row.get("cache_write_1h", 2 * fresh))
    return Price(model, fresh, out, write, read, an_hour, batch, tools)


def _amount(value: Any) -> Decimal:
    amount = Decimal(str(value))
    if not amount.is_finite() or amount < 0:
        raise ValueError(f"{value} is not an amount from 0 up")
    return amount
