"""All passes, in one visible place."""

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

PASSES: dict[str, Pass[Any]] = {p.name: p for p in (AUDIT, GAP, PLAN, PRODUCTION, VERIFY, WEAVE, CONTINUITY)}


def get_pass(name: str) -> Pass[Any]:
    """The pass of that name, or of that short name (``audit``, ``production`` …); raises UserError."""
    for each in PASSES.values():
        if name in {each.name, each.prompt, each.name.partition("_")[0]}:
            return each
    raise UserError(f"There is no pass {name!r}.", remedy=f"The passes are {', '.join(PASSES)}.")
