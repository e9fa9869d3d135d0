"""What rules say of one unit, and how that becomes results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from codex.check.answers import Answers
from codex.check.policy import Chosen
from codex.check.recording import Asked, Recorder
from codex.check.result import CheckResult, UnitResult, result_of
from codex.check.rule import Finding, Rule, UnfitField
from codex.units import Unit, UnitError

#: A finding; None where the rule does not apply; an error where a field is of a type that the rule cannot work with.
Said = Finding | UnitError | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a rule said, and what it asked for that; ``repeatable`` is False when that cannot be asked again."""

    said: Said
    asked: Sequence[Asked] = ()
    repeatable: bool = True


@dataclass(frozen=True, slots=True)
class Judged:
    """A file with the judgement of each rule, by code. With an ``error`` it cannot be read as a unit: no judgements."""

    path: str
    id: str
    error: UnitError | None
    judgements: Mapping[str, Judgement]


def judge(unit: Unit, answers: Answers, rules: Iterable[Rule], *, recording: bool = False) -> Judged:
    """Ask every rule. Never raises on account of the unit."""
    if unit.error:
        return Judged(unit.path, "", unit.error, {})
    ask = _recorded if recording else _asked
    return Judged(unit.path, unit.id, None, {rule.code: ask(rule, unit, answers) for rule in rules})


def _asked(rule: Rule, unit: Unit, answers: Answers) -> Judgement:
    return Judgement(_said(rule, unit, answers))


def _recorded(rule: Rule, unit: Unit, answers: Answers) -> Judgement:
    recorder = Recorder(answers)
    said = _said(rule, unit, recorder)
    return Judgement(said, recorder.asked, recorder.repeatable)


def _said(rule: Rule, unit: Unit, answers: Answers) -> Said:
    try:
        return rule.check(unit, answers)
    except UnfitField as exc:
        return UnitError("PE004", str(exc), exc.line)


def compose(judged: Judged, chosen: Iterable[Chosen]) -> UnitResult:
    """The result under a choice of rules, in their order; the first unfit field is the unit's error."""
    if judged.error:
        return UnitResult(judged.path, "", judged.error, ())
    checks: list[CheckResult] = []
    error: UnitError | None = None
    for choice in chosen:
        said = judged.judgements[choice.rule.code].said
        if isinstance(said, UnitError):
            error = error or said
        elif said is not None:
            passed = said.verdict == "pass"
            checks.append(choice.passed if passed else result_of(choice.rule, said, choice.weight))
    return UnitResult(judged.path, judged.id, error, tuple(checks))
