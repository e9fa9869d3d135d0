"""What stands at the head of the dashboard, whatever shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from codex.oversight.panels.recent import Commits
from codex.oversight.sheet import Panel, one_line
from codex.oversight.view import View


def headline(view: View, panels: Mapping[str, Panel]) -> str:
    """Campaign, workspace, commit and time (UTC)."""
    return f"{view.campaign.title} · {' · '.join(whence(view, panels))}"


def whence(view: View, panels: Mapping[str, Panel]) -> list[str]:
    """Where the figures come from: folder, branch and commit, time."""
    recent = cast(Commits, panels["commits"])
    named = [recent.branch] if recent.branch else []
    commit = [" at ".join([*named, recent.rows[0].id])] if recent.rows else []
    return [one_line(view.workspace.root.name, 60), *commit, f"{view.now:%Y-%m-%d %H:%M} UTC"]
