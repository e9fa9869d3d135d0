"""SARIF 2.1.0, the exchange format of static analysis tools."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from codex import __version__
from codex.check.registry import RULE_BY_CODE
from codex.check.result import CheckReport, CheckResult
from codex.check.rule import Rule

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def report_sarif(report: CheckReport) -> dict[str, Any]:
    """One run; a result for each shortfall. Not-judged ones have kind ``review`` and level ``none``."""
    results, used = [], set()
    for unit in (*report.results, *report.workspace):
        if unit.error:
            used.add(unit.error.code)
            results.append(_result(unit.error.code, "error", "fail", unit.error.sentence, unit.path, unit.error.line))
        for check in unit.failures:
            used.add(check.code)
            text = f"{check.name}: {check.detail}"
            results.append(_result(check.code, *_level(check), text, unit.path, check.line or 1))
    rules = [_rule(RULE_BY_CODE[code]) if code in RULE_BY_CODE else {"id": code} for code in sorted(used)]
    driver = {"name": "codexctl check", "version": __version__, "rules": rules}
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


def _level(check: CheckResult) -> tuple[str, str]:
    return ("none", "review") if check.verdict == "not_judged" else (check.severity, "fail")


def _rule(rule: Rule) -> dict[str, Any]:
    return {"id": rule.code, "shortDescription": {"text": rule.name}, "fullDescription": {"text": rule.why}}


def _result(code: str, level: str, kind: str, text: str, path: str, line: int) -> dict[str, Any]:
    place = {"artifactLocation": {"uri": quote(path, errors="replace")}, "region": {"startLine": line}}
    return {
        "ruleId": code,
        "level": level,
        "kind": kind,
        "message": {"text": text.encode("utf-8", "replace").decode("utf-8")},
        "locations": [{"physicalLocation": place}],
    }
