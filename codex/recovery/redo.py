"""A recovery as events: what brings the book back to where the failed items are made again, and its record.

recovery started  ─► the book's flow up to the state after the failed pass ─► recovery success | failed | escalated
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from codex.campaign.answers import Given, answer_events
from codex.campaign.events import EventDraft, Kind
from codex.campaign.ledger import Ledger
from codex.campaign.owed import Deliverable, ever_owed, owed, owing
from codex.errors import PersonNeeded
from codex.integration.proposal import Proposal
from codex.recovery.decide import Decision
from codex.recovery.figures import Figures
from codex.recovery.situation import Situation
from codex.tracks.fasttrack.books import BOOK
from codex.tracks.fasttrack.names import IN_PRODUCTION, PRODUCTION, PRODUCTION_READY

#: Defects of an item that are told in full; a longer list is cut, and the brief has the whole one anyway.
_TOLD = 10


def until_state(found: Situation) -> str:
    """The state at which what failed has been made again: where the failed pass leads to."""
    way = [t for t in BOOK.transitions if t.pass_name == found.failed_pass and t.outcome == "success"]
    return way[-1].target


def start(base: str, ledger: Ledger, found: Situation, decision: Decision) -> Proposal:
    """The proposal that begins a recovery; raises PersonNeeded when the book's state allows no way back."""
    whole = decision.action == "full_restart"
    events = [_record(found, decision, "started"), *(_to_draft(found) if whole else _back(ledger, found, decision))]
    title = f"Recover {found.slug}: {decision.action}, {', '.join(decision.redo)}"[:120]
    return Proposal(subject=found.subject, pass_name="recovery", title=title, base=base, events=tuple(events))


def finish(base: str, found: Situation, decision: Decision, outcome: str, spent: Figures) -> Proposal:
    """The proposal that says how a recovery ended, with what it really took."""
    title = f"Recovery of {found.slug}: {outcome}"
    event = _record(found, decision, outcome, spent=spent.as_data())
    return Proposal(subject=found.subject, pass_name="recovery", title=title, base=base, events=(event,))


def hint_of(found: Situation, decision: Decision) -> str:
    """What the brief of a redone pass says beside its defect list."""
    lines = [
        f"{item}: {defect.get('where')}: {defect.get('what')} ({defect.get('code')})"
        for item, defects in found.defects.items()
        for defect in defects[:_TOLD]
    ]
    return f"This is a recovery: {decision.reason}. Mend what is listed; keep id, path and requirements.\n" + "\n".join(
        lines
    )


def _record(found: Situation, decision: Decision, outcome: str, **more: Any) -> EventDraft:
    failed = found.batches.failed
    data = {
        "action": decision.action,
        "items": [item.id for item in failed],
        "redo": list(decision.redo),
        "error_codes": sorted({code for item in failed for code in item.codes if code}),
        "attempt": 1 + max(item.recoveries for item in failed),
        "preserved": {"batches": list(decision.batches_kept), **_preserved(decision)},
        "outcome": outcome,
    }
    return EventDraft(
        subject=found.subject, kind=Kind.RECOVERY, rationale=decision.reason, data=data | more, cost_usd=Decimal(0)
    )


def _preserved(decision: Decision) -> dict[str, Any]:
    whole, part = decision.restart, decision.recovery
    return {
        "tokens": whole.tokens - part.tokens,
        "usd": str(whole.usd - part.usd),
        "seconds": round(whole.seconds - part.seconds, 1),
    }


def _back(ledger: Ledger, found: Situation, decision: Decision) -> list[EventDraft]:
    """Back to work on the failed items alone; what was made from them is owed again."""
    units = [each for each in decision.redo if each not in BOOK.passes]
    again = [_asked_again(ledger, found, unit) for unit in units]
    if found.waits is not None and found.waits.source:
        return [
            *_deliverables(found, ledger, again),
            *answer_events(found.waits, "retry", Given(hint_of(found, decision))),
        ]
    if not units:
        raise PersonNeeded(f"{found.slug} is at {found.status}.", remedy=f"Go on with `codexctl run {found.slug}`.")
    return [*_deliverables(found, ledger, again), *_led_to(found, IN_PRODUCTION, decision)]


def _to_draft(found: Situation) -> list[EventDraft]:
    reason, state = "a person asked for a full restart", BOOK.initial
    if BOOK.between(found.status, state) and found.waits is None:
        return [EventDraft(subject=found.subject, kind=Kind.TRANSITION, to_state=state, rationale=reason)]
    if found.waits is not None and state in found.waits.states:
        return answer_events(found.waits, state, Given(reason))
    taken_up = answer_events(found.waits, IN_PRODUCTION, Given(reason)) if found.waits is not None else []
    return [*taken_up, _escalated(found, reason), _answered(found, reason, state, "")]


def _led_to(found: Situation, state: str, decision: Decision) -> list[EventDraft]:
    """The table has no way back into production from later states but through a person: whoever asked for this."""
    if BOOK.state(found.status) and BOOK.between(found.status, "escalated") is None:
        reason = f"recovery: {decision.reason}"
        return [EventDraft(subject=found.subject, kind=Kind.TRANSITION, to_state=PRODUCTION_READY, rationale=reason)]
    asked = "a person asked for the recovery"
    return [_escalated(found, decision.reason), _answered(found, asked, state, hint_of(found, decision))]


def _escalated(found: Situation, reason: str) -> EventDraft:
    return EventDraft(
        subject=found.subject, kind=Kind.ESCALATED, pass_name=PRODUCTION, rationale=reason, data={"reason": reason}
    )


def _answered(found: Situation, reason: str, state: str, hint: str) -> EventDraft:
    return EventDraft(
        subject=found.subject, kind=Kind.ANSWERED, pass_name=PRODUCTION, to_state=state, rationale=reason,
        data={"choice": "retry", "hint": hint},
    )  # fmt: skip


def _asked_again(ledger: Ledger, found: Situation, unit: str) -> Deliverable:
    """A unit as it was asked for last; one that had shipped is deepened, never written anew."""
    last = ever_owed(ledger, found.subject)[unit]
    if not any(ledger.succeeded(event, PRODUCTION, unit) for event in ledger.events(found.subject)):
        return last
    told = "; ".join(str(d.get("what")) for d in found.defects.get(unit, ())[:_TOLD])
    spec = told or "A unit that this one rests on is made anew: bring what it takes from there into line."
    return replace(last, action="deepen", spec=spec, job="recovery")


def _deliverables(found: Situation, ledger: Ledger, again: list[Deliverable]) -> list[EventDraft]:
    if not again:
        return []
    ids = {each.id for each in again}
    others = (each for each in owed(ledger.entry(found.subject)) if each.id not in ids)
    return [EventDraft(subject=found.subject, kind=Kind.DELIVERABLES, data=owing((*again, *others)))]
