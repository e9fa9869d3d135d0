"""What a run leaves on its page in Prefect's UI: progress, defects, the scorecard, the dashboard."""

from __future__ import annotations

import asyncio
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

from codex.errors import CodexError
from codex.oversight.render.markdown import cells, escape, markdown
from codex.oversight.sheet import Sheet
from codex.recovery.decide import Decision
from codex.recovery.figures import Figures
from codex.tracks.fasttrack.books import BOOK
from codex.workspace import Workspace
from flows.reporting import say


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


async def show_result(subject: str, workspace: Workspace) -> None:
    """What a run leaves of its subject in the end: a book's scorecard; of other kinds their state says enough."""
    from codex.oversight.scorecard import render_markdown, scorecard

    kind, _, slug = subject.partition(":")
    if kind == BOOK.kind:
        text = render_markdown(scorecard(workspace, slug))
        await acreate_markdown_artifact(markdown=text, key=_key("scorecard", slug), description=f"Scorecard of {slug}")


async def show_recovery(slug: str, decision: Decision, spent: Figures) -> None:
    """What a recovery saved: the table that was promised, and what it took."""
    from codex.recovery.told import COLUMNS, rows

    table = [dict(zip(("", *COLUMNS), row, strict=True)) for row in rows(decision, spent)]
    about = f"{decision.action}: {decision.reason}"
    await acreate_table_artifact(table=table, key=_key("recovery", slug), description=about)


async def show_dashboard(workspace: Workspace) -> None:
    """The panels of the dashboard as they are now, an artifact each: a table where that is all, else Markdown.

    Work is not undone by a picture of it: where a panel cannot be computed, the run's log says so.
    """
    try:
        sheets = await asyncio.to_thread(_sheets, workspace)
    except CodexError as error:
        say(f"no dashboard: {error}")
        return
    await asyncio.gather(*(_show_panel(name, sheet) for name, sheet in sheets.items()))


def _sheets(workspace: Workspace) -> dict[str, Sheet]:
    from codex.oversight.panels import all_panels
    from codex.oversight.view import View

    return {name: panel.sheet() for name, panel in all_panels(View.of_commit(workspace)).items()}


async def _show_panel(name: str, sheet: Sheet) -> None:
    key = _key("dashboard", name)
    if sheet.lines and not sheet.bars and not sheet.facts:
        about = f"{sheet.title}. {sheet.note}".strip()
        await acreate_table_artifact(table=cells(sheet), key=key, description=escape(about))
    else:
        await acreate_markdown_artifact(markdown=markdown(sheet), key=key, description=escape(sheet.title))


_COLUMNS = ("pass", "unit", "attempt", "code", "where", "what")


def _key(what: str, slug: str) -> str:
    """Artifact keys are lower case, digits and dashes."""
    return f"{what}-{re.sub(r'[^a-z0-9]+', '-', slug.lower()).strip('-')}"
