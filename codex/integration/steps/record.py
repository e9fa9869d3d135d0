"""What is put on record: ledger events, cost lines, and the section of the integration report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from codex.campaign.about import unmet
from codex.campaign.clock import stamp
from codex.campaign.costs import append_costs
from codex.campaign.events import EventDraft, Kind
from codex.campaign.ledger import Ledger
from codex.integration.proposal import Proposal, RejectedUnit
from codex.integration.steps.decide import decision_events
from codex.integration.steps.draft import Draft
from codex.integration.steps.refused import Refused
from codex.integration.steps.units import Accepted, Batch
from codex.integration.steps.withdraw import withdrawal_events
from codex.tracks.registry import machine_of

REPORT = "manifests/integration_report.md"
#: Proposals that the report keeps, newest first; older ones are in the history.
REPORT_SECTIONS = 40

_HEAD = "# Integration report\n\nWhat became of each proposal, newest first; older sections are in the history.\n"
_DEFECTS_SHOWN = 12


def record_events(draft: Draft, ledger: Ledger, proposal: Proposal, batch: Batch, now: datetime) -> None:
    """Append the events of the units, those for any case and, if no unit was rejected, the proposal's own.

    Raises Refused, with the reason, when the ledger does not take one of them, or when a transition's post-conditions
    do not hold in the state that the proposal would make.
    """
    shipped = [_shipped(proposal, each) for each in batch.accepted if each.written]
    turned_down = [_rejected(proposal, proposal_unit) for proposal_unit in batch.rejected]
    own = () if batch.rejected else proposal.events
    by_person = [*withdrawal_events(batch.withdrawn, ledger), *decision_events(batch.decided)]
    drafts = [*by_person, *shipped, *turned_down, *proposal.always_events, *own]
    salted = [event.with_id(f"{proposal.id}:{number}") for number, event in enumerate(drafts)]
    appended = ledger.append(salted, now)
    if appended.refused:
        first = appended.refused[0]
        raise Refused(f"The ledger refuses the event {first.draft.kind.value}: {first.reason}.")
    draft.update(appended.changes)
    _require_post_conditions(draft, appended.ledger, own)


def _require_post_conditions(draft: Draft, after: Ledger, events: Sequence[EventDraft]) -> None:
    """A transition is taken only if what it promises holds in the state it makes; raises Refused."""
    for event in events:
        machine = machine_of(event.subject) if event.kind == Kind.TRANSITION else None
        row = machine.between(event.from_state or "", event.to_state or "") if machine else None
        missing = unmet(row.post, after, draft.snapshot(), event.subject) if row else []
        if missing:
            raise Refused(f"{event.subject} cannot become {event.to_state!r}: {'; '.join(missing)}.")


def record_costs(draft: Draft, proposal: Proposal) -> None:
    """Append the cost lines that are not there yet."""
    if proposal.costs:
        draft.update(append_costs(draft.snapshot(), proposal.costs))


def _shipped(proposal: Proposal, each: Accepted) -> EventDraft:
    change = each.change
    said = {"id": change.id, "path": each.path, "action": change.action, "checks": each.checks}
    return _unit_event(Kind.UNIT_SHIPPED, proposal, change.id, {**said, "attempt": change.attempt}, change.reason)


def _rejected(proposal: Proposal, unit: RejectedUnit) -> EventDraft:
    attempt = next((change.attempt for change in proposal.units if change.id == unit.id), 1)
    data = {"id": unit.id, "attempt": attempt, "reason": unit.reason, "defects": list(unit.defects)}
    return _unit_event(Kind.UNIT_REJECTED, proposal, unit.id, data, unit.detail)


def _unit_event(kind: Kind, proposal: Proposal, unit_id: str, data: dict[str, Any], why: str) -> EventDraft:
    about_itself = proposal.subject == f"unit:{unit_id}"
    return EventDraft(
        subject=proposal.subject,
        kind=kind,
        pass_name=proposal.pass_name,
        unit=None if about_itself else unit_id,
        owner=proposal.owner,
        rationale=why,
        data=data,
    )


def write_report(
    draft: Draft, proposal: Proposal, batch: Batch, notes: Sequence[str], warnings: Sequence[str], now: datetime
) -> None:
    """Put this proposal's section at the top of the integration report."""
    section = "\n".join(_section(draft, proposal, batch, notes, warnings, now))
    _, *older = draft.text(REPORT, "").split("\n## ")
    kept = ["## " + each.strip("\n") for each in older[: REPORT_SECTIONS - 1]]
    draft.put(REPORT, ("\n\n".join([_HEAD.rstrip("\n"), section, *kept]) + "\n").encode("utf-8"))


def for_the_whole(proposal: Proposal, turned_down: Sequence[str]) -> list[str]:
    """What was done for the proposal as a whole, as lines of the report: most of it only when no unit was rejected."""
    said = {
        "announced as in flight": [*proposal.pending],
        "edges of the plan": [f"{edge.before} → {edge.after}" for edge in proposal.edges],
        "costs": [f"{len(proposal.costs)} calls"] * bool(proposal.costs),
        "events in any case": [event.kind.value for event in proposal.always_events],
    }
    if not turned_down:
        said |= {
            "catalog entries": [entry.slug for entry in proposal.catalog],
            "plan sections": [str(section.number) for section in proposal.sections],
            "notation": ["written"] * (proposal.notation is not None),
            "reports": [report.name for report in proposal.reports],
            "events": [event.kind.value for event in proposal.events],
        }
    return [f"{what}: {', '.join(names)}" for what, names in said.items() if names]


def _section(
    draft: Draft, proposal: Proposal, batch: Batch, notes: Sequence[str], warnings: Sequence[str], now: datetime
) -> list[str]:
    lines = [
        f"## {stamp(now)} {_shown(proposal.title)}",
        "",
        f"Proposal `{proposal.id}`, subject `{proposal.subject}`, pass `{_shown(proposal.pass_name)}`.",
        "",
    ]
    for each in batch.accepted:
        what = f"{each.change.action}, {each.checks} checks" if each.written else "there already, registered again"
        lines.append(f"- accepted `{each.change.id}` ({what}): {each.path}")
        lines += [f"  - {_shown(action)}" for action in each.actions]
        lines += [f"  - `{unit_id}` no longer waits for it" for unit_id in each.cleared]
        lines += [f"  - connection {_shown(name)} is not registered" for name in each.unknown]
    for gone in batch.withdrawn:
        lines.append(f"- withdrawn `{gone.id}` ({_shown(gone.reason) or 'no reason given'}): {gone.path}")
        lines += [f"  - {_shown(action)}" for action in gone.actions]
    lines += [f"- {each.status} `{each.id}`{': ' * bool(each.note)}{_shown(each.note)}" for each in batch.decided]
    for unit in batch.rejected:
        lines.append(f"- rejected `{unit.id}` ({unit.reason}): {_shown(unit.detail)}")
        lines += [f"  - {_defect(defect)}" for defect in unit.defects[:_DEFECTS_SHOWN]]
    lines += [f"- {note}" for note in notes]
    lines += [f"- warning: {warning}" for warning in warnings]
    files = sorted(path for path in draft.changes if path != REPORT)
    return [*lines, f"- files: {', '.join(f'`{path}`' for path in files) or 'none'}"]


def _defect(defect: Mapping[str, Any]) -> str:
    return _shown(f"{defect.get('code')} {defect.get('where')}: {defect.get('what')}")


def _shown(text: str) -> str:
    """What somebody wrote, on one line and without markup of its own."""
    line = " ".join(text.split())
    for character, safe in (("&", "&amp;"), ("<", "&lt;"), ("`", "'")):
        line = line.replace(character, safe)
    return line if len(line) <= 300 else line[:299] + "…"
