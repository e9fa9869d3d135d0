"""Level core against the golden verdicts of the published corpus: name, order and pass or fail of every check."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from codex.cache.store import Store
from codex.check import CheckReport, UnitResult, check_corpus, runner
from codex.snapshot import TreeSnapshot


@pytest.fixture(scope="module")
def golden(shared_corpus: Path) -> list[dict[str, Any]]:
    with gzip.open(shared_corpus / "golden-verdicts.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache") / "results.sqlite3"


@pytest.fixture(scope="module")
def report(fasttrack: Path, cache: Path) -> CheckReport:
    return check_corpus(TreeSnapshot(fasttrack), store=Store(cache))


@pytest.fixture(scope="module")
def mutants(fasttrack: Path) -> list[dict[str, Any]]:
    lines = (fasttrack / "mutants" / "mutants.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def mutant_results(
    fasttrack: Path, mutants: list[dict[str, Any]], cache: Path, report: CheckReport
) -> dict[str, UnitResult]:
    """Judged with what ``report`` has learnt of the corpus."""
    found = check_corpus(TreeSnapshot(fasttrack), [m["path"] for m in mutants], level="full", store=Store(cache))
    return {result.path: result for result in found.results}


def core(result: UnitResult) -> list[tuple[str, bool]]:
    return [(check.name, check.passed) for check in result.checks if check.level == "core"]


def wanted(checks: list[dict[str, Any]]) -> list[tuple[str, bool]]:
    return [(check["name"], check["passed"]) for check in checks]


def test_every_unit_agrees(golden: list[dict[str, Any]], report: CheckReport) -> None:
    assert [result.path for result in report.results] == [unit["path"] for unit in golden]
    differing = [r.path for r, unit in zip(report.results, golden, strict=True) if core(r) != wanted(unit["checks"])]
    assert differing == []
    assert all(result.error is None for result in report.results)
    assert len(report.results) == 953


def test_not_judged_only_for_the_missing_archive(report: CheckReport) -> None:
    checks = [check for result in report.results for check in result.checks if check.level == "core"]
    unseen = Counter(check.code for check in checks if check.verdict == "not_judged")
    failed = Counter(check.code for check in checks if check.verdict == "fail")
    assert (unseen, failed) == ({"RF002": 158}, {"PR001": 50})


def test_the_second_run_says_the_same_from_the_cache(
    fasttrack: Path, cache: Path, report: CheckReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "judge", lambda unit, *_, **__: pytest.fail(f"{unit.path} is judged again"))
    assert check_corpus(TreeSnapshot(fasttrack), store=Store(cache)) == report


def test_every_mutant_agrees(mutants: list[dict[str, Any]], mutant_results: dict[str, UnitResult]) -> None:
    assert len(mutants) == 120
    for mutant in mutants:
        result = mutant_results[mutant["path"]]
        if mutant["outcome"] == "error":
            assert result.error is not None
            assert (result.error.code, result.passed) == (mutant["rule"], False)
        else:
            assert result.error is None
            assert core(result) == wanted(mutant["checks"]), mutant["note"]


def test_mutants_of_the_stricter_rules_are_found(
    mutants: list[dict[str, Any]], mutant_results: dict[str, UnitResult]
) -> None:
    aimed = [mutant for mutant in mutants if mutant["rule"].startswith("X")]
    assert len(aimed) == 17
    for mutant in aimed:
        codes = {check.code for check in mutant_results[mutant["path"]].failures}
        assert mutant["rule"] in codes, mutant["note"]


@pytest.mark.soak
def test_figures_of_the_rubric(fasttrack: Path) -> None:
    """Part 2 says how many units of the corpus some conditions concern; so many are found."""
    report = check_corpus(TreeSnapshot(fasttrack), level="full")
    checks = [(r, check) for r in report.results for check in r.failures]
    assert sum(check.code == "XE001" for _, check in checks) == 45
    assert sum(check.code == "XC001" for _, check in checks) == 8
    assert sum(check.code == "XI001" for _, check in checks) == 0
    [graph] = report.workspace
    assert graph.checks[0].code == "XG001"
    assert "2687 edges" in graph.checks[0].detail
