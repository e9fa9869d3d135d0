"""The JSON document that scripts rely on (``codexctl check --format json``)."""

from __future__ import annotations

from typing import Any

from codex.check.faults import FAULTS
from codex.check.result import CheckReport, CheckResult, UnitResult


def report_document(report: CheckReport) -> dict[str, Any]:
    """Counts and one object a unit; ``workspace`` appears when files that are no units were checked."""
    document: dict[str, Any] = {
        "units": len(report.results),
        "units_passing": report.count("passing"),
        "units_failing": report.count("failing"),
        "units_not_judged": report.count("not_judged"),
        "checks_passed": report.checks_passed,
        "checks_total": report.checks_total,
        "results": [unit_document(result) for result in report.results],
    }
    if report.workspace:
        document["workspace"] = [unit_document(result) for result in report.workspace]
    return document


def unit_document(result: UnitResult) -> dict[str, Any]:
    document: dict[str, Any] = {
        "path": _clean(result.path),
        "id": _clean(result.id),
        "passed": result.passed,
        "state": result.state,
        "error": None,
        "checks": [_check_document(check) for check in result.checks],
    }
    if result.error:
        document["error"] = _clean(f"{result.error.code}: {result.error.sentence}")
        error = result.error
        document |= {"error_code": error.code, "error_line": error.line, "error_hint": FAULTS[error.code].hint}
    return document


def _check_document(check: CheckResult) -> dict[str, Any]:
    document: dict[str, Any] = {
        "code": check.code,
        "name": check.name,
        "level": check.level,
        "severity": check.severity,
        "verdict": check.verdict,
        "passed": check.passed,
        "detail": _clean(check.detail),
        "line": check.line,
        "hint": check.hint,
    }
    if len(check.places) > 1:
        document["places"] = [{"line": place.line, "detail": _clean(place.detail)} for place in check.places]
    return document


def _clean(text: str) -> str:
    """Without lone surrogates, which front matter may smuggle in and no encoder takes."""
    return text.encode("utf-8", "replace").decode("utf-8")
