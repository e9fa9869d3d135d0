"""What a run does about its ceilings (protocol §9): warn once at 80 %, pause or defer the book at the end.

The journal refuses a call that could pass a ceiling (codex/agents/accounts.py); here is what becomes of the book.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from codex.campaign.budgets import ceilings, spent_by_scope
from codex.campaign.definition import load_campaign
from codex.campaign.events import EventDraft, Kind
from codex.campaign.ledger import Ledger
from codex.errors import BudgetReached, UserError
from codex.integration import spool
from codex.integration.proposal import Proposal
from flows.reporting import say
from flows.settle import SubjectRun
from tasks.integrate import integrate


async def warn_when_close(run: SubjectRun) -> None:
    """Record, once for each ceiling, that the share ``[budget] warn_at`` of it is spent."""
    ledger = run.ledger()
    for scope, (spent, ceiling) in _close(run, ledger).items():
        told = f"{spent / ceiling:.0%} of the ${ceiling:.2f} for {scope} is spent"
        data = {"budget": scope, "ceiling": str(ceiling), "spent": str(spent)}
        await _record(run, told, EventDraft(subject=run.subject, kind=Kind.NOTED, rationale=told, data=data))
        say(f"  note: {told}")


async def stop_at_ceiling(run: SubjectRun, reached: BudgetReached) -> None:
    """Bring the book to where ``[budget] at_ceiling`` says: escalated, for the operator, or deferred."""
    ledger, found = run.ledger(), {scope: str(usd) for scope, usd in _ceilings(run, run.ledger()).items()}
    reason = f"{reached.what} Raise the ceiling in codex.toml ([budget]) or answer the escalation."
    deferred = run.runtime.workspace.settings.budget.at_ceiling == "defer"
    event = EventDraft(
        subject=run.subject, kind=Kind.TRANSITION if deferred else Kind.ESCALATED, pass_name=run.pass_name or None,
        owner=run.runtime.owner, expect=ledger.status(run.subject), to_state="deferred" if deferred else None,
        rationale=reason, data={"reason": reason, "ceilings": found},
    )  # fmt: skip
    await _record(run, f"{'defer' if deferred else 'pause'}: {reached.what}", event)
    say(f"{run.slug} {'is deferred' if deferred else 'waits for a person'}: {reached.what}")


async def go_on_when_raised(run: SubjectRun) -> None:
    """A book that waits at a ceiling goes on once that ceiling is higher: raising it is the operator's answer."""
    ledger = run.ledger()
    asked = next((e for e in reversed(ledger.events(run.subject)) if e.kind == Kind.ESCALATED), None)
    known = asked.data.get("ceilings") if asked and asked.to_state == ledger.status(run.subject) else None
    if asked is None or not isinstance(known, Mapping):
        return
    now = _ceilings(run, ledger)
    raised = [scope for scope, usd in now.items() if scope in known and usd > Decimal(str(known[scope]))]
    raised += [scope for scope in known if scope not in now]
    if raised:
        told = f"the ceiling of {', '.join(raised)} was raised"
        data = {"choice": "retry", "hint": "", "escalation": asked.id}
        event = EventDraft(
            subject=run.subject, kind=Kind.ANSWERED, to_state=asked.from_state, rationale=told, data=data
        )
        await _record(run, told, event)
        say(f"{run.slug} goes on: {told}")


def _close(run: SubjectRun, ledger: Ledger) -> dict[str, tuple[Decimal, Decimal]]:
    """Scope → spent and ceiling, for those near their ceiling of which no warning is in the log."""
    known = {(e.data.get("budget"), e.data.get("ceiling")) for e in ledger.events() if e.kind == Kind.NOTED}
    paid, least = spent_by_scope(ledger, run.subject), Decimal(str(run.runtime.workspace.settings.budget.warn_at))
    return {
        scope: (paid[scope], usd)
        for scope, usd in _ceilings(run, ledger).items()
        if usd and paid.get(scope, Decimal(0)) >= least * usd and (scope, str(usd)) not in known
    }


def _ceilings(run: SubjectRun, ledger: Ledger) -> dict[str, Decimal]:
    """The ceilings as they are now: a person may have changed codex.toml since the run began."""
    workspace = run.runtime.workspace
    try:
        return ceilings(ledger, run.subject, load_campaign(workspace.snapshot()), workspace.settings.budget)
    except UserError:  # a book that nobody gave a ceiling spends nothing
        return {}


async def _record(run: SubjectRun, title: str, event: EventDraft) -> None:
    workspace = run.runtime.workspace
    proposal = Proposal(
        subject=run.subject, pass_name="budget", title=f"{run.slug}: {title}"[:120], base=workspace.snapshot().label,
        owner=run.runtime.owner, events=(event,),
    )  # fmt: skip
    await integrate(f"budget of {run.slug}", spool.put(workspace, proposal))
