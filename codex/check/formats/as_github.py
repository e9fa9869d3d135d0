"""Workflow commands that GitHub turns into annotations on the changed lines."""

from __future__ import annotations

from codex.check.result import CheckReport, CheckResult

_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = _DATA | str.maketrans({":": "%3A", ",": "%2C"})


def report_github(report: CheckReport) -> str:
    """One line a shortfall; not-judged ones are notices."""
    lines = []
    for result in (*report.results, *report.workspace):
        if result.error:
            lines.append(_line("error", result.path, result.error.line, result.error.code, result.error.sentence))
        for check in result.failures:
            message = f"{check.name}: {check.detail}" + (f" → {check.hint}" if check.hint else "")
            lines.append(_line(_kind(check), result.path, check.line or 1, check.code, message))
    return "".join(line + "\n" for line in lines)


def _kind(check: CheckResult) -> str:
    return "notice" if check.verdict == "not_judged" else check.severity


def _line(kind: str, path: str, line: int, title: str, message: str) -> str:
    return f"::{kind} file={path.translate(_PROPERTY)},line={line},title={title}::{message.translate(_DATA)}"
