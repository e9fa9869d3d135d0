"""Finish what was published: bring work tree and index to the branch and keep the results, also after a kill.

The journal (journal.py) says what is left to do; carrying it out twice does no harm.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType

from codex.integration import journal, resident, spool
from codex.integration.checkout import Checkout, Left, bring_to, clear_temporary
from codex.integration.gitstore import clear_scratch, commit_of, is_ancestor
from codex.integration.indexfile import Known
from codex.integration.proposal import IntegrationResult
from codex.workspace import Workspace

log = logging.getLogger(__name__)


def heal(workspace: Workspace) -> None:
    """Finish checkout and results of commits that a killed writer published. Call it under the lock."""
    clear_scratch(workspace.git_dir)
    clear_temporary(workspace.state_dir)
    for problem in finish(workspace):
        log.warning("%s", problem)


def finish(workspace: Workspace, ready: Mapping[str, Checkout] = MappingProxyType({})) -> list[str]:
    """Carry out the journal: bring work tree and index to the branch, keep the results. Returns what was left.

    ``ready``: checkouts that have begun, by commit.
    """
    entries = journal.load(workspace.state_dir).entries
    if not entries:
        return []
    ref = workspace.git.branch_ref()
    current = commit_of(workspace.git, ref) if ref else None
    valid = [e for e in entries if current and e.ref == ref and is_ancestor(workspace.git, e.commit, current)]
    left = _brought(workspace, current, journal.merged(valid), ready) if valid and current else []
    problems = [f"{each.path} was not checked out: {each.reason}." for each in left]
    for entry in valid:
        if entry.result and _is_news(workspace, entry.result):
            spool.done(workspace, entry.result.proposal, warned(entry.result, *problems))
    again = [e.model_copy(update={"result": None}) for e in valid] if any(each.again for each in left) else []
    journal.save(workspace.state_dir, journal.Journal(entries=_joined(again)))
    return problems


def _brought(workspace: Workspace, commit: str, known: Known, ready: Mapping[str, Checkout]) -> list[Left]:
    checkout = ready.get(commit)
    if checkout and checkout.known == known:
        return checkout.carry_out()
    return bring_to(workspace.git, commit, known, workspace.state_dir, partial(resident.kept_blob, workspace))


def warned(result: IntegrationResult, *warnings: str) -> IntegrationResult:
    """The result with more warnings."""
    return result.model_copy(update={"warnings": (*result.warnings, *warnings)})


def _is_news(workspace: Workspace, result: IntegrationResult) -> bool:
    """True for a proposal without a kept result, and for one that was integrated again since (again.py)."""
    kept = spool.result(workspace, result.proposal)
    return kept is None or kept.commit != result.commit


def _joined(entries: Sequence[journal.Entry]) -> tuple[journal.Entry, ...]:
    """The entries as one, so that the journal does not grow while an obstacle stays."""
    return (entries[-1].model_copy(update={"known": journal.merged(entries)}),) if entries else ()
