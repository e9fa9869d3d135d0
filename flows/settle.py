"""What becomes of a pass's proposal: integrated, told, counted, and handed to a person when the ladder ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from codex.campaign.ledger import Ledger
from codex.campaign.owed import owed_ids
from codex.errors import Conflict, PersonNeeded
from codex.integration.proposal import IntegrationResult
from codex.passes.outcomes import PassResult, escalation
from codex.tracks.fasttrack.names import IN_PRODUCTION
from codex.tracks.naming import name_of, read_aloud
from codex.tracks.registry import machine_in
from flows.artifacts import ProgressBar
from flows.reporting import Figures, reporter, say, tell
from tasks.integrate import integrate
from tasks.runtime import Runtime


@dataclass
class SubjectRun:
    """One run of one subject: what it works with, and what it has seen."""

    runtime: Runtime
    subject: str
    bar: ProgressBar
    defects: list[dict[str, Any]] = field(default_factory=list)
    checks: dict[str, tuple[int, int]] = field(default_factory=dict)  # unit → passed, total
    pass_name: str = ""
    only: frozenset[str] | None = None  # of the units that are owed these alone; None: all
    _read: tuple[str, Ledger] | None = None

    @property
    def slug(self) -> str:
        return name_of(self.subject)

    def chosen(self, units: list[str]) -> list[str]:
        """Those of the units that this run is for."""
        return units if self.only is None else [unit for unit in units if unit in self.only]

    def ledger(self) -> Ledger:
        """The ledger as it is committed now; read again only when there is a new commit."""
        snapshot = self.runtime.workspace.snapshot()
        if self._read is None or self._read[0] != snapshot.label:
            self._read = snapshot.label, Ledger.load(snapshot)
        return self._read[1]


async def settle(run: SubjectRun, result: PassResult) -> None:
    """Integrate what a pass proposed and tell what came of it.

    Raises Conflict when the proposal was refused.
    """
    what = read_aloud(result.pass_name, result.unit)
    before = run.ledger().status(run.subject)
    done = await integrate(what, result.proposal)
    _note_defects(run, result, done)
    after = run.ledger()
    _tell(result, done, str(before), str(after.status(run.subject)))
    await show_figures(run, after)
    if done.status == "refused":
        raise Conflict(f"{what} was not taken: {done.reason}.", remedy="Run the same command again.")


async def hand_over(run: SubjectRun, pass_name: str, reason: str) -> None:
    """Escalate the book: an event in the ledger, and PersonNeeded for whoever started the run."""
    proposal = escalation(run.runtime.workspace, run.subject, pass_name, reason, run.runtime.owner)
    await integrate(f"escalation of {run.slug}", proposal)
    say(f"{run.slug} waits for a person: {reason}")
    raise PersonNeeded(
        f"{run.slug} waits for a person: {reason}",
        remedy="See `codexctl escalations list`, answer, then run the book again.",
    )


async def show_figures(run: SubjectRun, ledger: Ledger) -> None:
    """Bring the reporter and the progress artifact up to date."""
    figures = _figures(run, ledger)
    reporter().figures(figures)
    await run.bar.show(figures.progress)


def _figures(run: SubjectRun, ledger: Ledger) -> Figures:
    state = str(ledger.status(run.subject))
    owed = len(owed_ids(ledger.entry(run.subject)))
    shipped = {event.about_unit for event in ledger.events(run.subject) if event.kind == "unit_shipped"}
    return Figures(
        book=run.slug,
        state=state,
        pass_name=run.pass_name,
        progress=_progress(run.subject, state, len(shipped), owed),
        units_shipped=len(shipped),
        units_owed=owed,
        checks_passed=sum(passed for passed, _ in run.checks.values()),
        checks_total=sum(total for _, total in run.checks.values()),
        cost_usd=ledger.spent(run.subject),
    )


def _progress(subject: str, state: str, shipped: int, owed: int) -> float:
    """Percent of the way of success; within production by its units."""
    machine = machine_in(subject)
    last = max(machine.rank(each.name) for each in machine.states)
    within = shipped / (shipped + owed) if state == IN_PRODUCTION and shipped + owed else 0.0
    return round(100 * max(machine.rank(state) + within, 0.0) / last, 1)


def _note_defects(run: SubjectRun, result: PassResult, done: IntegrationResult) -> None:
    about = {"pass": result.pass_name, "unit": result.unit or "", "attempt": result.attempt}
    run.defects += [{**about, **dict(defect)} for defect in result.defects]
    for unit in done.rejected:
        found: list[Mapping[str, Any]] = list(unit.defects) or [
            {"code": unit.reason, "where": unit.id, "what": unit.detail}
        ]
        run.defects += [{**about, "unit": unit.id, **dict(defect)} for defect in found]
    passed, _, total = str(result.figures.get("checks", "")).partition("/")
    if result.unit and passed.isdigit() and total.isdigit():
        run.checks[result.unit] = (int(passed), int(total))


def _tell(result: PassResult, done: IntegrationResult, before: str, after: str) -> None:
    what = read_aloud(result.pass_name, result.unit)
    tell(what, "")
    if result.unit or result.outcome != "completed" or done.status == "refused":
        say(f"  {what}, attempt {result.attempt}: {_outcome(result, done)}{_cost(result)}")
    if before != after:
        say(f"{before} → {after}  {what}{'' if result.unit else _cost(result)}")
    for warning in done.warnings:
        say(f"  note: {warning}")


def _outcome(result: PassResult, done: IntegrationResult) -> str:
    if done.status == "refused":
        return f"not taken: {done.reason}"
    if done.rejected:
        first = done.rejected[0]
        return f"sent back ({first.reason}): {first.detail}"
    if result.outcome == "completed":
        return f"shipped, {result.figures['checks']} checks" if "checks" in result.figures else "done"
    word = "falls short" if result.outcome == "shortfall" else "sent back"
    first_defect = result.defects[0] if result.defects else {}
    first_one = f"{first_defect.get('where')}: {first_defect.get('what')}"
    return f"{word}, {_count(len(result.defects), 'defect')}, first: {first_one}"


def _cost(result: PassResult) -> str:
    if not result.turns:
        return ""
    return f" ({_count(result.turns, 'turn')}, ${Decimal(result.cost_usd):.2f}, {result.seconds:.1f} s)"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
