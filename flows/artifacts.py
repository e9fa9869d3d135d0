"""What a run leaves on its page in Prefect's UI: progress, defects, the scorecard."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from prefect.artifacts import (
    acreate_markdown_artifact,
    acreate_progress_artifact,
    acreate_table_artifact,
    aupdate_progress_artifact,
)

from codex.workspace import Workspace


class ProgressBar:
    """The progress artifact of one run."""

    def __init__(self, artifact: UUID) -> None:
        self._artifact = artifact
        self._shown = 0.0

    @classmethod
    async def create(cls, slug: str) -> ProgressBar:
        artifact = await acreate_progress_artifact(
            progress=0.0, key=_key("progress", slug), description=f"{slug}: the way from draft to covered"
        )
        return cls(artifact)

    async def show(self, percent: float) -> None:
        """Update the artifact when the figure has changed."""
        if percent != self._shown:
            self._shown = percent
            await aupdate_progress_artifact(artifact_id=self._artifact, progress=percent)


async def show_defects(slug: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """A table of everything that a gate or the integrator sent back in this run; none when there is nothing."""
    if rows:
        table = [{column: str(row.get(column, "")) for column in _COLUMNS} for row in rows]
        await acreate_table_artifact(table=table, key=_key("defects", slug), description="Sent back in this run")


async def show_scorecard(slug: str, workspace: Workspace) -> None:
    from codex.oversight.scorecard import render_markdown, scorecard

    text = render_markdown(scorecard(workspace, slug))
    await acreate_markdown_artifact(markdown=text, key=_key("scorecard", slug), description=f"Scorecard of {slug}")


_COLUMNS = ("pass", "unit", "attempt", "code", "where", "what")


def _key(what: str, slug: str) -> str:
    """Artifact keys are lower case, digits and dashes."""
    return f"{what}-{re.sub(r'[^a-z0-9]+', '-', slug.lower()).strip('-')}"
