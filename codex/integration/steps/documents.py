"""What a proposal says beside its units: announced units, edges, concepts, connections, plan sections, reports."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from codex.campaign.clock import stamp
from codex.corpus import bookplan, catalog, connections, deps, proposals
from codex.corpus.index import CorpusIndex
from codex.integration.proposal import ConnectionProposal, PlanSection, Proposal
from codex.integration.steps.draft import Draft
from codex.integration.steps.refused import Refused
from codex.integration.steps.register import catalog_entry, is_shipped
from codex.tracks.fasttrack.books import BOOK
from codex.tracks.registry import machine_of


def announce(draft: Draft, proposal: Proposal) -> None:
    """Enter units in flight and the plan's edges into the graph; raises Refused when they close a cycle."""
    if not (proposal.pending or proposal.edges):
        return
    index = CorpusIndex(draft.snapshot())
    pairs = [(edge.before, edge.after) for edge in proposal.edges]
    cycle = index.deps.cycle_through(pairs)
    if cycle:
        raise Refused(f"The edges close the cycle {' → '.join(cycle)}.")
    shipped = {end for pair in pairs for end in pair if is_shipped(index, end)}
    in_flight = [unit_id for unit_id in proposal.pending if not is_shipped(index, unit_id)]
    draft.edit(deps.PATH, lambda text: deps.add_pending(deps.add_edges(text, pairs, shipped), in_flight), deps.EMPTY)


def write_documents(draft: Draft, proposal: Proposal, title: str) -> None:
    """Write what stands for the proposal as a whole: catalog entries, plan sections, notation, reports.

    ``title`` is the subject's, for a plan that begins. Errors as in the modules of the formats.
    """
    for entry in proposal.catalog:
        made = catalog_entry(entry, entry.unit or "")
        draft.edit(catalog.PATH, lambda text, made=made: catalog.insert_entry(text, made), catalog.EMPTY)  # type: ignore[misc]
    for section in proposal.sections:
        _write_section(draft, proposal, section, title)
    if proposal.notation is not None:
        draft.put(_notation_path(proposal), _ended(proposal.notation))
    for report in proposal.reports:
        if report.name == "integration_report":
            raise Refused("The integration report is written by the integrator alone.")
        draft.put(f"manifests/{report.name}.md", _ended(report.markdown))


def propose_connections(draft: Draft, proposal: Proposal, without: Collection[str], now: datetime) -> int:
    """Let proposed connections wait for a decision; those of units in ``without`` alone are left out.

    Returns how many are new.
    """
    wanted = [c for c in proposal.connections if not c.appears_in_units or set(c.appears_in_units) - set(without)]
    if not wanted:
        return 0
    registry = connections.parse(draft.text(connections.PATH, "{}"))
    text = before = draft.text(proposals.PATH, "")
    for each in wanted:
        text = proposals.propose(text, _waiting(each, proposal, now), registry)
    draft.put(proposals.PATH, text.encode("utf-8")) if text != before else None
    return len(proposals.parse(text)) - len(proposals.parse(before))


def _waiting(each: ConnectionProposal, proposal: Proposal, now: datetime) -> proposals.Proposal:
    return proposals.Proposal(
        source=each.from_concept,
        target=each.to_concept,
        type=each.type,
        strength=each.strength,
        anchor_phrase=each.anchor_phrase,
        proposer=f"{proposal.subject} {proposal.pass_name}",
        proposed_at=stamp(now),
        synthesis_note=each.synthesis_note,
        units=each.appears_in_units,
        rationale=each.rationale,
    )


def _write_section(draft: Draft, proposal: Proposal, section: PlanSection, title: str) -> None:
    def changed(text: str) -> str:
        text = text or bookplan.new_document(title, {"book": title})
        return bookplan.set_section(
            bookplan.update_front_matter(text, section.front_matter), section.number, section.markdown
        )

    draft.edit(_plan_path(proposal), changed, "")


def _plan_path(proposal: Proposal) -> str:
    """The subject's plan document; raises Refused for a kind that has none."""
    machine = machine_of(proposal.subject)
    if machine is None or not machine.has_plan or not machine.named(proposal.slug):
        raise Refused(f"{proposal.subject} has no plan document.")
    return machine.path_of(proposal.slug)


def _notation_path(proposal: Proposal) -> str:
    machine = machine_of(proposal.subject)
    if machine is not BOOK or not machine.named(proposal.slug):
        raise Refused(f"{proposal.subject} has no notation crosswalk: only books have.")
    return f"notation/{proposal.slug}.md"


def _ended(text: str) -> bytes:
    return (text if text.endswith("\n") else text + "\n").encode("utf-8")
