"""Every rule: its failing example fails it, its passing example passes it, its texts are there."""

from __future__ import annotations

import pytest

from codex.check import SnapshotAnswers, check_unit
from codex.check.depsfile import DEPS
from codex.check.registry import GRAPH_RULES, RULES
from codex.check.rule import Example, Rule
from codex.check.samples import sample_snapshot
from codex.units import Unit, parse_unit

pytestmark = pytest.mark.filterwarnings("error")


def verdict(rule: Rule, example: Example) -> str | None:
    """The rule's verdict on the sample with the example's change; None when it does not apply."""
    snapshot, path = sample_snapshot(example)
    if rule in GRAPH_RULES:
        unit = Unit(DEPS, snapshot.read(DEPS), "", None, {}, (0, 0), 0)
    else:
        unit = parse_unit(snapshot.read(path), path)
        assert unit.error is None, unit.error
    result = check_unit(unit, SnapshotAnswers(snapshot), [rule])
    assert result.error is None, result.error
    return result.checks[0].verdict if result.checks else None


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.failing], ids=lambda rule: rule.code)
def test_failing_example_fails(rule: Rule) -> None:
    assert rule.failing
    assert verdict(rule, rule.failing) == "fail"


def test_one_rule_cannot_fail() -> None:
    assert [rule.code for rule in RULES if rule.failing is None] == ["HK001"]


#: Rules whose passing example shows a unit that they do not apply to, or do not judge.
_SILENT = {"HK002": None, "LN001": None, "LN002": None, "LN003": None, "LN006": None, "IM004": None, "XM002": None}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_passing_example_passes(rule: Rule) -> None:
    found = verdict(rule, rule.passing)
    assert found == "pass" or (found is None and rule.passing == Example() and rule.code in _SILENT)


def test_sample_passes_every_rule() -> None:
    snapshot, path = sample_snapshot()
    result = check_unit(parse_unit(snapshot.read(path), path), SnapshotAnswers(snapshot), RULES)
    assert [(check.code, check.detail) for check in result.failures] == []
    assert len([check for check in result.checks if check.level == "core"]) == 27


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_rule_is_told_whole(rule: Rule) -> None:
    assert rule.why and rule.reads and rule.name
    assert rule.hint or rule.failing is None
    assert (rule.level == "full") == rule.code.startswith("X")


def test_codes_and_names_are_unique() -> None:
    assert len({rule.code for rule in RULES}) == len({rule.name for rule in RULES}) == len(RULES)
