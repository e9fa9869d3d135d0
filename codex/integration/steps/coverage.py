"""manifests/fasttrack_coverage.md: rendered anew in every commit that adds to the ledger (curriculum §2)."""

from __future__ import annotations

from codex.campaign.ledger import Ledger
from codex.campaign.log import LOG
from codex.campaign.matrix import PATH, matrix, render
from codex.integration.steps.draft import Draft


def write_coverage(draft: Draft) -> None:
    """Put the matrix that the draft's ledger and plans give; nothing where no event was added."""
    if LOG in draft.changes:
        document = Ledger.load(draft.snapshot()).view()
        draft.put(PATH, render(matrix(document, draft.snapshot())).encode("utf-8"))
