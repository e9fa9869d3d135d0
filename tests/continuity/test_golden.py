"""The figures of the published corpus, unit by unit and in the mean."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from codex.continuity.corpus import ContinuityReport, measure_corpus
from codex.snapshot import TreeSnapshot


@pytest.fixture(scope="module")
def golden(shared_corpus: Path) -> dict[str, Any]:
    return json.loads((shared_corpus / "golden-continuity.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def report(fasttrack: Path) -> ContinuityReport:
    return measure_corpus(TreeSnapshot(fasttrack))


def test_every_unit_agrees_in_every_field(report: ContinuityReport, golden: dict[str, Any]) -> None:
    assert len(report.units) == golden["units_measured"] == 953
    for unit, expected in zip(report.units, golden["units"], strict=True):
        found = {key: getattr(unit, key) for key in expected if key != "failures"}
        assert found == pytest.approx({k: v for k, v in expected.items() if k != "failures"}, abs=1e-6), unit.path
        assert unit.as_json()["failures"] == expected["failures"]


def test_means_and_failures_agree(report: ContinuityReport, golden: dict[str, Any]) -> None:
    assert report.aggregate == pytest.approx(golden["aggregate"], abs=1e-6)
    assert report.failures == golden["failures"]


def test_the_reference_loses_half_of_the_words(report: ContinuityReport) -> None:
    assert sum(u.word_count_corrected for u in report.units) > 2 * sum(u.word_count_total for u in report.units)
    assert report.aggregate_corrected["backward_density_avg"] < report.aggregate["backward_density_avg"] / 2


def test_equivalent_thresholds_count_what_they_say(report: ContinuityReport) -> None:
    for found in report.equivalents:
        field, limit = found.key.removesuffix("_avg"), report.thresholds[found.key]
        today = [getattr(u, field) >= limit for u in report.units]
        then = [getattr(u, f"{field}_corrected") >= (found.minimum or 0) for u in report.units]
        assert sum(today) == found.passing
        assert sum(a != b for a, b in zip(today, then, strict=True)) == found.differing < len(today) / 4
