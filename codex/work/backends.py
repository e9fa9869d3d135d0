"""Who answers the agents' calls of a run."""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path

from codex.errors import BackendError
from codex.workspace import Workspace


def choose_backend(workspace: Workspace, asked: str | None, recordings: str | None) -> tuple[str, Path | None]:
    """The backend of a run and, for replay, its folder of recordings.

    What is asked for goes before codex.toml, and that before a key in the environment. Raises BackendError, naming
    the choices, when nothing is chosen or what is chosen cannot answer.
    """
    name = asked or workspace.settings.agents.backend or ("anthropic" if os.environ.get("ANTHROPIC_API_KEY") else None)
    if name is None:
        raise BackendError(
            "There is no key for the Anthropic API and no backend is chosen, so nobody would answer.",
            remedy="Set ANTHROPIC_API_KEY, or add --backend handoff (an agent or a person answers, through files) "
            "or --backend replay (recorded replies).",
        )
    if name == "anthropic":
        from codex.agents.anthropic_backend import AnthropicBackend

        AnthropicBackend()  # raises when it has neither key nor address
    return name, _recordings(recordings) if name == "replay" else None


def packaged_recordings() -> Path:
    """The recordings of the embedded pilot."""
    return Path(str(resources.files("manifests"))) / "pilot" / "recordings"


def _recordings(named: str | None) -> Path:
    folder = Path(named) if named else packaged_recordings()
    if not folder.is_dir():
        raise BackendError(f"There are no recordings in {folder}.", remedy="Name their folder with --recordings DIR.")
    return folder
