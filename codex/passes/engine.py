"""Run one pass, or one unit of production: brief → agent → reply → gate → proposal, spooled for the integrator.

No function here writes to the workspace: what comes out is the id of a spooled proposal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from codex.agents.backend import Backend
    from codex.agents.journal import Journal
    from codex.workspace import Workspace

#: Called with one line for people whenever something worth seeing happens (a turn, a defect list, a verdict).
Progress = Callable[[str], None]


@dataclass(frozen=True)
class PassResult:
    """What became of one pass run. ``proposal`` is the spooled proposal's id; integrate it in any case."""

    subject: str
    pass_name: str
    unit: str | None
    attempt: int
    outcome: Literal["completed", "failed", "shortfall"]
    proposal: str
    defects: tuple[dict[str, Any], ...] = ()
    figures: dict[str, Any] = field(default_factory=dict)
    cost_usd: str = "0"
    turns: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Services:
    """What a pass needs beside the workspace: who answers, and where calls are journaled. One per process."""

    backend: Backend
    journal: Journal
    record_dir: Path | None = None

    @classmethod
    def open(
        cls, workspace: Workspace, backend: str | None, *, record_dir: Path | None = None, recordings: Path | None = None
    ) -> Services: ...

    def close(self) -> None: ...


def production_units(workspace: Workspace, subject: str) -> list[str]: ...  # ids of outstanding deliverables, in order


async def run_pass(
    workspace: Workspace,
    services: Services,
    subject: str,
    pass_name: str,
    *,
    unit: str | None = None,
    owner: str | None = None,
    progress: Progress = lambda line: None,
) -> PassResult: ...
