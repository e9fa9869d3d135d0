"""Push after an integration, when the settings say so: fast-forward only, and never at the price of the commit."""

from __future__ import annotations

from codex.gitio import GitFailed
from codex.integration.gitstore import safe_environment
from codex.workspace import Workspace


def push(workspace: Workspace) -> str | None:
    """Push the checked-out branch to the configured remote; why that failed, as a sentence, or None."""
    git, settings = workspace.git, workspace.settings.git
    ref = git.branch_ref()
    if not (settings.push and settings.remote and ref):
        return None
    try:
        git.run("push", "--quiet", "--", settings.remote, f"{ref}:{ref}", env=safe_environment())
    except GitFailed as exc:
        return f"The commit is not on {settings.remote} yet: {exc.what}"
    return None
