"""What the engine makes of a corpus: figures of what is there, and findings of what is off. Nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from codex.campaign.ledger import Ledger
from codex.check import CheckReport, check_corpus
from codex.check.policy import Policy
from codex.corpus.bookplan import FOLDER as AUDITS
from codex.corpus.planfile import PATH as PRODUCTION_PLAN
from codex.errors import CodexError
from codex.integration.adoption.kind import Finding, Kind
from codex.integration.adoption.kinds.ledger_age import of_another_age
from codex.integration.adoption.registry import KINDS
from codex.integration.adoption.view import View
from codex.snapshot import Snapshot


@dataclass(frozen=True)
class Section:
    """Units of one folder below content/: how many there are, how many pass, fail, and were not judged."""

    name: str
    units: int
    passing: int
    failing: int
    not_judged: int


@dataclass(frozen=True)
class Survey:
    """A corpus as the engine reads it. ``failures``: rule code and name → units that fall short of it.

    ``unchecked`` says why no unit was checked; "" when they were.
    """

    sections: tuple[Section, ...]
    failures: Mapping[tuple[str, str], int]
    books: Mapping[str, int]
    ledger: str
    figures: Mapping[str, int]
    findings: tuple[Finding, ...]
    verdicts: Mapping[str, str]
    unchecked: str = ""

    @property
    def repairable(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.kind.repair)


def survey(snapshot: Snapshot, policy: Policy, *, only: Collection[str] | None = None, examples: int = 3) -> Survey:
    """Look at everything. ``only`` names kinds of findings; ``examples`` are kept of each (0: all; it counts them all).

    Raises nothing on account of the corpus: what cannot be read is a finding.
    """
    view = View(snapshot)
    report, problem = _checked(snapshot, policy)
    books, ledger = _books(view)
    return Survey(
        sections=tuple(_sections(report)),
        failures=_failures(report),
        books=books,
        ledger=ledger,
        figures=_figures(view),
        findings=tuple(findings(view, [k for k in KINDS if only is None or k.name in only], examples=examples)),
        verdicts={result.path: result.state for result in report.results},
        unchecked=problem,
    )


def findings(view: View, kinds: Iterable[Kind] = KINDS, *, examples: int = 3) -> Iterator[Finding]:
    """What is off, by kind, in the order given; kinds of which nothing was found are left out."""
    for kind in kinds:
        found = tuple(kind.find(view))
        if found:
            yield Finding(kind, len(found), found[:examples] if examples else found)


def _checked(snapshot: Snapshot, policy: Policy) -> tuple[CheckReport, str]:
    try:
        return check_corpus(snapshot, policy=policy), ""
    except CodexError as exc:
        return CheckReport(()), exc.what


def _sections(report: CheckReport) -> Iterator[Section]:
    states: dict[str, Counter[str]] = {}
    for result in report.results:
        parts = result.path.split("/")
        states.setdefault(parts[1] if len(parts) > 2 else "(none)", Counter())[result.state] += 1
    for name, count in states.items():
        yield Section(name, count.total(), count["passing"], count["failing"], count["not_judged"])


def _failures(report: CheckReport) -> Mapping[tuple[str, str], int]:
    """What fails units, most frequent first."""
    counts: Counter[tuple[str, str]] = Counter()
    for result in report.results:
        counts.update((c.code, c.name) for c in result.checks if c.verdict == "fail" and c.severity == "error")
        if result.error:
            counts[result.error.code, "the file can be read"] += 1
    return dict(counts.most_common())


def _books(view: View) -> tuple[Mapping[str, int], str]:
    """Books of the ledger by state, and what kind of ledger it is."""
    try:
        ledger = Ledger.load(view.snapshot)
    except CodexError as exc:
        return {}, f"cannot be read: {exc.what}"
    counts = Counter(str(ledger.status(subject)) for subject in ledger.subjects("book"))
    kind = f"a log of {len(ledger.events())} events" if ledger.events() else "no events yet"
    return dict(sorted(counts.items())), "campaign.json of another age, without a log" if of_another_age(view) else kind


def _figures(view: View) -> Mapping[str, int]:
    """Counts of what was read, by name."""
    audits = [path for path in view.snapshot.under(AUDITS, ".md") if path.count("/") == AUDITS.count("/") + 1]
    counts: dict[str, Any] = view.document(PRODUCTION_PLAN).get("counts") or {}
    planned = {f"plan_{key}": counts[key] for key in ("shipped", "queued") if isinstance(counts.get(key), int)}
    return {
        "units": len(view.units),
        "edges": len(view.deps.edges),
        "pending": len(view.deps.pending),
        "concepts": len(view.catalog.entries),
        "connections": len(view.registry.connections),
        "audits": len(audits),
        "booklist_rows": len(view.books),
        **planned,
    }
