"""The integrator: the one writer of a workspace.

``integrate`` spools proposals and sees them through; ``drain`` deals with everything that waits. Each proposal becomes
one commit or none: it is applied to the newest snapshot in memory (apply.py), made into a commit of objects, and
published by compare-and-swap; when somebody else was quicker, all of that is done again on the newer state.

How a proposal that was integrated before is recognised: its commit carries the trailer ``Codex-Proposal: <id>``. The
id covers the commit that the proposal was made from, so only newer history can hold it, and that is all that is
searched. It works in every clone and needs no record that could contradict the history.

After a kill the next call goes on by itself: before the branch moved nothing has happened and the proposal still
waits; afterwards the journal finishes checkout and result (journal.py).
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator, Sequence
from datetime import datetime

from codex.campaign import clock
from codex.errors import CodexError, Conflict, UserError
from codex.integration import journal, resident, spool
from codex.integration.ahead import Ahead
from codex.integration.apply import Outcome, apply_proposal
from codex.integration.checkout import begun
from codex.integration.finish import finish, heal, warned
from codex.integration.gitstore import make_commit, publish, store_tree
from codex.integration.lock import LockHeld, integrator_lock
from codex.integration.message import applied_in, commit_message
from codex.integration.proposal import IntegrationResult, Proposal
from codex.integration.push import Meeting
from codex.integration.threads import threads
from codex.integration.trees import UnsafeTree
from codex.integration.upkeep import keep_up
from codex.snapshot import CommitSnapshot, Snapshot
from codex.workspace import Workspace

log = logging.getLogger(__name__)

#: Lost races after which a proposal is left in the spool and the caller told.
MAX_RACES = 20

#: In a long turn the repository is looked at after so many commits; at the end of a turn in any case.
COMMITS_BETWEEN_UPKEEP = 25

#: Seconds to wait for another integration in the same workspace.
LOCK_TIMEOUT = 600.0


def integrate(
    workspace: Workspace,
    proposals: Sequence[Proposal | str],
    *,
    now: datetime | None = None,
    dry_run: bool = False,
    lock_timeout: float = LOCK_TIMEOUT,
    push: bool | None = None,
) -> list[IntegrationResult]:
    """Integrate proposals (or ids of spooled ones) and return what became of each, in their order.

    Each proposal is spooled first, so whatever happens here it is not lost; everything else that waits in the spool is
    dealt with in the same turn. ``now`` stamps events and commits (default: the clock, UTC). With ``dry_run`` nothing
    is written: each result says what would happen (``committed`` without a commit id). ``push``: to the configured
    remote; None does as the settings say. What could not be pushed is a warning of the results.

    Raises WorkspaceError when the workspace cannot be written to, LockHeld when another integration does not end,
    StorageError when the disk or git refuses, Conflict when the branch keeps moving: the proposals then still wait.
    """
    if dry_run:
        return _try_out(workspace, proposals, now)
    ids = [p if isinstance(p, str) else spool.put(workspace, p) for p in proposals]
    drain(workspace, now=now, lock_timeout=lock_timeout, push=push)
    return [_result_of(workspace, proposal_id) for proposal_id in ids]


def drain(
    workspace: Workspace,
    *,
    now: datetime | None = None,
    lock_timeout: float = LOCK_TIMEOUT,
    push: bool | None = None,
) -> list[IntegrationResult]:
    """Integrate everything that waits in the spool, oldest first; returns the results of this turn.

    ``push`` and errors as in ``integrate``; what was dealt with before an error stays done.
    """
    meeting = Meeting.of(workspace, now, push=push)
    results = _turn(workspace, meeting, now, lock_timeout)
    for note in meeting.notes:
        log.warning("%s", note)
    return results


def send(
    workspace: Workspace, *, now: datetime | None = None, lock_timeout: float = LOCK_TIMEOUT
) -> tuple[list[str], str]:
    """Push what the remote lacks, integrating first what waits.

    Returns what a person should know of it, and why it is not all there ("" when it is).
    """
    meeting = Meeting.of(workspace, now, push=True)
    _turn(workspace, meeting, now, lock_timeout)
    return meeting.notes, meeting.problem


def _turn(workspace: Workspace, meeting: Meeting, now: datetime | None, lock_timeout: float) -> list[IntegrationResult]:
    """See what the remote has, integrate on top of it, push; the network is not used under the lock."""
    if meeting.has_work():
        meeting.look()
    with integrator_lock(workspace.git_dir, timeout=lock_timeout):
        workspace.require_writable()
        heal(workspace)
        meeting.join()
        with resident.turn(workspace):
            results = list(_settled(workspace, now))
    meeting.deliver(lock_timeout)
    return [_delivered(workspace, meeting, result) for result in results]


def _delivered(workspace: Workspace, meeting: Meeting, result: IntegrationResult) -> IntegrationResult:
    """The result as it stands after the push: integrated again since, perhaps, or not on the remote yet."""
    result = spool.last_result(workspace, result.proposal) or result
    if result.status == "committed" and meeting.pushing and meeting.problem:
        result = warned(result, meeting.problem)
        spool.done(workspace, result.proposal, result)
    return result


def heal_if_free(workspace: Workspace) -> None:
    """Finish what a killed writer left, unless a writer is at work or the workspace is not writable now."""
    if workspace.writable_problem() is not None:
        return
    try:
        with integrator_lock(workspace.git_dir, timeout=0):
            heal(workspace)
    except LockHeld:
        return
    except CodexError as exc:
        log.warning("An interrupted integration could not be finished: %s", exc)


def _settled(workspace: Workspace, now: datetime | None) -> Iterator[IntegrationResult]:
    """Deal with everything that waits, and keep the repository small meanwhile."""
    commits = 0
    for waiting in spool.pending(workspace):
        result = _settle(workspace, waiting, now)
        yield result
        commits += result.status == "committed"
        if result.status == "committed" and commits % COMMITS_BETWEEN_UPKEEP == 0:
            keep_up(workspace.git, workspace.settings.git)
            gc.collect(1)  # it does not run by itself meanwhile (resident.turn)
    if commits % COMMITS_BETWEEN_UPKEEP:
        keep_up(workspace.git, workspace.settings.git)


def _settle(workspace: Workspace, waiting: spool.Spooled, now: datetime | None) -> IntegrationResult:
    """Deal with one waiting proposal. One on which our own code fails is set aside: it must not block the rest."""
    try:
        result = _integrate_one(workspace, waiting.proposal, now or clock.now())
    except CodexError:
        raise
    except Exception as exc:
        spool.set_aside(workspace, waiting.id, exc)
        raise
    if spool.result(workspace, waiting.id) is None:
        spool.done(workspace, waiting.id, result)
    return result


def _integrate_one(workspace: Workspace, proposal: Proposal, now: datetime) -> IntegrationResult:
    for _ in range(MAX_RACES):
        ref = _branch(workspace)
        snapshot = resident.state_at(workspace, ref)
        earlier = None if snapshot.commit == proposal.base else applied_in(workspace.git, proposal)
        if earlier:
            return _again(workspace, proposal, earlier)
        ahead = Ahead()
        outcome = apply_proposal(snapshot, proposal, now, workspace.settings, ahead.begin)
        if not outcome.changes:
            return outcome.result
        try:
            return _commit(workspace, ref, snapshot, proposal, outcome, ahead=ahead, now=now)
        except UnsafeTree as exc:
            return IntegrationResult(proposal=proposal.id, status="refused", reason=str(exc))
        except Conflict:
            log.info("The branch moved while %s was being integrated; trying again.", proposal.id)
    raise Conflict(
        f"The branch moved {MAX_RACES} times while proposal {proposal.id} was being integrated.",
        remedy="It waits in the spool; run `codexctl integrate` again.",
    )


def _commit(
    workspace: Workspace,
    ref: str,
    snapshot: CommitSnapshot,
    proposal: Proposal,
    outcome: Outcome,
    *,
    ahead: Ahead,
    now: datetime,
) -> IntegrationResult:
    git, base, blobs = workspace.git, snapshot.commit, ahead.blobs(outcome.changes)
    ids = {path: blob.oid if blob else None for path, blob in blobs.items()}
    known = journal.known_before(ids, outcome.offered, snapshot.blobs())
    tree = store_tree(git, base, blobs)
    contents = {path: data for path, data in outcome.changes.items() if data is not None}
    message = commit_message(proposal, outcome.result, workspace.settings.commit.co_authors)
    making = threads().submit(make_commit, git, base, tree.oid, message, now)
    with begun(git, known, tree.files, contents, workspace.state_dir) as checkout:
        if outcome.state:
            resident.foresee(outcome.state, blobs)
        commit = making.result()
        result = outcome.result.model_copy(update={"commit": commit})
        journal.add(workspace.state_dir, journal.Entry(ref=ref, commit=commit, known=known, result=result))
        publish(git, ref, commit, base, reason=f"codex: {proposal.title}")
        if outcome.state:
            resident.advance(workspace, outcome.state, commit)
        return warned(result, *finish(workspace, {commit: checkout}))


def _branch(workspace: Workspace) -> str:
    """The checked-out branch; raises the workspace's problem when there is none any more."""
    ref = workspace.git.branch_ref()
    if ref is None:
        workspace.require_writable()
        raise Conflict("The checked-out branch changes at this moment.", remedy="Run the command again.")
    return ref


def _again(workspace: Workspace, proposal: Proposal, earlier: IntegrationResult) -> IntegrationResult:
    """The answer for a proposal that is in the history already: what was found then, now ``unchanged``."""
    kept = spool.last_result(workspace, proposal.id)
    known = kept if kept and kept.commit == earlier.commit else earlier
    return known.model_copy(update={"status": "unchanged", "reason": f"integrated before, in {earlier.commit}"})


def _result_of(workspace: Workspace, proposal_id: str) -> IntegrationResult:
    result = spool.result(workspace, proposal_id)
    if result is None:
        raise UserError(
            f"There is no result for proposal {proposal_id}.", remedy="See .codex/state/spool for what waits there."
        )
    return result


def _try_out(
    workspace: Workspace, proposals: Sequence[Proposal | str], now: datetime | None
) -> list[IntegrationResult]:
    results = []
    with resident.turn(workspace):
        snapshot = _newest(workspace)
        for each in proposals:
            proposal = each if isinstance(each, Proposal) else spool.waiting(workspace, each)
            outcome = apply_proposal(snapshot, proposal, now or clock.now(), workspace.settings)
            snapshot = snapshot.with_changes(outcome.changes)
            results.append(outcome.result)
    return results


def _newest(workspace: Workspace) -> Snapshot:
    """The committed state, kept for whoever integrates after trying out; files as they are where there is none."""
    head = workspace.git.head() if workspace.has_git else None
    return resident.state_of(workspace, head) if head else workspace.snapshot()
