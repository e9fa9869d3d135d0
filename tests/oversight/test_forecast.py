"""The estimate, on histories made for it: what it tells, with what range, and what it refuses to tell."""

from __future__ import annotations

import statistics
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codex.campaign.costs import Cost
from codex.oversight.forecast import ENOUGH, Pace, Took, forecast, history, pace, quartiles
from tests.oversight.helpers import NOW

P4, P5 = "P4_production", "P5_verification"


def call(
    item: str, tokens: int, *, usd: str = "1", hours: float = 0, name: str = P4, backend: str = "anthropic"
) -> Cost:
    at = (NOW + timedelta(hours=hours)).isoformat()
    return Cost.model_validate(
        {"timestamp": at, "book": "b", "pass": name, "unit": item, "backend": backend, "input_tokens": tokens,
         "cost_usd": Decimal(usd)}
    )  # fmt: skip


def test_no_history_no_estimate() -> None:
    found = forecast({}, {P4: 12, P5: 0}, Pace())
    assert (found.tokens, found.usd, found.sessions, found.days) == (None, None, None, None)
    assert found.missing == (P4,)


def test_nothing_left_needs_nothing() -> None:
    found = forecast({P4: [Took(10, 1.0)] * 5}, {P4: 0}, Pace((10,), (10,)))
    assert found.tokens is None
    assert found.missing == ()


def test_items_that_all_took_the_same_leave_no_doubt() -> None:
    found = forecast({P4: [Took(1000, 2.0)] * 5}, {P4: 7}, Pace((500,) * 4, (2000,) * 4))
    for told, value in ((found.tokens, 7000), (found.usd, 14), (found.sessions, 14), (found.days, 3.5)):
        assert told is not None
        assert (told.low, told.middle, told.high) == pytest.approx((value, value, value))


def test_a_pass_without_history_is_named_and_never_guessed_from_another() -> None:
    alone = forecast({P4: [Took(1000, 2.0)] * 5}, {P4: 7}, Pace())
    found = forecast({P4: [Took(1000, 2.0)] * 5}, {P4: 7, P5: 90}, Pace())
    assert found.missing == (P5,)
    assert found.tokens == alone.tokens


def test_a_history_that_varies_gives_a_range_around_the_mean_of_it() -> None:
    took = [Took(tokens, tokens / 1000) for tokens in (200, 400, 600, 800, 3000)]
    found = forecast({P4: took}, {P4: 100}, Pace())
    assert found.tokens
    assert found.tokens.low is not None and found.tokens.high is not None
    assert found.tokens.low < found.tokens.middle < found.tokens.high
    # A hundred items take a hundred times the mean (1000), not the median (600), of those that were finished.
    assert found.tokens.low < 100_000 < found.tokens.high
    assert found.tokens.middle == pytest.approx(100_000, rel=0.2)


def test_more_history_narrows_the_range() -> None:
    few, many = [200, 600, 1800], [200, 600, 1800] * 20
    short, long = (forecast({P4: [Took(t, 1.0) for t in each]}, {P4: 50}, Pace()).tokens for each in (few, many))
    assert short and long and short.low is not None and short.high is not None
    assert long.low is not None and long.high is not None
    assert long.high - long.low < (short.high - short.low) / 2


@pytest.mark.parametrize("items", [1, 2])
def test_too_short_a_history_has_no_range(items: int) -> None:
    found = forecast({P4: [Took(1000, 1.0)] * items}, {P4: 3}, Pace((100,) * 9, (100,) * 9))
    for told in (found.tokens, found.usd, found.sessions, found.days):
        assert told is not None
        assert (told.low, told.high) == (None, None)


def test_two_days_of_history_tell_no_range_of_days() -> None:
    found = forecast({P4: [Took(1000, 1.0)] * ENOUGH}, {P4: 4}, Pace((500,) * ENOUGH, (1000, 3000)))
    assert found.sessions and found.sessions.low is not None
    assert found.days and found.days.low is None
    assert found.days.middle == pytest.approx(2.0, rel=0.4)


def test_the_same_history_gives_the_same_figures() -> None:
    took = {P4: [Took(n * n, n / 3) for n in range(1, 30)]}
    assert forecast(took, {P4: 9}, Pace((5, 6), (7,))) == forecast(took, {P4: 9}, Pace((5, 6), (7,)))


@given(
    st.dictionaries(
        st.sampled_from([P4, P5, "P1_audit"]),
        st.lists(st.builds(Took, st.integers(0, 10**9), st.floats(0, 1e4)), max_size=6),
    ),
    st.dictionaries(st.sampled_from([P4, P5, "P1_audit"]), st.integers(0, 500)),
    st.lists(st.integers(0, 10**9), max_size=5),
)
def test_any_history_is_estimated_within_its_own_bounds(
    took: dict[str, list[Took]], left: dict[str, int], past: list[int]
) -> None:
    found = forecast(took, left, Pace(tuple(past), tuple(past)))
    known = {name: number for name, number in left.items() if number and took.get(name)}
    assert set(found.missing) == {name for name, number in left.items() if number} - set(known)
    assert (found.tokens is None) == (not known)
    if found.tokens:
        least = sum(number * min(t.tokens for t in took[name]) for name, number in known.items())
        most = sum(number * max(t.tokens for t in took[name]) for name, number in known.items())
        assert least * (1 - 1e-9) <= found.tokens.middle <= most * (1 + 1e-9)
        assert (found.days is None) == (not any(past))


def test_only_finished_items_count_with_every_attempt_at_them() -> None:
    calls = [call("u1", 100), call("u2", 70), call("u1", 50, usd="0.5"), call("u3", 5, name=P5)]
    found = history(calls, frozenset({(P4, "b", "u1"), (P5, "b", "u3")}))
    assert found == {P4: [Took(150, 1.5)], P5: [Took(5, 1.0)]}


def test_a_session_ends_with_an_hour_without_a_call_and_idle_days_count() -> None:
    calls = [call("u", 1, hours=h) for h in (0, 0.9, 1.8, 3.0, 72)] + [call("u", 99, hours=5, backend="replay")]
    found = pace(calls)
    assert found.sessions == (3, 1, 1)
    assert found.days == (4, 0, 0, 1)


def test_replayed_calls_have_no_pace() -> None:
    assert pace([call("u", 5, backend="replay")]) == Pace()


@given(st.lists(st.integers(0, 10**9), min_size=2))
def test_quartiles_are_in_order_and_hold_the_median(values: list[int]) -> None:
    found = quartiles(values)
    assert found is not None
    low, middle, high = found
    assert min(values) <= low <= middle <= high <= max(values)
    assert middle == pytest.approx(statistics.median(values))
