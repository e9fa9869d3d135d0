"""Push after an integration, when the settings say so: fast-forward only, and never at the price of the commit."""

from __future__ import annotations

from collections.abc import Sequence

from codex.gitio import GitFailed
from codex.integration.gitstore import safe_environment
from codex.integration.proposal import IntegrationResult
from codex.workspace import Workspace


def push(workspace: Workspace, results: Sequence[IntegrationResult]) -> list[IntegrationResult]:
    """Push the branch to the configured remote; a refusal becomes a warning of the last result."""
    git, settings = workspace.git, workspace.settings.git
    ref = git.branch_ref()
    if not (settings.push and settings.remote and ref):
        return list(results)
    try:
        git.run("push", "--quiet", "--", settings.remote, f"{ref}:{ref}", env=safe_environment())
    except GitFailed as exc:
        return [*results[:-1], _warned(results[-1], f"Not pushed to {settings.remote}: {exc.what}")]
    return list(results)


def _warned(result: IntegrationResult, warning: str) -> IntegrationResult:
    return result.model_copy(update={"warnings": (*result.warnings, warning)})
