"""``codexctl doctor``: what this machine and this workspace need, and how to mend what is ill."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from codex.cli.common import JsonOption, WorkspaceOption, console, emit_json, requested_root, want_json

if TYPE_CHECKING:
    from pathlib import Path

    from codex.workspace import Workspace

_MARK = {"well": "ok  ", "note": "note", "ill": "ILL "}


def doctor(workspace: WorkspaceOption = None, output: JsonOption = "text") -> None:
    """Check Python, git, workspace, clock, disk, locks, key, server, ports and slots. Exit 1 when something is ill."""
    as_json = want_json(output)
    from deployments.diagnosis import as_data, examine

    findings = examine(_here(requested_root(workspace)))
    if as_json:
        emit_json(as_data(findings))
    else:
        out = console()
        for found in findings:
            out.print(f"{_MARK[found.verdict]}  {found.check:<10} {found.said}", markup=False)
            if found.mend:
                out.print(f"                 {found.mend}", markup=False)
    if any(found.verdict == "ill" for found in findings):
        raise typer.Exit(1)


def _here(named: Path | None) -> Workspace | None:
    """The workspace that is meant; None outside of one. A named one has to exist."""
    from codex.errors import WorkspaceError
    from codex.integration.opening import open_workspace

    try:
        return open_workspace(named)
    except WorkspaceError:
        if named is not None:
            raise
        return None
