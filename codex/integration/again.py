"""Integrate again: commits that the remote lacks are made anew on top of what the remote has (decision 14).

An integration is not rebased, its proposal is integrated once more: edges, ledger numbers, the chain of the log and
every check are those of the new state. So a unit that was accepted here can be turned down there; its proposal is then
kept in ``spool/late/``. A person's commits are carried over where that needs no merging (person.py), else nothing is
changed. Everything is made of objects first (``anew``); the branch moves once, at the end (``settle``).

Between the two the new commits may be pushed. A kill in between leaves a branch whose work the remote has under other
ids: made anew on what the remote has, each proposal is found there by its trailer, each commit of a person by its
author, committer, times and message.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime

from codex.errors import Conflict
from codex.gitio import Git
from codex.integration import journal, resident, spool
from codex.integration.ahead import Ahead
from codex.integration.apply import apply_proposal
from codex.integration.faults import point
from codex.integration.finish import finish, warned
from codex.integration.gitstore import (
    FileChange,
    build_commit,
    commit_of,
    differences,
    is_ancestor,
    publish,
    safe_environment,
)
from codex.integration.message import applied_in, commit_message, proposal_of
from codex.integration.person import carried_over, is_carried, title_of
from codex.integration.proposal import IntegrationResult, Proposal
from codex.integration.trees import UnsafeTree
from codex.workspace import Workspace

log = logging.getLogger(__name__)

_FILES = {None, "100644", "100755"}
#: Folders that no remote may write into.
_PRIVATE = frozenset({".git", ".codex"})
_BY_HAND = "Join the branches by hand with `git fetch` and `git merge`, then run `codexctl integrate --push`."
_SEE_REPORT = "manifests/integration_report.md says why"
_NO_KIN = "Correct `[git] remote` in codex.toml, or begin from a clone of the remote."
#: Why the branch moved, in its reflog.
_FOLLOW = "codex: follow the remote"
_AGAIN = "codex: integrate again on the remote's"
#: Where commits stay findable that were replaced at somebody's cost.
_REPLACED = "refs/codex/replaced"


@dataclass
class Chain:
    """The commits of the branch, at ``ours``, made anew on top of ``base``; nothing refers to them yet.

    ``tip`` is the last one, ``notes`` what a person should know, ``lost`` the proposals that are turned down now.
    """

    ours: str
    base: str
    tip: str
    results: list[IntegrationResult] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


def join(workspace: Workspace, theirs: str, now: datetime, *, rewrite: bool) -> list[str]:
    """Bring the checked-out branch to hold ``theirs``, a commit that was fetched. Returns what a person should know.

    Fast-forward when the branch has nothing of its own; with ``rewrite`` its own commits are made anew on top, without
    it they are left as they are. Call it under the lock. Raises Conflict, nothing being changed, when a commit cannot
    be made anew, or the branch moved meanwhile.
    """
    ours = workspace.git.head()
    if ours is None or not (rewrite or is_ancestor(workspace.git, ours, theirs)):
        return []
    return settle(workspace, anew(workspace, ours, theirs, now))


def anew(workspace: Workspace, ours: str, theirs: str, now: datetime) -> Chain:
    """What ``ours`` has and ``theirs`` lacks, made of objects on top of ``theirs``; no ref and no file changes.

    Its tip is ``ours`` when that holds ``theirs`` already. Call it under the lock. Raises Conflict when a commit
    cannot be made anew.
    """
    since = workspace.git.run("merge-base", ours, theirs, check=False)
    if since.returncode:
        raise Conflict("the remote's branch and the one here have no commit in common", remedy=_NO_KIN)
    base = since.stdout.decode().split()[0]
    if base in {ours, theirs}:
        return Chain(ours, theirs, theirs if base == ours else ours)
    point("again.begin")
    with resident.turn(workspace):
        chain = _made_anew(workspace, Chain(ours, theirs, theirs), base, now)
    point("again.made")
    return chain


def settle(workspace: Workspace, chain: Chain) -> list[str]:
    """Let branch, work tree and index follow, the branch being at ``chain.ours``; returns what a person should know.

    Call it under the lock. Raises Conflict when the branch moved meanwhile.
    """
    ref = workspace.git.branch_ref()
    if ref is None or chain.tip == chain.ours:
        return []
    _secure(workspace, chain)
    return chain.notes + _move(workspace, ref, chain)


def _made_anew(workspace: Workspace, chain: Chain, since: str, now: datetime) -> Chain:
    git, ours, theirs = workspace.git, chain.ours, chain.base
    kept = {commit: name for name, commit in spool.kept(workspace).items()}
    for line in git.out("rev-list", "--reverse", "--topo-order", "--parents", f"{theirs}..{ours}").splitlines():
        commit, *parents = line.split()
        if len(parents) != 1:
            raise Conflict(f"{title_of(git, commit)} joins several commits", remedy=_BY_HAND)
        name = kept.get(commit) or _named(workspace, commit, parents[0])
        proposal = spool.kept_proposal(workspace, name) if name else None
        if proposal:
            _integrate_again(workspace, chain, proposal, now)
        elif not is_carried(git, commit, parents[0], f"{since}..{theirs}"):
            _carry_over(git, chain, commit, parents[0])
        point("again.commit")
    return chain


def _named(workspace: Workspace, commit: str, parent: str) -> str | None:
    """The id of the proposal that this commit carries out; one whose content was amended is the person's own."""
    named = proposal_of(workspace.git.out("log", "-1", "--format=%B", commit))
    made = spool.last_result(workspace, named) if named else None
    if not named or made is None or made.commit is None:
        return None
    if commit != made.commit and not _same_change(workspace.git, commit, parent, made.commit):
        return None
    return named


def _same_change(git: Git, commit: str, parent: str, other: str) -> bool:
    """True when both commits change the same files from the same to the same content (one was moved by hand)."""
    before = commit_of(git, f"{other}^")
    return before is not None and differences(git, parent, commit) == differences(git, before, other)


def _integrate_again(workspace: Workspace, chain: Chain, proposal: Proposal, now: datetime) -> None:
    before = spool.last_result(workspace, proposal.id)
    found = applied_in(workspace.git, proposal, chain.tip)
    if found and before and before.accepted == found.accepted:  # it says more than the history does
        found = before.model_copy(update={"commit": found.commit})
    result = found or _applied(workspace, chain, proposal, now)
    lost = [unit for unit in (before.accepted if before else ()) if unit not in result.accepted]
    if lost or result.status == "refused":
        told = result.reason or "; ".join(f"{each.id}: {each.detail}" for each in result.rejected) or _SEE_REPORT
        place = workspace.state_dir / "spool" / "late" / f"{proposal.id}.json"
        note = f"{proposal.title} ({', '.join(lost)}) is no longer accepted on the remote's state: {told}"
        chain.notes.append(f"{note}. Its proposal is in {place}.")
        chain.lost.append(proposal.id)
        result = warned(result, chain.notes[-1])
    chain.results.append(result)


def _applied(workspace: Workspace, chain: Chain, proposal: Proposal, now: datetime) -> IntegrationResult:
    """Integrate on top of the chain; the result, its commit (if any) being the new tip."""
    ahead, state = Ahead(), resident.state_of(workspace, chain.tip)
    outcome = apply_proposal(state, proposal, now, workspace.settings, ahead.begin)
    if not outcome.changes:
        return outcome.result
    message = commit_message(proposal, outcome.result, workspace.settings.commit.co_authors)
    blobs = ahead.blobs(outcome.changes)
    try:
        chain.tip = build_commit(workspace.git, chain.tip, blobs, message, now)
    except UnsafeTree as exc:
        return IntegrationResult(proposal=proposal.id, status="refused", reason=str(exc))
    if outcome.state:
        resident.foresee(outcome.state, blobs)
        resident.advance(workspace, outcome.state, chain.tip)
    return outcome.result.model_copy(update={"commit": chain.tip})


def _carry_over(git: Git, chain: Chain, commit: str, parent: str) -> None:
    copy = carried_over(git, commit, parent, chain.tip)
    chain.notes.append(f"Your commit {title_of(git, commit)} was put on top of the remote's, as {copy[:12]}.")
    chain.tip = copy


def _secure(workspace: Workspace, chain: Chain) -> None:
    """Keep what somebody may want to look at again: the old commits, and proposals that are no longer accepted."""
    for proposal_id in chain.lost:
        spool.set_late(workspace, proposal_id)
    if chain.notes:
        kept = f"{_REPLACED}/{chain.ours[:12]}"
        workspace.git.run("update-ref", kept, chain.ours, env=safe_environment())
        chain.notes.append(f"The commits as they were: {kept}.")


def _move(workspace: Workspace, ref: str, chain: Chain) -> list[str]:
    """Move the branch, then work tree and index; returns what was not checked out."""
    old, new = chain.ours, chain.tip
    changes = differences(workspace.git, old, new)
    plain = [change for change in changes if _is_plain(change)]
    known = {c.path: tuple(dict.fromkeys((c.old, c.new))) for c in plain}
    entries = [journal.Entry(ref=ref, commit=new, known=known)]
    entries += [journal.Entry(ref=ref, commit=new, known={}, result=result) for result in chain.results]
    journal.add(workspace.state_dir, *entries)
    publish(workspace.git, ref, new, old, reason=_FOLLOW if new == chain.base else _AGAIN)
    others = [f"{c.path} was not checked out: it is no plain file there." for c in changes if not _is_plain(c)]
    return finish(workspace) + others


def _is_plain(change: FileChange) -> bool:
    folders = change.path.split("/")[:1]
    return {change.old_mode, change.new_mode} <= _FILES and not _PRIVATE & set(folders)
