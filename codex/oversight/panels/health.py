"""The headlines of the validator and of the continuity metrics."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from codex.oversight.sheet import Column, Fact, Line, Sheet, count, plural
from codex.oversight.view import View

#: Rules that fall short most often, as many as the screen shows.
WORST = 3


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A rule and how many units fall short of it."""

    code: str
    name: str
    units: int


@dataclass(frozen=True, slots=True)
class Checks:
    """Units by verdict, checks by result (unit-rubric part one)."""

    units: int
    passing: int
    failing: int
    not_judged: int
    checks_passed: int
    checks_total: int
    rows: tuple[Shortfall, ...]

    def sheet(self) -> Sheet:
        whole = self.units > 0 and self.passing == self.units
        facts = [
            Fact("units passing", f"{count(self.passing)} of {count(self.units)}", "good" if whole else ""),
            Fact("failing", count(self.failing), "bad" if self.failing else ""),
            Fact("not judged", count(self.not_judged), "warn" if self.not_judged else ""),
            Fact(f"checks passed of {count(self.checks_total)}", count(self.checks_passed)),
        ]
        return Sheet(
            "Validator",
            facts=tuple(facts),
            columns=(Column("rule"), Column("most often short"), Column("units", right=True)),
            lines=tuple(Line((row.code, row.name, count(row.units))) for row in self.rows),
        )


def checks(view: View) -> Checks:
    report = view.checks
    short = Counter((c.code, c.name) for r in report.results for c in r.failures if c.severity == "error")
    ordered = sorted(short.items(), key=lambda item: (-item[1], item[0]))
    return Checks(
        units=len(report.results),
        passing=report.count("passing"),
        failing=report.count("failing"),
        not_judged=report.count("not_judged"),
        checks_passed=report.checks_passed,
        checks_total=report.checks_total,
        rows=tuple(Shortfall(code, name, units) for (code, name), units in ordered[:WORST]),
    )


@dataclass(frozen=True, slots=True)
class Metric:
    """One of the six metrics: mean over the corpus, what it needs, whether it is reached."""

    metric: str
    mean: float
    needs: float
    met: bool


@dataclass(frozen=True, slots=True)
class Continuity:
    """The continuity metrics of the corpus (unit-rubric part three)."""

    units: int
    flows: int
    below: int
    rows: tuple[Metric, ...]

    def sheet(self) -> Sheet:
        lines = tuple(
            Line((row.metric.replace("_", " "), f"{row.mean:.2f}", f"{row.needs:g}", "met" if row.met else "below"),
                 "good" if row.met else "bad")
            for row in self.rows
        )  # fmt: skip
        return Sheet(
            "Continuity",
            columns=(Column("metric"), Column("mean", right=True), Column("needs", right=True), Column("verdict")),
            lines=lines,
            empty="There are no units.",
            note=f"{plural(self.units, 'unit')}, {plural(self.flows, 'teaching flow')}.",
        )


def continuity(view: View) -> Continuity:
    report = view.continuity
    rows = tuple(
        Metric(key.removesuffix("_avg"), round(mean, 4), needs, mean >= needs)
        for key, mean in report.judged.items()
        if (needs := report.thresholds.get(key)) is not None
    )
    return Continuity(len(report.units), len(report.flows), sum(not row.met for row in rows), rows)
