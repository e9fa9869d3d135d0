"""The seven passes of a book, in one visible place; those of other tracks are found by way of their track."""

from __future__ import annotations

from typing import Any

from codex.errors import UserError
from codex.passes.audit import AUDIT
from codex.passes.base import Pass
from codex.passes.continuity import CONTINUITY
from codex.passes.gap import GAP
from codex.passes.plan import PLAN
from codex.passes.production import PRODUCTION
from codex.passes.verify import VERIFY
from codex.passes.weave import WEAVE
from codex.tracks.registry import passes

#: What the book track names (codex/tracks/fasttrack).
FASTTRACK: dict[str, Pass[Any, Any]] = {
    each.name: each for each in (AUDIT, GAP, PLAN, PRODUCTION, VERIFY, WEAVE, CONTINUITY)
}


def get_pass(name: str) -> Pass[Any, Any]:
    """The pass of that name, or of that short name (``audit``, ``P4`` …); raises UserError."""
    known = passes()
    for each in known.values():
        if name in {each.name, each.prompt, each.name.partition("_")[0]}:
            found: Pass[Any, Any] = each
            return found
    raise UserError(f"There is no pass {name!r}.", remedy=f"The passes are {', '.join(known)}.")
