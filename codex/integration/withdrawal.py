"""Make the proposal that withdraws units: what their integration brought is read from the history."""

from __future__ import annotations

from codex.campaign.ledger import Ledger
from codex.corpus import unitstatus
from codex.corpus.index import CorpusIndex
from codex.errors import UserError
from codex.gitio import Git
from codex.integration.proposal import EdgeChange, Proposal, Withdrawal
from codex.integration.steps.mentions import mentions
from codex.integration.steps.register import unit_edges
from codex.integration.steps.withdraw import book_of
from codex.units import Unit
from codex.workspace import Workspace


def withdrawal(workspace: Workspace, unit_ids: list[str], reason: str = "") -> Proposal | None:
    """The proposal that withdraws these shipped units; None when all of them were withdrawn before.

    Raises UserError for an id that no unit has or had.
    """
    snapshot = workspace.snapshot()
    index, ledger = CorpusIndex(snapshot), Ledger.load(snapshot)
    units = [unit for each in dict.fromkeys(unit_ids) if (unit := _unit(index, each))]
    if not units:
        return None
    books = {book_of(index, unit.id, ledger) for unit in units}
    subject = books.pop() if len(books) == 1 else "campaign"
    more = f" and {len(units) - 1} more" if len(units) > 1 else ""
    return Proposal(
        subject=subject or (f"unit:{units[0].id}" if len(units) == 1 else "campaign"),
        pass_name="withdrawal",
        title=f"Withdraw {units[0].id} {units[0].title}{more}",
        base=snapshot.label,
        withdraw=tuple(_withdrawal(workspace, index, unit, reason) for unit in units),
    )


def _unit(index: CorpusIndex, unit_id: str) -> Unit | None:
    unit = index.unit(unit_id)
    if unit is None and not _was_withdrawn(index, unit_id):
        raise UserError(f"There is no unit {unit_id} to withdraw.", remedy="Name the id of a shipped unit.")
    return unit


def _was_withdrawn(index: CorpusIndex, unit_id: str) -> bool:
    path = unitstatus.path_of(unit_id)
    return index.snapshot.exists(path) and unitstatus.parse(index.snapshot.text(path)).status == "withdrawn"


def _withdrawal(workspace: Workspace, index: CorpusIndex, unit: Unit, reason: str) -> Withdrawal:
    blob = index.snapshot.blobs()[unit.path]
    earlier = _state_before(workspace.git, unit.path)
    if earlier is None:  # it came with the workspace: nothing of it was an integration's
        mine = [EdgeChange(before=before, after=after) for before, after in unit_edges(unit, index)]
        return Withdrawal(id=unit.id, expected_blob=blob, reason=reason, own_note=True, own_edges=tuple(mine))
    before = CorpusIndex(workspace.at(earlier))
    pairs = {(edge.before, edge.after) for edge in before.deps.edges}
    mine = [EdgeChange(before=b, after=a) for b, a in unit_edges(unit, index) if (b, a) not in pairs]
    slug = unit.text_value("concept_catalog_id")
    return Withdrawal(
        id=unit.id,
        expected_blob=blob,
        reason=reason,
        known_before=tuple(dict.fromkeys(mention.by for mention in mentions(before, unit))),
        own_concept=bool(slug) and slug not in before.catalog,
        own_note=unit.id not in before.deps.notes,
        own_edges=tuple(mine),
        in_flight=unit.id in before.deps.pending,
    )


def _state_before(git: Git, path: str) -> str | None:
    """The commit before the one that brought the file; None when that was the first commit."""
    commit = git.out("log", "-1", "--format=%H", "--diff-filter=A", "--no-renames", "HEAD", "--", path)
    done = git.run("rev-parse", "--verify", "--quiet", f"{commit}^1", check=False) if commit else None
    return done.stdout.decode().strip() or None if done else None
