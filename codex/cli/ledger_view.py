"""The ledger and the costs as tables for people. Text from the ledger is shown as it is, never as markup or control."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from codex.campaign.clock import now
from codex.campaign.costs import Cost, Total, grand_total, read_costs, totals
from codex.campaign.definition import load_campaign, tier_letter
from codex.campaign.due import Final, NeedsPerson, next_step
from codex.campaign.events import Event
from codex.campaign.ledger import Ledger
from codex.campaign.vain import failed_attempts, in_vain
from codex.oversight.render.pieces import plain, table
from codex.settings import settings_in
from codex.snapshot import Snapshot
from codex.tracks.naming import name_of
from codex.tracks.registry import machine_of, machines

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

    from codex.oversight.first_submissions import Rate


def overview(ledger: Ledger) -> list[RenderableType]:
    """One line a subject, then the totals; units that are subjects of their own are too many for it."""
    at = now()
    kinds = (machine.kind for machine in machines() if not machine.made_by_naming)
    subjects = [subject for kind in kinds for subject in ledger.subjects(kind)]
    columns = ("Subject", "Tier", "State", "Next", "Held by", "USD")
    shown = table(columns, (_row(ledger, subject, at) for subject in subjects), right=("USD",))
    figures = ledger.document()["totals"]
    told = f"{figures['books_equivalence_covered']} of {figures['books_total']} books covered"
    cost = f"{figures['agent_invocations_total']} agent calls, {figures['cost_usd_total']:.2f} USD"
    return [shown if subjects else plain("The ledger has no books yet."), plain(f"{told} · {cost}")]


def _row(ledger: Ledger, subject: str, at: datetime) -> tuple[object, ...]:
    tier, owner = tier_letter(ledger.entry(subject).get("tier")), ledger.owner(subject, at)
    name, spent = subject.removeprefix("book:"), f"{ledger.spent(subject):.2f}"
    return name, tier, ledger.status(subject), _next(ledger, subject), owner, spent


def _next(ledger: Ledger, subject: str) -> str:
    step = next_step(ledger, subject)
    if isinstance(step, Final):
        return "–"
    return "a person" if isinstance(step, NeedsPerson) else step.pass_name


def subject_view(ledger: Ledger, subject: str) -> list[RenderableType]:
    """All about one subject: a line for each simple key, the passes, what waits for a person."""
    entry = ledger.entry(subject)
    parts: list[RenderableType] = [plain(f"{subject}: {ledger.status(subject)}")]
    parts += [plain(f"  {key}: {_short(value)}") for key, value in entry.items() if key not in {"passes", "status"}]
    passes = entry.get("passes")
    if isinstance(passes, dict) and passes:
        parts.append(_passes(passes))
    step = next_step(ledger, subject) if machine_of(subject) else None
    if isinstance(step, NeedsPerson):
        parts.append(plain(f"Waits for a person: {step.reason}. Choices: {', '.join(step.choices)}."))
    return parts


def _passes(passes: dict[str, Any]) -> Table:
    columns = ("Pass", "Status", "Attempt", "Started", "Completed", "USD", "Blocked by")
    return table(columns, (_pass_row(*each) for each in passes.items()), right=("Attempt", "USD"))


def _pass_row(name: str, record: object) -> tuple[object, ...]:
    known = record if isinstance(record, dict) else {"status": record}
    completed = known.get("completed") or known.get("completed_at")
    values = (known.get("status"), known.get("attempt"), known.get("started"), completed, known.get("cost_usd"))
    blocked = known.get("blocked_by")
    return name, *values, ", ".join(map(str, blocked)) if isinstance(blocked, list) else ""


def _short(value: object) -> str:
    text = "–" if value in (None, [], {}) else str(value)
    return text if len(text) <= 200 else text[:199] + "…"


def event_lines(events: Sequence[Event], of: int) -> list[RenderableType]:
    """A line for each event; says how many older ones there are."""
    if not events:
        return [plain("The log has no such events.")]
    older = of - len(events)
    return [*map(_event_line, events), *([plain(f"{older} older ones: --last 0 lists all.")] if older else [])]


def _event_line(event: Event) -> Text:
    cost = Decimal(event.cost_usd)
    moved = f"{event.from_state} → {event.to_state}" if event.to_state else None
    parts = (
        event.pass_name,
        event.unit,
        moved,
        event.owner and f"by {event.owner}",
        f"{cost:.2f} USD" if cost else None,
    )
    said = " · ".join(part for part in (*parts, event.rationale) if part)
    return plain(f"{event.seq:>5}  {event.at}  {event.subject}  {event.kind}  {_short(said) if said else ''}".rstrip())


@dataclass(frozen=True)
class CostTable:
    """Sums of the cost ledger with their ceilings (US dollars) where the kind of sum has one."""

    by: str
    rows: dict[str, Total]
    ceilings: dict[str, Decimal]
    total: Total

    def as_json(self) -> dict[str, Any]:
        rows = [{self.by: key, **_figures(row), "ceiling_usd": self._ceiling(key)} for key, row in self.rows.items()]
        return {"by": self.by, "rows": rows, "total": _figures(self.total)}

    def view(self) -> list[RenderableType]:
        names = ("Calls", "Input", "Output", "Cache read", "Cache written", "USD", "In vain", "Ceiling", "Used")
        rows = [(key, *self._cells(row, self.ceilings.get(key))) for key, row in self.rows.items()]
        rows.append(("total", *self._cells(self.total, None)))
        shown = table((self.by.capitalize(), *names), rows, right=names)
        note = f"{self.total.estimated} of {self.total.calls} calls have estimated token counts."
        return [shown, *([plain(note)] if self.total.estimated else [])]

    def _ceiling(self, key: str) -> float | None:
        return float(self.ceilings[key]) if key in self.ceilings else None

    def _cells(self, row: Total, ceiling: Decimal | None) -> tuple[object, ...]:
        tokens = (row.input_tokens, row.output_tokens, row.cache_read_tokens, row.cache_write_tokens)
        used = f"{row.usd / ceiling:.0%}" if ceiling else ""
        vain = f"{row.vain_usd:.2f}" if row.vain_usd else "–"
        return row.calls, *(f"{n:,}" for n in tokens), f"{row.usd:.2f}", vain, ceiling, used


def _figures(row: Total) -> dict[str, Any]:
    return {
        "calls": row.calls,
        "input_tokens": row.input_tokens,
        "output_tokens": row.output_tokens,
        "cache_read_tokens": row.cache_read_tokens,
        "cache_write_tokens": row.cache_write_tokens,
        "calls_estimated": row.estimated,
        "usd": float(row.usd),
        "usd_in_vain": float(row.vain_usd),
        "seconds": row.seconds,
    }


def cost_table(snapshot: Snapshot, by: str) -> CostTable:
    """The cost ledger of a workspace summed; raises DataError for a line that cannot be read, UserError for ``by``."""
    ledger = Ledger.load(snapshot)
    books = {name_of(s): tier_letter(ledger.entry(s).get("tier")) or "?" for s in ledger.subjects("book")}
    costs, failed = read_costs(snapshot), failed_attempts(ledger)

    def vain(cost: Cost) -> bool:
        return in_vain(cost, failed)

    return CostTable(by, totals(costs, by, books, vain), _ceilings(snapshot, by, books), grand_total(costs, vain))


def rates_view(rates: Sequence[Rate]) -> Table:
    """How often the first submission of each prompt pattern was right."""
    names = ("First submissions", "Right form at once", "Passed at once", "Share")
    rows = ((rate.pattern, rate.submissions, rate.matched, rate.passed, f"{rate.share:.0%}") for rate in rates)
    return table(("Pattern", *names), rows, right=names)


def _ceilings(snapshot: Snapshot, by: str, books: dict[str, str]) -> dict[str, Decimal]:
    campaign, budget = load_campaign(snapshot), settings_in(snapshot).budget
    if by == "tier":
        return {letter: tier.total_usd for letter, tier in campaign.tiers.items() if tier.total_usd is not None}
    if by != "book":
        return {}
    by_tier = {letter: tier.per_book_usd for letter, tier in campaign.tiers.items()} | budget.tiers_usd
    chosen = {slug: budget.books_usd.get(slug, by_tier.get(letter)) for slug, letter in books.items()}
    return {slug: usd for slug, usd in chosen.items() if usd is not None}
