"""Who answers the calls of passes, and where they are journaled: opened once per process."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from codex.agents.backends import open_backend
from codex.agents.journal import Journal
from codex.agents.recording import Recorder

if TYPE_CHECKING:
    from codex.agents.backend import Backend
    from codex.workspace import Workspace


@dataclass(frozen=True)
class Services:
    """What a pass needs beside the workspace: who answers, and where calls are journaled. One per process."""

    backend: Backend
    journal: Journal
    recorder: Recorder | None = None
    _owned: ExitStack = field(default_factory=ExitStack)

    @classmethod
    def open(
        cls,
        workspace: Workspace,
        backend: str | None,
        *,
        record_dir: Path | None = None,
        recordings: Path | None = None,
        log: Path | None = None,
    ) -> Services:
        """Open the journal and the backend (default: ``[agents] backend`` of codex.toml).

        ``recordings`` is the folder that the replay backend answers from, ``log`` gets a line for each request that it
        answers. Raises BackendError when no backend is named or it cannot be used.
        """
        owned = ExitStack()
        try:
            name = backend or workspace.settings.agents.backend
            chosen = workspace.settings.agents
            opened = open_backend(
                name, workspace=workspace.root, state_dir=workspace.state_dir, recordings=recordings, log=log,
                first=chosen.first_seconds, idle=chosen.idle_seconds,
            )  # fmt: skip
            answering = owned.enter_context(opened)
            journal = Journal(workspace.state_dir / "journal.sqlite3")
        except BaseException:
            owned.close()
            raise
        owned.callback(journal.close)
        return cls(answering, journal, Recorder(record_dir) if record_dir else None, owned)

    def close(self) -> None:
        self._owned.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
