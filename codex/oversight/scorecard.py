"""The scorecard of a book: every figure computed from the workspace's committed state, nothing remembered.

The success criteria are those of the orchestration protocol, §11.3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from codex.campaign.budgets import ceilings
from codex.campaign.definition import load_campaign
from codex.campaign.events import Event, Kind
from codex.campaign.ledger import Ledger
from codex.campaign.limits import thresholds_of
from codex.check import check_corpus
from codex.continuity.corpus import ContinuityReport, measure_corpus
from codex.corpus.index import CorpusIndex
from codex.snapshot import Snapshot
from codex.tracks.fasttrack.books import BOOK
from codex.tracks.fasttrack.names import GAP, PRODUCTION, VERIFICATION

if TYPE_CHECKING:
    from codex.settings import BudgetSettings
    from codex.workspace import Workspace

#: Operator-active wall time within which a pilot book is to be covered (protocol §11.3).
WALL_LIMIT = timedelta(hours=8)

Met = Literal["met", "not met", "not judged"]


@dataclass(frozen=True)
class UnitLine:
    """One produced unit: what was done, its checks, how many drafts it took."""

    id: str
    title: str
    action: str
    passed: int
    total: int
    drafts: int


@dataclass(frozen=True)
class Scorecard:
    """What became of a book. Money in US dollars; ``wall`` from the first claim to the last event."""

    slug: str
    title: str
    state: str
    units: tuple[UnitLine, ...]
    layers: tuple[Mapping[str, Any], ...]
    continuity: ContinuityReport
    batch: ContinuityReport
    cost: Decimal
    budget: Decimal
    calls: int
    wall: timedelta
    passes: Mapping[str, Mapping[str, Any]]
    corpus_failing: int

    @property
    def covered(self) -> bool:
        return self.state == "equivalence-covered"

    def criteria(self) -> Iterator[tuple[str, Met, str]]:
        """Each criterion of the protocol's §11.3: what, verdict, figure."""
        done = [name for name in BOOK.passes if self.passes.get(name, {}).get("status") == "completed"]
        yield (
            "all seven passes complete, book covered",
            _met(self.covered and len(done) == len(BOOK.passes)),
            f"{len(done)} of {len(BOOK.passes)} passes, {self.state}",
        )
        whole = [u for u in self.units if u.passed == u.total and u.total]
        yield (
            "produced units pass all checks",
            _met(bool(self.units) and len(whole) == len(self.units)),
            f"{len(whole)} of {len(self.units)}",
        )
        short = self.batch.failures if self.units else ["no units"]
        yield "continuity metrics meet their thresholds", _met(not short), "; ".join(short) or "all"
        yield "cost within the budget", _met(self.cost < self.budget), f"${self.cost:.2f} of ${self.budget:.2f}"
        yield "wall time under 8 hours", _met(self.wall < WALL_LIMIT), _hours(self.wall)
        yield "quality sample at least 4.0 of 5", "not judged", "quality sampling is not part of this release"


def _met(condition: object) -> Met:
    return "met" if condition else "not met"


def _hours(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    return f"{seconds // 3600} h {seconds % 3600 // 60:02d} min {seconds % 60:02d} s"


def scorecard(workspace: Workspace, slug: str) -> Scorecard:
    """Compute the scorecard of a book; raises UserError for a book that the ledger does not know."""
    return of_snapshot(workspace.snapshot(), slug, workspace.settings.budget)


def of_snapshot(snapshot: Snapshot, slug: str, budget: BudgetSettings | None = None) -> Scorecard:
    """The scorecard of a book at one state; raises UserError for a book that the ledger does not know."""
    ledger, subject = Ledger.load(snapshot), f"book:{slug}"
    entry, events = ledger.book(slug), ledger.events(subject)
    chosen = thresholds_of(snapshot)
    continuity = replace(measure_corpus(snapshot), chosen=chosen)
    units = tuple(_units(snapshot, ledger, subject))
    mine = {u.id for u in units}
    return Scorecard(
        slug=slug,
        title=str(entry.get("title", slug)),
        state=str(ledger.status(subject)),
        units=units,
        layers=tuple(_layers(events)),
        continuity=continuity,
        batch=ContinuityReport(tuple(u for u in continuity.units if u.unit_id in mine), chosen=chosen),
        cost=ledger.spent(subject),
        budget=ceilings(ledger, subject, load_campaign(snapshot), budget)[subject],
        calls=sum(_whole(event.data.get("agent_invocations")) for event in events),
        wall=_wall(events),
        passes=entry.get("passes", {}),
        corpus_failing=check_corpus(snapshot).count("failing"),
    )


def _units(snapshot: Snapshot, ledger: Ledger, subject: str) -> Iterator[UnitLine]:
    corpus = CorpusIndex(snapshot)
    shipped: dict[str, str] = {}
    for event in ledger.events(subject):
        if event.kind == Kind.UNIT_SHIPPED and event.pass_name == PRODUCTION:
            unit = str(event.about_unit)
            shipped.setdefault(unit, str(event.data.get("action", "new")))
    known = {path: unit for unit in shipped if (path := corpus.path_of(unit))}
    report = check_corpus(snapshot, known) if known else None
    for result in report.results if report else ():
        checks, unit = result.checks, known[result.path]
        yield UnitLine(
            unit, corpus.unit_at(result.path).title, shipped[unit], sum(c.passed for c in checks), len(checks),
            ledger.attempts(subject, PRODUCTION, unit),
        )  # fmt: skip


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _layers(events: tuple[Event, ...]) -> Iterator[Mapping[str, Any]]:
    """The newest figures that a gate let pass; those of a reply that was sent back prove nothing."""
    for event in reversed(events):
        sound = event.kind == Kind.PASS_COMPLETED or event.fell_short
        known = sound and event.pass_name in {VERIFICATION, GAP}
        if known and isinstance(event.data.get("coverage"), list):
            yield from event.data["coverage"]
            return


def _wall(events: tuple[Event, ...]) -> timedelta:
    times = [datetime.fromisoformat(e.at) for e in events if e.kind != Kind.REGISTERED]
    return times[-1] - times[0] if times else timedelta()


def render_markdown(card: Scorecard) -> str:
    """The scorecard as Markdown (the Prefect artifact)."""
    return "\n\n".join(f"## {title}\n\n{_table(headers, rows)}" for title, headers, rows in tables(card)) + "\n"


def _table(headers: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    from codex.passes.tables import render_table

    return render_table(headers, rows).rstrip("\n")


def tables(card: Scorecard) -> Iterator[tuple[str, tuple[str, ...], list[tuple[str, ...]]]]:
    """The scorecard's parts as (title, headers, rows): the terminal, the artifact and the tests read the same."""
    facts: list[tuple[str, ...]] = [
        ("state", card.state), ("cost", f"${card.cost:.2f} of ${card.budget:.2f}"),
        ("agent conversations", str(card.calls)), ("wall time", _hours(card.wall)),
        ("units of the corpus failing a check", str(card.corpus_failing)),
    ]  # fmt: skip
    yield card.title, ("figure", "value"), facts
    yield (
        "Units produced",
        ("unit", "title", "action", "checks", "drafts"),
        [(u.id, u.title, u.action, f"{u.passed}/{u.total}", str(u.drafts)) for u in card.units],
    )
    yield "Coverage layers", ("layer", "covered", "threshold", "verdict"), [_layer_row(each) for each in card.layers]
    yield "Continuity", ("metric", "corpus", "this book", "threshold", "verdict"), list(_metric_rows(card))
    yield "Success criteria (protocol §11.3)", ("criterion", "verdict", "figure"), list(card.criteria())


def _layer_row(layer: Mapping[str, Any]) -> tuple[str, ...]:
    share = layer.get("percentage")
    needed = f"{layer['threshold']:.0f} %"
    if share is None:
        return (str(layer["layer"]), "not applicable", needed, "met")
    return (str(layer["layer"]), f"{share:.1f} %", needed, "met" if layer["met"] else "short")


def _metric_rows(card: Scorecard) -> Iterator[tuple[str, ...]]:
    """The book's own units decide; where the corpus as a whole is below, that is told too (curriculum.md §2)."""
    for threshold in card.continuity.chosen:
        corpus, batch = (report.judged.get(threshold.key) for report in (card.continuity, card.batch))
        shown = ["–" if figure is None else f"{figure:.2f}" for figure in (corpus, batch)]
        verdict = "no units" if batch is None else "met" if batch >= threshold.minimum else "below"
        if verdict == "met" and corpus is not None and corpus < threshold.minimum:
            verdict = "met; corpus below"
        yield (threshold.name, *shown, f"{threshold.minimum:g}", verdict)
    coverage = card.continuity.aggregate.get("throughline_coverage_avg")
    shown_flow = "n/a (no teaching flows)" if coverage is None else f"{coverage:.2f}"
    yield ("throughline_coverage", shown_flow, "–", "1", "met" if coverage is None or coverage >= 1 else "below")


__all__ = ["Scorecard", "UnitLine", "render_markdown", "scorecard", "tables"]
