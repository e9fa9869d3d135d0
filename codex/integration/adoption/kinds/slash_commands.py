"""The slash commands of coding agents that a workspace of ours has."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from codex.integration.adoption.kind import Found, Kind, Repair
from codex.integration.adoption.view import View
from codex.integration.commands import slash_commands


def _missing(view: View) -> dict[str, bytes]:
    return {path: data for path, data in slash_commands().items() if not view.snapshot.exists(path)}


def _find(view: View) -> Iterator[Found]:
    for path in _missing(view):
        yield Found(path, None, "it is not there")


def _repair(view: View, now: datetime) -> Repair:
    missing = _missing(view)
    return Repair(missing, (f"slash commands added: {len(missing)}",)) if missing else Repair()


KIND = Kind(
    name="missing-commands",
    group="workspace",
    title="slash commands that the workspace lacks",
    means="A coding agent that works here cannot call /produce-next, /audit-next or /dashboard.",
    mends="Adds them to .claude/commands/; a file of yours with the same name stays as it is.",
    find=_find,
    repair=_repair,
)
