"""Means that were brought along are the means that the units have: exactly, whatever came before."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from codex.continuity.anchors import AnchorPhrases
from codex.continuity.thresholds import THRESHOLDS
from codex.integration.steps.continuity import CorpusFigures

FIGURES = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12)
ROWS = st.tuples(*[FIGURES] * len(THRESHOLDS))
CHANGES = st.lists(
    st.tuples(st.dictionaries(st.sampled_from("abcd"), ROWS, max_size=4), st.lists(st.sampled_from("abcd"))), max_size=5
)


@given(CHANGES)
def test_means_after_changes(changes: list[tuple[dict[str, tuple[float, ...]], list[str]]]) -> None:
    figures, rows = CorpusFigures(AnchorPhrases()), dict[str, tuple[float, ...]]()
    for new, gone in changes:
        figures = figures.with_rows(new, gone)
        rows = {path: row for path, row in rows.items() if path not in gone} | new
        columns = zip(*rows.values(), strict=True)
        means = [math.fsum(column) / len(rows) for column in columns]
        assert figures.rows == rows
        assert figures.means == dict(zip([t.key for t in THRESHOLDS], means, strict=False))
