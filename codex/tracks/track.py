"""What a track is: kinds of subject with their machines, the ladders of its passes, and where the code of both stands.

A track is data. What is heavy (passes with their reply models) or asks the ledger (conditions) is named as
``module:attribute`` and loaded when it is first wanted, so that a command which only reads the ledger stays quick.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from codex.errors import UserError
from codex.tracks.ladder import Ladder
from codex.tracks.machine import Machine


@dataclass(frozen=True)
class Track:
    """``passes`` names a mapping of pass name → ``codex.passes.base.Pass``, ``conditions`` one of name → condition.

    ``ladders``: pass → what follows its faulty replies; ``tier_ladders``: the same for (pass, tier); ``shortfalls``:
    pass → what follows when its reply is sound and the subject falls short.
    """

    name: str
    machines: tuple[Machine, ...]
    passes: str
    conditions: str = ""
    ladders: Mapping[str, Ladder] = field(default_factory=dict)
    tier_ladders: Mapping[tuple[str, str], Ladder] = field(default_factory=dict)
    shortfalls: Mapping[str, Ladder] = field(default_factory=dict)

    @property
    def pass_names(self) -> tuple[str, ...]:
        """The passes of its machines, each once, in their order."""
        return tuple(dict.fromkeys(name for machine in self.machines for name in machine.passes))


def load(reference: str) -> Any:
    """What ``module:attribute`` names; raises UserError when it cannot be had."""
    module, _, attribute = reference.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise UserError(
            f"{reference} cannot be loaded: {error}.", remedy="Mend or uninstall the package that names it."
        ) from error
