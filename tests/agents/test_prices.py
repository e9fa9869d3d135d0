"""Prices: exact, never guessed, and a worst case that is one."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codex.agents.prices import builtin_prices, load_prices, parse_prices
from codex.agents.usage import Usage, estimated_usage
from codex.errors import DataError, UserError

from .helpers import a_request, submit

counts = st.integers(0, 2_000_000)


def test_a_turn_costs_what_the_price_page_says() -> None:
    price = builtin_prices().of("claude-opus-4-8")
    assert price.cost(Usage(1_000_000, 1_000_000)) == Decimal(30)
    assert price.cost(Usage(0, 0, cache_read_tokens=1_000_000, cache_write_tokens=1_000_000)) == Decimal("6.75")


def test_costs_are_rounded_up_to_the_micro_dollar() -> None:
    assert builtin_prices().of("claude-haiku-4-5").cost(Usage(cache_read_tokens=1)) == Decimal("0.000001")


@given(counts, counts, counts, counts)
def test_costs_are_never_below_the_exact_figure_and_less_than_a_micro_dollar_above(
    a: int, b: int, c: int, d: int
) -> None:
    price = builtin_prices().of("claude-fable-5-1")
    exact = (a * price.input + b * price.output + c * price.cache_read + d * price.cache_write_5m) / Decimal(1_000_000)
    assert Decimal(0) <= price.cost(Usage(a, b, c, d)) - exact < Decimal("0.000001")


@given(st.text(max_size=300), st.integers(1, 64_000))
def test_the_worst_case_bounds_any_count_of_tokens(prompt: str, output: int) -> None:
    price = builtin_prices().of("claude-opus-4-8")
    body = {**a_request().body, "max_tokens": output, "messages": [{"role": "user", "content": prompt}]}
    tokens = len(prompt.encode("utf-8", "surrogatepass"))  # no tokenizer makes more of it
    assert price.worst_case(body) >= price.cost(Usage(cache_write_tokens=tokens, output_tokens=output))


def test_a_metered_turn_tightens_the_bound_of_the_next() -> None:
    price = builtin_prices().of("claude-opus-4-8")
    body = {**a_request().body, "system": [{"type": "text", "text": "words " * 10_000}]}
    assert price.worst_case(body, Usage(15_000, 200), [{"role": "user"}]) < price.worst_case(body) / 2
    assert price.worst_case(body, Usage(10**9), []) == price.worst_case(body)


def test_an_estimated_turn_stays_below_its_worst_case() -> None:
    body = a_request().body
    price = builtin_prices().of("claude-haiku-4-5")
    assert price.cost(Usage.of(estimated_usage(body, [submit()]))) < price.worst_case(body)


def test_a_model_without_a_price_is_refused_with_the_ones_that_have_one() -> None:
    with pytest.raises(UserError, match=r"no price for model 'gpt'.*claude-opus-4-8"):
        builtin_prices().of("gpt")


def test_a_workspace_may_have_prices_of_its_own(tmp_path: Path) -> None:
    own = tmp_path / "prices.json"
    row = {"input": "1.5", "output": 2, "cache_write_5m": "1", "cache_read": "0"}
    own.write_text(json.dumps({"models": {"in-house": row}}))
    prices = load_prices(own)
    assert prices.of("in-house").input == Decimal("1.5")
    assert prices.of("claude-opus-4-8") == builtin_prices().of("claude-opus-4-8")
    assert load_prices(tmp_path / "absent.json") is builtin_prices()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"models": 4}',
        '{"models": {"a": {}}}',
        '{"models": {"a": {"input": "x", "output": 1, "cache_write_5m": 1, "cache_read": 1}}}',
        '{"models": {"a": {"input": -1, "output": 1, "cache_write_5m": 1, "cache_read": 1}}}',
        '{"models": {"a": {"input": "NaN", "output": 1, "cache_write_5m": 1, "cache_read": 1}}}',
    ],
)
def test_what_is_no_price_list_is_refused_by_name(text: str) -> None:
    with pytest.raises(DataError, match=r"own\.json is not a price list"):
        parse_prices(text, "own.json")


def test_the_shipped_list_says_where_and_when_it_was_read() -> None:
    prices = builtin_prices()
    assert prices.source.startswith("https://")
    assert len(prices.as_of) == 10
