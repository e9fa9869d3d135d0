"""One shape of a defect, made of checks in one place; one comparison of a unit with what it was."""

from __future__ import annotations

import pytest

from codex.check.compare import worse
from codex.check.defects import Defect, defects_of
from codex.check.result import CheckResult, UnitResult
from codex.check.rule import Place, Severity, Verdict
from codex.units.model import UnitError

CANNOT = UnitError("PE003", "It is no YAML.", 4)


def check(
    code: str, verdict: Verdict = "fail", *places: Place, severity: Severity = "error", hint: str = "Mend it."
) -> CheckResult:
    return CheckResult(code, f"rule {code}", "core", severity, verdict, places, "" if verdict == "pass" else hint)


def unit(*checks: CheckResult, error: UnitError | None = None) -> UnitResult:
    return UnitResult("content/a/b/01.01.01-x.md", "01.01.01", error, checks)


def test_each_place_of_a_failing_check_is_a_defect_and_many_are_counted() -> None:
    places = [Place(f"the word {n}", n) for n in range(1, 8)]
    found = list(defects_of(unit(check("PH001", "fail", *places), check("FM001", "pass"))))
    assert found[0] == Defect("line 1", "rule PH001: the word 1 — Mend it.", "PH001")
    assert [each.where for each in found] == [*(f"line {n}" for n in range(1, 6)), "unit"]
    assert found[-1].what == "rule PH001: 2 more of the same"


def test_a_check_without_a_place_is_one_of_the_unit() -> None:
    assert list(defects_of(unit(check("MS001")))) == [Defect("unit", "rule MS001 — Mend it.", "MS001")]
    assert [each.where for each in defects_of(unit(check("MS001", "fail", Place("none"))))] == ["unit"]


def test_what_keeps_no_unit_from_shipping_is_no_defect() -> None:
    told = unit(check("XM001", severity="warning"), check("PR001", "not_judged"), check("FM001", "pass"))
    assert list(defects_of(told)) == []
    assert (told.tally, told.state) == ("1/2", "not_judged")


def test_a_unit_that_cannot_be_read_says_so_first() -> None:
    first, second = defects_of(unit(check("FM001"), error=CANNOT))
    assert first == Defect("line 4", "It is no YAML.", "PE003")
    assert second.code == "FM001"


@pytest.mark.parametrize(
    ("before", "after", "lower"),
    [
        (check("A", "pass"), check("A", "fail"), True),
        (check("A", "pass"), check("A", "not_judged"), True),
        (check("A", "not_judged"), check("A", "fail"), True),
        (check("A", "fail"), check("A", "fail"), False),
        (check("A", "fail"), check("A", "not_judged"), False),
        (check("B", "pass"), check("A", "fail"), True),  # what was not made before must pass
        (check("B", "pass"), check("A", "pass"), False),
    ],
)
def test_what_is_worse_than_it_was(before: CheckResult, after: CheckResult, lower: bool) -> None:
    assert [each.code for each in worse(unit(before), unit(after))] == ["A"] * lower


def test_a_warning_is_worse_only_where_warnings_count() -> None:
    old, new = unit(check("A", "pass", severity="warning")), unit(check("A", "fail", severity="warning"))
    assert worse(old, new) == []
    assert [each.code for each in worse(old, new, decisive=False)] == ["A"]


def test_a_unit_that_can_no_longer_be_read_is_worse() -> None:
    assert worse(unit(check("A", "pass")), unit(error=CANNOT)) == [("PE003", "It is no YAML.")]
    assert worse(unit(error=CANNOT), unit(error=CANNOT)) == []
