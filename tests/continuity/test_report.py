"""The report for people and the trend against an earlier one."""

from __future__ import annotations

from dataclasses import replace

from codex.continuity.corpus import ContinuityReport
from codex.continuity.report import report_lines, report_markdown, reported_aggregate, weakest
from codex.continuity.thresholds import THRESHOLDS
from codex.continuity.throughline import Beat, FlowThroughline

from .test_thresholds import FINE

UNITS = tuple(
    replace(FINE, path=f"content/{n:02}.md", backward_refs=8 + n % 7, forward_promises=n % 5) for n in range(15)
)
FLOW = FlowThroughline("flows/a.md", "a", (Beat(1, "said", True), Beat(2, "not said", False)))


def test_the_weakest_come_first_and_equal_ones_in_path_order() -> None:
    found = [unit.path for unit in weakest(UNITS, THRESHOLDS[0], 4)]
    assert found == ["content/00.md", "content/07.md", "content/14.md", "content/01.md"]
    assert weakest([replace(FINE, word_count_master=0)], THRESHOLDS[2]) == []


def test_the_report_names_means_thresholds_weakest_and_what_is_missing() -> None:
    text = report_markdown(ContinuityReport(UNITS, (FLOW,)))
    assert "15 units, 1 teaching flow." in text
    assert "- Below its threshold: forward_density: 2.00 < 3.0" in text
    assert "| `forward_density_avg` | 2.0000 | – | 3.0 | 1.0000 |" in text
    assert "- 0.00 · content/00.md: 0.0 forward promises per 1000 words, needs 3.0: 3 more" in text
    assert "- flows/a.md: 1 of 2 beats\n  - after step 2, missing: not said" in text
    assert text.count("\n## Weakest by") == len(THRESHOLDS)
    assert text.endswith("\n") and not text.endswith("\n\n")


def test_the_trend_is_the_difference_to_the_figures_of_the_earlier_report() -> None:
    before = report_markdown(ContinuityReport(UNITS))
    assert reported_aggregate(before)["forward_density_avg"] == 2.0
    better = ContinuityReport(tuple(replace(u, forward_promises=u.forward_promises + 1) for u in UNITS))
    after = report_markdown(better, previous=before)
    assert "| `forward_density_avg` | 3.0000 | +1.0000 | 3.0 |" in after
    assert "| `backward_density_avg` | 10.8000 | +0.0000 | 8.0 |" in after


def test_the_same_corpus_gives_the_same_bytes() -> None:
    assert report_markdown(ContinuityReport(UNITS)) == report_markdown(ContinuityReport(UNITS))


def test_a_corpus_without_units_can_be_reported() -> None:
    empty = ContinuityReport(())
    assert "- Below its threshold: No units found." in report_markdown(empty)
    assert list(report_lines(empty, each_unit=False))[-1] == "below its threshold: No units found."
    assert empty.as_json()["aggregate"] == {}


def test_too_many_references_are_a_warning_and_no_failure() -> None:
    report = ContinuityReport((replace(FINE, backward_refs=26),))
    assert report.warnings == ["XK001 backward_density: 13.00 > 12.0"], "on the corrected count, of 2,000 words"
    assert ContinuityReport((replace(FINE, backward_refs=24),)).warnings == []
    assert report.failures == []


def test_the_terminal_lists_each_unit_on_request() -> None:
    lines = list(report_lines(ContinuityReport(UNITS), each_unit=True))
    assert sum(line.startswith("content/") for line in lines) == len(UNITS)
    assert sum(line.startswith("content/") for line in report_lines(ContinuityReport(UNITS), each_unit=False)) == 10
