"""How far the campaign is, and what comes next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from codex.campaign.ledger import Ledger
from codex.oversight.sheet import Bar, Column, Line, Sheet, Tone, count, one_line, plural
from codex.oversight.view import View
from codex.oversight.workload import deepened, owed_deepenings, owed_units

#: Queued units that the screen shows.
SHOWN = 5
#: Ids or slugs that a reason names before it only counts.
_NAMED = 2


@dataclass(frozen=True, slots=True)
class BurnDown:
    """Numbers of units, audits and deepenings: done, left, both together; ``owed``: units that books under way owe."""

    units_done: int
    units_left: int
    units_total: int
    audits_done: int
    audits_left: int
    audits_total: int
    deepenings_done: int
    deepenings_left: int
    deepenings_total: int
    owed: int

    def sheet(self) -> Sheet:
        bars = (
            _bar("units", self.units_done, self.units_left),
            _bar("audits", self.audits_done, self.audits_left),
            _bar("deepenings", self.deepenings_done, self.deepenings_left),
        )
        note = f"Books under way still owe {plural(self.owed, 'unit')}." if self.owed else ""
        return Sheet("Burn-down", bars=bars, note=note)


def _bar(label: str, done: int, left: int) -> Bar:
    tone: Tone = "good" if done and not left else ""
    return Bar(label, done, done + left, f"{count(done)} done, {count(left)} left of {count(done + left)}", tone)


def burn_down(view: View) -> BurnDown:
    counts, owing = view.plan["counts"], owed_units(view.ledger)
    to_deepen = _queued_deepenings(view.plan) | owed_deepenings(view.ledger)
    units_left = len((set(view.plan["queue_topo_order"]) | owing) - to_deepen)
    audits_left = len(view.plan["books_unaudited"])
    done = deepened(view.ledger)
    return BurnDown(
        units_done=counts["shipped"],
        units_left=units_left,
        units_total=counts["shipped"] + units_left,
        audits_done=counts["audits_done"],
        audits_left=audits_left,
        audits_total=counts["audits_done"] + audits_left,
        deepenings_done=done,
        deepenings_left=len(to_deepen),
        deepenings_total=done + len(to_deepen),
        owed=len(owing),
    )


def _queued_deepenings(plan: Mapping[str, Any]) -> set[str]:
    return {unit for unit in plan["queue_topo_order"] if plan["units"][unit]["kind"] == "deepening"}


@dataclass(frozen=True, slots=True)
class NextUnit:
    """A queued unit: ``reason`` says why it is where it is; ``held_by`` who has claimed it ("" nobody)."""

    id: str
    title: str
    kind: str
    priority: str
    reason: str
    ready: bool
    held_by: str

    @property
    def state(self) -> str:
        return f"held by {self.held_by}" if self.held_by else "ready" if self.ready else "waits"


@dataclass(frozen=True, slots=True)
class Next:
    """The head of the queue. ``ready``: units of the whole queue whose prerequisites are all shipped."""

    queued: int
    ready: int
    rows: tuple[NextUnit, ...]

    def sheet(self) -> Sheet:
        lines = tuple(
            Line((row.id, row.title, row.priority, row.state, row.reason), "good" if row.ready else "")
            for row in self.rows
        )
        return Sheet(
            "Next in the queue",
            columns=(Column("unit"), Column("title"), Column("priority"), Column("state"), Column("why")),
            lines=lines,
            empty="The queue is empty.",
            note=f"{count(self.queued)} queued, {count(self.ready)} ready." if self.queued else "",
        )


def next_units(view: View) -> Next:
    plan, units = view.plan, view.plan["units"]
    queue = plan["queue_topo_order"]
    ready = sum(not _missing(units, units[unit]) for unit in queue)
    return Next(len(queue), ready, tuple(_next(view, units[unit]) for unit in queue[:SHOWN]))


def _next(view: View, unit: Mapping[str, Any]) -> NextUnit:
    missing = _missing(view.plan["units"], unit)
    return NextUnit(
        id=str(unit["id"]),
        title=one_line(unit["title"], 120),
        kind=str(unit["kind"]),
        priority=str(unit["priority"]),
        reason="; ".join(_reasons(unit, missing)),
        ready=not missing,
        held_by=one_line(_holder(view.ledger, view, str(unit["id"])), 60),
    )


def _reasons(unit: Mapping[str, Any], missing: list[str]) -> list[str]:
    audits = list(dict.fromkeys(unit["source_audits"]))
    asked = f"asked for by {_listed(audits)}" if audits else "asked for by no audit"
    follow = len(unit["successors"])
    rests = f"{plural(follow, 'unit')} {'rests' if follow == 1 else 'rest'} on it"
    return [asked] + [f"waits for {_listed(missing)}"] * bool(missing) + [rests] * bool(follow)


def _listed(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _missing(units: Mapping[str, Any], unit: Mapping[str, Any]) -> list[str]:
    """Prerequisites in the plan that are not written yet."""
    return [each for each in unit["prereqs"] if each in units and units[each]["status"] != "shipped"]


def _holder(ledger: Ledger, view: View, unit: str) -> str:
    return ledger.owner(f"unit:{unit}", view.now) or ""
