"""``codexctl check``: the validator."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codex.cli.common import WorkspaceOption, emit_json, open_workspace_root, requested_root
from codex.errors import UserError, WorkspaceError

if TYPE_CHECKING:
    from codex.check import CheckReport

_FORMATS = ("text", "json", "github", "sarif")


def check(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files or folders. Default: content/.", show_default=False)
    ] = None,
    level: Annotated[str, typer.Option(help="core: the gate. full: the stricter rules as well.")] = "core",
    select: Annotated[str, typer.Option(help="Only these rules: codes or their beginnings, with commas.")] = "",
    format_: Annotated[str, typer.Option("--format", help="text, json, github or sarif.")] = "text",
    explain: Annotated[str, typer.Option(help="Explain a rule and stop; `all` lists them.", metavar="CODE")] = "",
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Judge every unit anew.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="What is not judged counts as falling short.")] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Check units against the rubric: 0 all well, 1 something falls short, 2 the call is wrong."""
    if explain:
        from codex.check.explain import explain as explain_rule

        typer.echo(explain_rule(explain), nl=False)
        return
    if format_ not in _FORMATS:
        raise UserError(f"There is no format {format_!r}.", remedy=f"Use one of {', '.join(_FORMATS)}.")
    if level not in ("core", "full"):
        raise UserError(f"There is no level {level!r}.", remedy="Use core or full.")
    root = _root(workspace, paths)
    raise typer.Exit(_run(root, paths, level, select.split(","), format_, strict, not no_cache))


def _root(workspace: Path | None, paths: Sequence[Path] | None) -> Path:
    """The workspace of the call: as given, else around the current folder, else around the first path."""
    try:
        return open_workspace_root(workspace).resolve()
    except WorkspaceError:
        if requested_root(workspace) is not None or not paths:
            raise
        return open_workspace_root(paths[0].parent).resolve()


def _run(
    root: Path, paths: Sequence[Path] | None, level: str, select: Sequence[str], format_: str, strict: bool, cache: bool
) -> int:
    from codex.cache.tree import CachedTree
    from codex.check import check_corpus
    from codex.cli.cached import open_store

    wanted = [relative_path(root, path) for path in paths] if paths else None
    store = open_store(root, wanted=cache)
    tree = CachedTree(root, store)
    report = check_corpus(tree, wanted, level="full" if level == "full" else "core", select=select, store=store)
    _print(report, format_)
    return report.exit_status(strict=strict)


def relative_path(root: Path, path: Path) -> str:
    """A path as the user named it (from the current folder, or from the workspace) relative to the workspace."""
    for candidate in (path.absolute(), root / path):
        place = Path(os.path.normpath(candidate))
        for real in (place, place.resolve()):
            if real.is_relative_to(root) and real.exists():
                return real.relative_to(root).as_posix()
    raise UserError(f"There is no {path} in the workspace {root}.", remedy="Name a file or folder of the workspace.")


def _print(report: CheckReport, format_: str) -> None:
    if format_ == "json":
        from codex.check.formats.as_json import report_document

        emit_json(report_document(report))
    elif format_ == "sarif":
        from codex.check.formats.as_sarif import report_sarif

        emit_json(report_sarif(report))
    elif format_ == "github":
        from codex.check.formats.as_github import report_github

        sys.stdout.write(report_github(report))
    else:
        from codex.check.formats.as_text import report_text

        sys.stdout.write(report_text(report))
