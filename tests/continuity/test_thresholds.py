"""Means, failures, and what a single unit lacks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codex.continuity.measure import UnitContinuity
from codex.continuity.thresholds import NO_UNITS, THRESHOLDS, aggregate, equivalents, failures, shortfalls, value

FINE = UnitContinuity(
    path="content/a.md",
    unit_id="01.01.01",
    word_count_total=1000,
    word_count_intermediate=400,
    word_count_master=400,
    word_count_corrected=2000,
    backward_refs=8,
    forward_promises=3,
    lateral_connections_master=3,
    synthesis_claims_intermediate=2,
    synthesis_claims_master=4,
    anchor_phrases_invoked=1,
)

UNITS = st.builds(
    replace,
    st.just(FINE),
    word_count_total=st.integers(0, 3000),
    word_count_corrected=st.integers(0, 3000),
    word_count_master=st.integers(0, 2),
    backward_refs=st.integers(0, 40),
    forward_promises=st.integers(0, 15),
    lateral_connections_master=st.integers(0, 5),
    synthesis_claims_master=st.integers(0, 6),
)


def test_a_unit_on_the_thresholds_lacks_nothing() -> None:
    assert shortfalls(FINE) == []
    assert failures(aggregate([FINE])) == []


def test_failure_texts_are_the_references() -> None:
    poor = replace(
        FINE,
        backward_refs=1,
        forward_promises=0,
        lateral_connections_master=1,
        synthesis_claims_intermediate=0,
        synthesis_claims_master=0,
        anchors_altered=("x",),
    )
    assert failures(aggregate([poor])) == [
        "backward_density: 1.00 < 8.0",
        "forward_density: 0.00 < 3.0",
        "lateral_per_master: 1.00 < 3",
        "synthesis_intermediate: 0.00 < 2",
        "synthesis_master: 0.00 < 4",
        "anchor_reuse: 0.00 < 0.95",
    ]


def test_no_units_is_one_failure() -> None:
    assert aggregate([]) == {}
    assert failures({}) == [NO_UNITS]
    assert equivalents([]) == []


def test_shortfalls_say_how_many_more() -> None:
    poor = replace(
        FINE,
        word_count_total=2400,
        backward_refs=30,
        forward_promises=5,
        lateral_connections_master=0,
        synthesis_claims_master=3,
        anchor_phrases_invoked=2,
        anchors_altered=("A phrase",),
    )
    assert shortfalls(poor) == [
        "2.0 forward promises per 1000 words, needs 3.0: 3 more",
        "0 bullets under `## Connections [Master]`, needs 3: 3 more",
        "3 synthesis claims in the Master tier, needs 4: 1 more",
        "1 of 2 anchor phrases word for word: letter case differs in “A phrase”",
    ]


def test_a_unit_without_a_tier_lacks_nothing_there() -> None:
    pack = replace(FINE, word_count_master=0, lateral_connections_master=0, synthesis_claims_master=0)
    assert shortfalls(pack) == []


@given(UNITS)
def test_what_a_unit_lacks_is_exactly_what_would_lift_it(unit: UnitContinuity) -> None:
    lacking = [t for t in THRESHOLDS if getattr(unit, t.tier) and value(unit, t) < t.minimum]
    assert len(shortfalls(unit)) == len(lacking)
    for threshold, text in zip(lacking, shortfalls(unit), strict=True):
        if threshold.field == "anchor_reuse_rate":
            continue
        more = int(text.rpartition(": ")[2].removesuffix(" more"))
        count = getattr(unit, threshold.count)
        assert value(replace(unit, **{threshold.count: count + more}), threshold) >= threshold.minimum
        assert value(replace(unit, **{threshold.count: count + more - 1}), threshold) < threshold.minimum


@given(st.lists(UNITS, min_size=1, max_size=12))
def test_no_other_threshold_on_corrected_words_agrees_better(units: list[UnitContinuity]) -> None:
    for found in equivalents(units):
        field = found.key.removesuffix("_avg")
        limit = next(t.minimum for t in THRESHOLDS if t.key == found.key)
        today = [getattr(u, field) >= limit for u in units]
        figures = [getattr(u, f"{field}_corrected") for u in units]

        def differing(cut: float, figures: list[float] = figures, today: list[bool] = today) -> int:
            return sum((f >= cut) != t for f, t in zip(figures, today, strict=True))

        cuts = [*figures, float("inf")]
        assert found.differing == min(differing(cut) for cut in cuts)
        assert found.differing == differing(float("inf") if found.minimum is None else found.minimum)
        assert found.passing == sum(today)


@pytest.mark.parametrize("threshold", THRESHOLDS, ids=lambda t: t.key)
def test_every_threshold_names_fields_that_exist(threshold: object) -> None:
    for field in ("field", "count", "tier"):
        assert hasattr(FINE, getattr(threshold, field))
