"""The continuity report for people: manifests/continuity_report.md and the lines that the command prints."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from codex.continuity.corpus import ContinuityReport
from codex.continuity.measure import UnitContinuity
from codex.continuity.thresholds import Threshold, shortfalls, value
from codex.continuity.throughline import THROUGHLINE_KEY, THROUGHLINE_MINIMUM
from codex.corpus.markdown import table_lines

PATH = "manifests/continuity_report.md"
WEAKEST = 10

#: The third column of the table of means.
_CHANGE = re.compile(r"(?<=\d) \| (?:–|[+-]\d+\.\d+)(?= \| )")
_ROW = re.compile(r"^\| `(\w+_avg)` \| (-?\d+\.\d+) \|", re.MULTILINE)


def weakest(units: Sequence[UnitContinuity], threshold: Threshold, number: int = WEAKEST) -> list[UnitContinuity]:
    """The units with the lowest figure, lowest first, equal ones in path order; units without the tier are left out."""
    return sorted((u for u in units if getattr(u, threshold.tier)), key=lambda u: value(u, threshold))[:number]


def reported_aggregate(markdown: str) -> dict[str, float]:
    """The means that an earlier report gives (to four decimals): what a trend is measured against."""
    return {key: float(figure) for key, figure in _ROW.findall(markdown)}


def same_but_for_trend(one: str, other: str) -> bool:
    """True when two reports differ in the changes since an earlier one at most: the later one would say nothing new."""
    return _CHANGE.sub("", one) == _CHANGE.sub("", other)


def report_markdown(report: ContinuityReport, previous: str = "") -> str:
    """The whole report: means, thresholds, the weakest units by each metric and what each lacks.

    ``previous`` is the text of the last committed report, for the trend. The report holds no clock and no commit: the
    same corpus gives the same bytes.
    """
    blocks = [
        "# Continuity report",
        (
            f"{_counted(len(report.units), 'unit')}, {_counted(len(report.flows), 'teaching flow')}. "
            "Densities are occurrences per 1,000 words."
        ),
        _verdict(report),
        _aggregates(report, reported_aggregate(previous)),
        *_equivalent_thresholds(report),
        *_throughlines(report),
        *(_weakest_block(report, threshold) for threshold in report.chosen if report.units),
    ]
    return "\n\n".join(blocks) + "\n"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _verdict(report: ContinuityReport) -> str:
    lines = [f"- Below its threshold: {text}" for text in report.failures]
    lines += [f"- Warning: {text}" for text in report.warnings]
    return "\n".join(lines) or "All metrics reach their thresholds."


def _aggregates(report: ContinuityReport, before: dict[str, float]) -> str:
    rows = []
    for key, mean in report.aggregate.items():
        change = f"{mean - before[key]:+.4f}" if key in before else "–"
        corrected = report.aggregate_corrected.get(key)
        shown = "–" if corrected is None else f"{corrected:.4f}"
        rows.append((f"`{key}`", f"{mean:.4f}", change, f"{report.thresholds[key]}{_basis(report, key)}", shown))
    heads = ("metric", "mean", "change", "threshold", "on corrected words")
    return "\n".join(["## Means and thresholds", "", *table_lines(heads, rows)])


def _basis(report: ContinuityReport, key: str) -> str:
    """What a threshold is held against, where that is not the mean beside it."""
    corrected = any(t.key == key and t.field.endswith("_corrected") for t in report.chosen)
    return " (on corrected words)" if corrected else ""


def _equivalent_thresholds(report: ContinuityReport) -> Iterator[str]:
    """What the thresholds would have to be on the corrected word count for the same units to pass."""
    if not report.equivalents:
        return
    said = [
        "## The same thresholds on corrected words",
        "",
        "The metric's word count leaves out the prose between display formulas and after the `<` of an inequality;",
        "the corrected count has it. On that count these thresholds judge the units most nearly as today's do.",
        "",
    ]
    rows = []
    for found in report.equivalents:
        minimum = "none" if found.minimum is None else f"{found.minimum:.2f}"
        rows.append((found.key.removesuffix("_avg"), minimum, str(found.passing), str(found.differing)))
    heads = ("metric", "threshold on corrected words", "units passing today", "units judged otherwise")
    yield "\n".join([*said, *table_lines(heads, rows)])


def _throughlines(report: ContinuityReport) -> Iterator[str]:
    """Flows with beats that no bridge says."""
    missing = [flow for flow in report.flows if flow.coverage < THROUGHLINE_MINIMUM]
    if not missing:
        return
    rows = [f"## Flows below `{THROUGHLINE_KEY}`", ""]
    for flow in missing:
        rows.append(f"- {flow.path}: {flow.problem or f'{flow.hits} of {len(flow.beats)} beats'}")
        rows += [f"  - after step {beat.after_step}, missing: {beat.claim}" for beat in flow.beats if not beat.hit]
    yield "\n".join(rows)


def _weakest_block(report: ContinuityReport, threshold: Threshold) -> str:
    rows = [f"## Weakest by `{threshold.field}`", ""]
    found = weakest(report.units, threshold)
    for unit in found:
        lacks = "; ".join(shortfalls(unit, report.chosen)) or "lacks nothing"
        rows.append(f"- {value(unit, threshold):.2f} · {unit.path}: {lacks}")
    return "\n".join(rows if found else [*rows, "No unit has this tier."])


def report_lines(report: ContinuityReport, *, each_unit: bool) -> Iterator[str]:
    """The report for a terminal; ``each_unit`` lists every unit with what it lacks instead of the weakest ones."""
    yield f"{_counted(len(report.units), 'unit')}, {_counted(len(report.flows), 'teaching flow')}"
    if report.aggregate:
        yield f"{'metric':<22}{'mean':>9}{'needs':>8}{'on corrected words':>21}"
    for key, mean in report.aggregate.items():
        corrected = report.aggregate_corrected.get(key)
        shown = "" if corrected is None or corrected == mean else f"{corrected:.2f}"
        mark = "" if report.judged[key] >= report.thresholds[key] else "  below"
        yield f"{key.removesuffix('_avg'):<22}{mean:>9.2f}{report.thresholds[key]:>8}{shown:>21}{mark}"
    back, forward = report.chosen[:2]
    listed = report.units if each_unit else weakest(report.units, back)
    if listed and not each_unit:
        yield f"weakest by {back.field}:"
    for unit in listed:
        yield f"{unit.path}  {value(unit, back):.2f} back, {value(unit, forward):.2f} forward"
        yield from (f"    {lack}" for lack in shortfalls(unit, report.chosen))
    yield from (f"warning: {text}" for text in report.warnings)
    yield from (f"below its threshold: {text}" for text in report.failures)
