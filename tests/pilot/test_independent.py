"""The second validator is worth something: it gives the published verdicts."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from codex.check import check_corpus
from codex.check.registry import RULES
from codex.workspace import Workspace
from tests.pilot import independent


def verdicts(checks: list[dict[str, Any]]) -> list[tuple[str, bool]]:
    """A published record's checks by code; display names are those of the rubric."""
    return [(NAMES[each["name"]], each["passed"]) for each in checks]


NAMES = {rule.name: rule.code for rule in RULES}


def test_it_gives_the_published_verdicts(shared_corpus: Path, fasttrack: Path) -> None:
    """On every tenth unit of the published corpus and on every damaged one (about a fifth of those are near misses)."""
    corpus = independent.Corpus(fasttrack)
    with gzip.open(shared_corpus / "golden-verdicts.jsonl.gz", "rt") as file:
        units = [json.loads(line) for line in file][::10]
    mutants = [json.loads(line) for line in (fasttrack / "mutants" / "mutants.jsonl").read_text().splitlines()]
    for record in [*units, *(each for each in mutants if each["outcome"] != "error")]:
        assert independent.check(fasttrack / record["path"], corpus) == verdicts(record["checks"]), record["path"]


def test_both_validators_agree_on_the_starter_corpus(fresh_pilot: Path) -> None:
    report = check_corpus(Workspace.open(fresh_pilot).snapshot())
    corpus = independent.Corpus(fresh_pilot)
    for result in report.results:
        ours = [(check.code, check.passed) for check in result.checks]
        assert ours == independent.check(fresh_pilot / result.path, corpus) == [(code, True) for code, _ in ours]
        assert len(ours) == 27
