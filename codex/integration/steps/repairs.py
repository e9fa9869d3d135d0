"""Repairs of shared files that a proposal asks for by name.

A proposal says only which kinds of finding are to be mended. What that means is computed here, from the state that the
proposal is applied to: no text of the proposer's gets into a file, and a repair is never older than what it repairs.
"""

from __future__ import annotations

from datetime import datetime

from codex.check import check_corpus
from codex.check.policy import Policy
from codex.integration.proposal import Proposal
from codex.integration.steps.draft import Draft
from codex.integration.steps.refused import Refused


def repair(draft: Draft, proposal: Proposal, now: datetime, policy: Policy) -> list[str]:
    """Mend what the proposal names, in its order; returns notes for the report. What is well already stays as it is.

    Raises Refused when a unit whose file is mended would fail a check that it passes now, DataError when a file that a
    repair needs cannot be read.
    """
    if not proposal.repairs:
        return []
    from codex.integration.adoption.registry import REPAIRS  # most proposals repair nothing
    from codex.integration.adoption.view import View

    notes: list[str] = []
    for name in proposal.repairs:
        mend = REPAIRS[name].repair
        done = mend(View(draft.snapshot()), now) if mend else None
        if done and done.changes:
            draft.update(done.changes)
            notes += [f"{name}: {note}" for note in done.notes]
    _require_no_worse(draft, policy)
    return notes


def _require_no_worse(draft: Draft, policy: Policy) -> None:
    mended = sorted(path for path in draft.changes if path.startswith("content/") and path.endswith(".md"))
    if not mended:
        return
    before = {result.path: result for result in check_corpus(draft.base, mended, policy=policy).results}
    after = check_corpus(draft.snapshot(), mended, policy=policy).results
    worse = [each.path for each in after if each.state == "failing" and before[each.path].state != "failing"]
    if worse:
        raise Refused(f"The repair would make units fail their checks: {', '.join(worse)}.")
