"""``adopt --write``: what is repairable is mended through the integrator, one commit a kind."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from codex.integration.adoption.registry import REPAIRS
from codex.integration.adoption.view import View
from codex.integration.integrator import integrate
from codex.integration.proposal import IntegrationResult, Proposal
from codex.workspace import Workspace

PASS = "adopt"


@dataclass(frozen=True, slots=True)
class Mended:
    """A kind of finding and what became of the proposal that mends it."""

    kind: str
    result: IntegrationResult


def proposal_of(name: str, base: str) -> Proposal:
    """The proposal that mends one kind of finding."""
    values = {"subject": "campaign", "pass_name": PASS, "title": f"Adopt: mend {REPAIRS[name].title}", "base": base}
    return Proposal.model_validate(values | {"repairs": (name,)})


def to_mend(view: View, only: Collection[str] | None = None) -> list[str]:
    """Repairable kinds of which something is found, by name and in the order of the registry."""
    wanted = REPAIRS if only is None else [name for name in REPAIRS if name in only]
    return [name for name in wanted if any(True for _ in REPAIRS[name].find(view))]


def mend(workspace: Workspace, *, only: Collection[str] | None = None, now: datetime | None = None) -> list[Mended]:
    """Mend the committed state, every repairable kind or only some; returns what became of each that was tried.

    A commit each, so that a person can look at one, or take one back with ``git revert``. Mending one kind may bring
    another to light (an id that lost its quotation marks joins the graph), so this goes on until nothing more changes.
    Errors as in ``integrate``; what was mended before one stays so.
    """
    done: list[Mended] = []
    for _ in REPAIRS:
        snapshot = workspace.snapshot()
        names = to_mend(View(snapshot), only)
        results = integrate(workspace, [proposal_of(name, snapshot.label) for name in names], now=now) if names else []
        tried = [Mended(name, each) for name, each in zip(names, results, strict=True) if each.status != "unchanged"]
        done += tried
        if not any(each.result.status == "committed" for each in tried):
            break
    return done
