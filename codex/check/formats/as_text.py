"""The report for people: file by file, then counted by rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from codex.check.faults import FAULTS
from codex.check.result import CheckReport, CheckResult, UnitResult
from codex.check.rule import SHOWN_PLACES

_WORDS = {"fail": "fails", "not_judged": "not judged"}


def report_text(report: CheckReport, total: CheckReport | None = None) -> str:
    """Every shortfall with place, code, what is wrong and what would pass; then counts; one closing line.

    ``total`` is the report that the closing line sums up, where the one shown is a part of it.
    """
    shown = [result for result in (*report.results, *report.workspace) if result.error or result.failures]
    blocks = ["\n".join(_unit_lines(result)) for result in shown]
    counts = list(_count_lines(shown))
    return "\n\n".join(filter(None, [*blocks, "\n".join(counts), closing_line(total or report)])) + "\n"


def closing_line(report: CheckReport) -> str:
    parts = [f"{report.count('passing')} pass", f"{report.count('failing')} fail"]
    if unseen := report.count("not_judged"):
        parts.append(f"{unseen} not judged")
    units = len(report.results)
    noun = "unit" if units == 1 else "units"
    return f"{units} {noun}: {', '.join(parts)}; {report.checks_passed} of {report.checks_total} checks passed."


def _unit_lines(result: UnitResult) -> Iterator[str]:
    passed = sum(check.passed for check in result.checks)
    yield f"{result.path}  {passed}/{len(result.checks)}"
    if result.error:
        yield f"  {result.path}:{result.error.line}: {result.error.code} {result.error.sentence}"
        yield f"      → {FAULTS[result.error.code].hint}"
    for check in result.failures:
        yield from _check_lines(result.path, check)


def _check_lines(path: str, check: CheckResult) -> Iterator[str]:
    warning = " (warning)" if check.severity == "warning" and check.verdict == "fail" else ""
    mark = " (not judged)" if check.verdict == "not_judged" else warning
    yield f"  {path}:{check.line or 1}: {check.code} {check.name}{mark}"
    for place in check.places[:SHOWN_PLACES]:
        yield f"      line {place.line}: {place.detail}" if place.line else f"      {place.detail}"
    if len(check.places) > SHOWN_PLACES:
        yield f"      … and {len(check.places) - SHOWN_PLACES} more"
    if check.hint and check.verdict == "fail":
        yield f"      → {check.hint}"


def _count_lines(results: list[UnitResult]) -> Iterator[str]:
    """By rule, most frequent first; nothing for a single unit, where the list says it all."""
    if len(results) < 2:
        return
    counts = Counter((check.code, check.name, _WORDS[check.verdict]) for r in results for check in r.failures)
    counts.update((r.error.code, "cannot be read", "fails") for r in results if r.error)
    for (code, name, word), number in counts.most_common():
        yield f"{number:6}  {code} {word}: {name}"
