"""A person's answer to an escalation as a proposal: the same from the command line and from Prefect's form."""

from __future__ import annotations

from codex.campaign.answers import Given, Waiting, all_waiting, answer_events, waiting
from codex.campaign.ledger import Ledger
from codex.errors import UserError
from codex.integration.proposal import Proposal
from codex.workspace import Workspace


def find_waiting(ledger: Ledger, wanted: str) -> Waiting:
    """What waits under an escalation's id, a subject, a slug or a Fast Track entry; raises UserError when nothing."""
    found = [each for each in all_waiting(ledger) if wanted in _names(ledger, each)]
    if not found:
        raise UserError(f"{wanted} waits for nobody.", remedy="See `codexctl escalations list`.")
    return found[0]


def _names(ledger: Ledger, waits: Waiting) -> set[str]:
    entry = ledger.entry(waits.subject).get("fasttrack_entry")
    return {waits.id, waits.subject, waits.name, str(entry or waits.name)} - {""}


def answer(workspace: Workspace, subject: str, chosen: str, given: Given) -> Proposal:
    """The proposal of an answer; raises UserError when the subject waits for nobody or the answer is not possible."""
    snapshot = workspace.snapshot()
    ledger = Ledger.load(snapshot)
    waits = waiting(ledger, subject)
    if waits is None:
        raise UserError(f"{subject} waits for nobody.", remedy="See `codexctl escalations list`.")
    title = f"Answer the escalation of {waits.name}: {chosen}"[:120]
    events = tuple(answer_events(waits, chosen, given))
    return Proposal(subject=subject, pass_name="answer", title=title, base=snapshot.label, events=events)
