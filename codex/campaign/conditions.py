"""Pre- and post-conditions of the book track: small functions in one table, ``CONDITIONS`` (protocol §3.3).

A condition says "" when it holds, else in one sentence what is missing. It reads the ledger and the workspace and
believes no reply: figures are those that gates computed and events recorded.

What events must carry for these: ``layers`` (layer → percentage, null where not applicable) on pass_completed of
P5_verification, with ``accepted`` true when a reduced threshold was accepted; ``metrics`` (metric → mean) on
pass_completed of PV_continuity; ``checks`` ("27/27") on unit_shipped.
"""

from __future__ import annotations

from typing import Any

from codex.campaign import flowtext, plantext
from codex.campaign.about import About, Condition
from codex.campaign.budgets import exceeded
from codex.campaign.limits import LEAST_SOURCES, layers_of, thresholds_of, verification_section
from codex.campaign.owed import owed
from codex.corpus.index import CorpusIndex
from codex.settings import settings_in
from codex.tracks.fasttrack.books import BOOK
from codex.tracks.fasttrack.names import AUDIT, CONTINUITY, PRODUCTION, VERIFICATION, VERIFIED

CATALOG_FILES = ("docs/catalogs/CONCEPT_CATALOG.md", "manifests/deps.json", "manifests/connections.json")
WEAVING_REPORT = "manifests/weaving_report.md"


def _filled(*numbers: str) -> Condition:
    def condition(about: About) -> str:
        found = plantext.sections(about.document)
        empty = [number for number in numbers if not plantext.is_filled(found.get(number, ""))]
        return f"the plan of {about.slug} lacks §{', §'.join(empty)}" if empty else ""

    return condition


def _verification_filled(about: About) -> str:
    """A book that was sent back is verified again, in a section of its own."""
    number = verification_section(about.ledger, about.subject)
    return _filled(*(f"{number}.{part}" for part in range(1, 5)))(about)


def _audit_pending(about: About) -> str:
    return "the audit is completed already" if about.record(AUDIT).get("status") == "completed" else ""


def _three_sources(about: About) -> str:
    count = len(plantext.sources(about.document))
    return "" if count >= LEAST_SOURCES else f"the audit cites {count} distinct sources, and {LEAST_SOURCES} are needed"


def _corpus_readable(about: About) -> str:
    missing = [path for path in CATALOG_FILES if not about.snapshot.exists(path)]
    return f"missing: {', '.join(missing)}" if missing else ""


def _plan_lists_units(about: About) -> str:
    return "" if plantext.planned_units(about.document) else "§3 of the plan lists no unit"


def _prerequisites_shipped(about: About) -> str:
    from codex.planning.store import live_plan  # reads every audit: only where a unit of no book is produced

    unit = live_plan(about.snapshot)["units"].get(about.slug)
    if unit is None:
        return f"the plan has no unit {about.slug}"
    missing = unit.get("missing") or []
    return f"prerequisites of {about.slug} are not written: {', '.join(missing)}" if missing else ""


def _budget_left(about: About) -> str:
    full = exceeded(about.ledger, about.subject, about.campaign, settings_in(about.snapshot).budget)
    return f"the budget is used up: {', '.join(full)}" if full else ""


def _units_shipped(about: About) -> str:
    units = about.record(PRODUCTION).get("units")
    known: dict[str, Any] = units if isinstance(units, dict) else {}
    wanted = dict.fromkeys([*plantext.planned_units(about.document), *known])
    left_out = {str(each.get("id")) for each in about.entry.get("deferred") or () if isinstance(each, dict)}
    open_ones = [unit for unit in wanted if unit not in left_out and not _settled(known.get(unit))]
    if not open_ones:
        return _nothing_outstanding(about)
    return f"not shipped with all checks passed: {', '.join(open_ones)}"


def _settled(record: object) -> bool:
    """Shipped with all checks passed, or withdrawn by a person."""
    if not isinstance(record, dict):
        return False
    passed, _, total = str(record.get("checks", "")).partition("/")
    whole = passed.isdigit() and passed == total and int(passed) > 0
    return record.get("status") == "withdrawn" or (record.get("status") == "shipped" and whole)


def _layers_met(about: About) -> str:
    record = about.record(VERIFICATION)
    if record.get("accepted") is True:
        return ""
    return _below(record.get("layers"), layers_of(about.campaign, about.entry), "the verification recorded no layer")


def _continuity_met(about: About) -> str:
    record = about.record(CONTINUITY)
    if record.get("accepted") is True:
        return ""
    least = {threshold.name: threshold.minimum for threshold in thresholds_of(about.snapshot)}
    return _below(record.get("metrics"), least, "the continuity pass recorded no metric")


def _below(figures: object, thresholds: dict[str, float], nothing: str) -> str:
    """What is below its threshold or was not recorded. null means not applicable."""
    if not isinstance(figures, dict):
        return nothing
    named = {str(key).removesuffix("_avg"): value for key, value in figures.items()}
    short = [
        f"{name} {named.get(name, 'absent')} < {least:g}"
        for name, least in thresholds.items()
        if _short(named, name, least)
    ]
    return f"below its threshold: {', '.join(short)}" if short else ""


def _short(figures: dict[str, Any], name: str, least: float) -> bool:
    value = figures.get(name, "absent")
    if value is None:
        return False
    return not isinstance(value, int | float) or isinstance(value, bool) or not value >= least


def _batch_verified(about: About) -> str:
    """Books that name the same batch are woven together; a book without a batch is woven alone."""
    batch = about.entry.get("batch")
    peers = [s for s in about.ledger.subjects("book") if batch and about.ledger.entry(s).get("batch") == batch]
    behind = [s for s in peers if _behind(about.ledger.status(s) or "")]
    return f"not verified yet: {', '.join(behind)}" if behind else ""


def _behind(status: str) -> bool:
    return status != "deferred" and BOOK.rank(status) < BOOK.rank(VERIFIED)


def _weaving_reported(about: About) -> str:
    return "" if about.snapshot.exists(WEAVING_REPORT) else f"{WEAVING_REPORT} is missing"


def _nothing_outstanding(about: About) -> str:
    outstanding = owed(about.entry)
    return f"still outstanding: {len(outstanding)} deliverables" if outstanding else ""


def _flow(about: About) -> flowtext.FlowText:
    return flowtext.parse(about.document)


def _flow_has_steps(about: About) -> str:
    return "" if _flow(about).steps else f"flows/{about.slug}.md has no steps"


def _flow_units_exist(about: About) -> str:
    there = CorpusIndex(about.snapshot).paths_by_id
    missing = [step.unit for step in _flow(about).steps if step.unit not in there]
    return f"steps without a unit in the corpus: {', '.join(missing)}" if missing else ""


def _flow_has_bridges(about: About) -> str:
    bare = [str(step.number) for step in _flow(about).steps[:-1] if not step.bridged]
    return f"steps without a bridge: {', '.join(bare)}" if bare else _flow_has_steps(about)


def _flow_has_pauses(about: About) -> str:
    count = sum(step.paused for step in _flow(about).steps)
    return "" if 3 <= count <= 5 else f"{count} pauses, and three to five are wanted"


def _flow_looks_outward(about: About) -> str:
    return "" if _flow(about).outward else f"flows/{about.slug}.md has no connections_outward"


CONDITIONS: dict[str, Condition] = {
    "audit_pending": _audit_pending,
    "audit_filled": _filled("1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7"),
    "three_sources": _three_sources,
    "corpus_readable": _corpus_readable,
    "coverage_filled": _filled("2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.7"),
    "scorecard_filled": _filled("2.8"),
    "plan_filled": _filled("3.1"),
    "decomposition_filled": _filled("3.6"),
    "plan_lists_units": _plan_lists_units,
    "prerequisites_shipped": _prerequisites_shipped,
    "budget_left": _budget_left,
    "units_shipped": _units_shipped,
    "verification_filled": _verification_filled,
    "layers_met": _layers_met,
    "batch_verified": _batch_verified,
    "weaving_reported": _weaving_reported,
    "continuity_met": _continuity_met,
    "nothing_outstanding": _nothing_outstanding,
    "flow_has_steps": _flow_has_steps,
    "flow_units_exist": _flow_units_exist,
    "flow_has_bridges": _flow_has_bridges,
    "flow_has_pauses": _flow_has_pauses,
    "flow_looks_outward": _flow_looks_outward,
}
