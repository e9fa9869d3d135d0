"""The recovery ladders of the seven passes (protocol §6)."""

from __future__ import annotations

from decimal import Decimal

from codex.tracks.fasttrack.names import AUDIT, CONTINUITY, GAP, PLAN, PRODUCTION, VERIFICATION, WEAVING
from codex.tracks.ladder import ESCALATE, Ladder, Rung

_BROADER = Rung("retry", "Use a broader source list: course pages, doctoral theses, reviews.", Decimal(2))
_METRICS = "Address each of the named metrics; finding no gap is no answer while one is below its threshold."
_LOOP = Rung("back", "Weave again for the metrics that fell short, then verify again.")

#: Pass → what follows its faulty replies; those that are not here have the ladder of every pass (DEFAULT).
LADDERS: dict[str, Ladder] = {
    AUDIT: (
        _BROADER,
        Rung("retry", _BROADER.note + " State an inventory as none only with a source.", Decimal(2)),
        ESCALATE,
    ),
    GAP: (
        Rung("retry", "Search the corpus again: a unit that covers the listed rows may have been overlooked."),
        ESCALATE,
    ),
    PLAN: (Rung("retry", "Balance the decomposition: each job gets 4 to 8 units."), ESCALATE),
    PRODUCTION: (
        Rung("retry", "Mend every defect of the list; change nothing else.", Decimal("1.5")),
        Rung("reduce", "Produce only the sections that failed; the others stay as they are.", Decimal("1.5")),
        ESCALATE,
    ),
    WEAVING: (Rung("retry", _METRICS), Rung("retry", _METRICS), ESCALATE),
}

#: The same for sound replies that find the book short of its thresholds.
SHORTFALLS: dict[str, Ladder] = {
    VERIFICATION: (
        Rung("back", "Back to production with the rows that are not covered."),
        Rung("accept", "Reduce the threshold for this book and document what is deferred."),
    ),
    CONTINUITY: (_LOOP, _LOOP, _LOOP, ESCALATE),
}

#: Ladders of single tiers: a γ book whose second audit fails goes on with reduced expectations.
TIER_LADDERS: dict[tuple[str, str], Ladder] = {
    (AUDIT, "γ"): (_BROADER, Rung("degrade", "Go on with topic equivalence only."), ESCALATE)
}
