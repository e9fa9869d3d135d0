"""Open a backend by its name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from codex.agents.backend import Backend
from codex.errors import BackendError

BACKENDS = ("anthropic", "handoff", "replay")

#: Names a local server that already runs, instead of one started for the run (tests that kill the run use it).
REPLAY_URL = "CODEX_REPLAY_URL"


@contextmanager
def open_backend(
    name: str | None,
    *,
    workspace: Path,
    state_dir: Path,
    recordings: Path | None = None,
    log: Path | None = None,
    first: float = 600.0,
    idle: float = 300.0,
) -> Iterator[Backend]:
    """The backend ``name``; for ``replay`` the local server lives as long as the block.

    ``recordings`` is the folder to replay; ``log`` gets one line a request of the local server; ``first`` and ``idle``
    are the API's limits in seconds (AnthropicBackend). Raises BackendError
    when no backend is named, when it needs a key that is not set, or recordings that are not there.
    """
    if name == "anthropic":
        from codex.agents.anthropic_backend import AnthropicBackend

        yield AnthropicBackend(first=first, idle=idle)
    elif name == "handoff":
        from codex.agents.handoff import HandoffBackend

        yield HandoffBackend(workspace, state_dir)
    elif name == "replay":
        yield from _replaying(recordings, log)
    else:
        known = ", ".join(BACKENDS)
        what = f"There is no backend {name!r}." if name else "No backend is named, so nobody would answer."
        raise BackendError(what, remedy=f"Choose one: --backend {known} (anthropic needs ANTHROPIC_API_KEY).")


def _replaying(recordings: Path | None, log: Path | None) -> Iterator[Backend]:
    from codex.agents.anthropic_backend import replay_backend
    from codex.agents.replay_server import ReplayServer

    running = os.environ.get(REPLAY_URL)
    if running:
        yield replay_backend(running)
        return
    if recordings is None or not recordings.is_dir():
        raise BackendError(
            f"There are no recordings to replay{f' in {recordings}' if recordings else ''}.",
            remedy="Name their folder, or choose another backend: --backend anthropic or handoff.",
        )
    with ReplayServer(recordings, log=log) as server:
        yield replay_backend(server.url)
