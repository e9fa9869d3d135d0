"""What checking gives: results of rules, of units, of a run. Data only; codex/check/formats turns it into text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from codex.check.rule import Finding, Level, Place, Rule, Severity, Verdict
from codex.units import UnitError

State = Literal["passing", "failing", "not_judged"]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One rule's verdict on one unit. ``detail`` sums up the places; ``line`` is that of the first, or None."""

    code: str
    name: str
    level: Level
    severity: Severity
    verdict: Verdict
    places: tuple[Place, ...]
    hint: str

    @property
    def passed(self) -> bool:
        return self.verdict == "pass"

    @property
    def detail(self) -> str:
        return "; ".join(place.detail for place in self.places)

    @property
    def line(self) -> int | None:
        return next((place.line for place in self.places if place.line is not None), None)


def result_of(rule: Rule, finding: Finding, weight: Severity | None = None) -> CheckResult:
    """The result of a finding; ``weight`` is its severity where that is not for the rule to say."""
    hint = "" if finding.verdict == "pass" else rule.hint
    severity = weight or finding.severity or rule.severity
    return CheckResult(rule.code, rule.name, rule.level, severity, finding.verdict, finding.places, hint)


@dataclass(frozen=True, slots=True)
class UnitResult:
    """All verdicts on one unit, in the order of the registry. With an ``error``, only what could still be judged."""

    path: str
    id: str
    error: UnitError | None
    checks: tuple[CheckResult, ...]

    @property
    def state(self) -> State:
        """Failing: an error, or a rule of severity error fails. What was not judged neither passes nor fails a unit."""
        if self.error or any(check.verdict == "fail" for check in self.decisive):
            return "failing"
        return "not_judged" if any(check.verdict == "not_judged" for check in self.decisive) else "passing"

    @property
    def passed(self) -> bool:
        return self.state == "passing"

    @property
    def failures(self) -> tuple[CheckResult, ...]:
        """The checks that did not pass, not-judged ones and warnings included."""
        return tuple(check for check in self.checks if not check.passed)

    @property
    def decisive(self) -> tuple[CheckResult, ...]:
        """The checks that a unit ships at: all but warnings."""
        return tuple(check for check in self.checks if check.severity == "error")

    @property
    def tally(self) -> str:
        """How many of the decisive checks pass, as ``27/27``."""
        return f"{sum(check.passed for check in self.decisive)}/{len(self.decisive)}"


@dataclass(frozen=True, slots=True)
class CheckReport:
    """A run over many units, in path order. ``workspace`` holds results on files that are no units (deps.json)."""

    results: tuple[UnitResult, ...]
    workspace: tuple[UnitResult, ...] = ()

    def count(self, state: State) -> int:
        return sum(result.state == state for result in self.results)

    @property
    def checks_passed(self) -> int:
        return sum(check.passed for result in self.results for check in result.checks)

    @property
    def checks_total(self) -> int:
        return sum(len(result.checks) for result in self.results)

    def exit_status(self, *, strict: bool = False) -> int:
        """0 all well; 1 something falls short. ``strict`` counts what was not judged as falling short."""
        states = {result.state for result in (*self.results, *self.workspace)}
        return int("failing" in states or (strict and "not_judged" in states))
