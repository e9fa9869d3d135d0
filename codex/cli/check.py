"""``codexctl check``: the validator."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codex.cli.chosen import SinceOption, UnitOption, chosen_paths
from codex.cli.common import WorkspaceOption, chosen_format, emit_json, open_workspace_root, requested_root
from codex.errors import UserError, WorkspaceError

if TYPE_CHECKING:
    from codex.cache.tree import CachedTree
    from codex.check import CheckReport
    from codex.check.policy import Policy
    from codex.check.rule import Level

_FORMATS = ("text", "json", "github", "sarif")
_LEVELS = ("", "core", "full")

FIX_HELP = (
    "Repair what is mechanical and certain (line ends, trailing blanks, bullets, math delimiters) in the files of your "
    "working tree, directly and not as a commit; then check."
)


def check(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files or folders. Default: content/.", show_default=False)
    ] = None,
    unit: UnitOption = None,
    since: SinceOption = "",
    level: Annotated[
        str,
        typer.Option(help="core: the gate. full: the stricter rules as well. Default: as codex.toml says, or core."),
    ] = "",
    select: Annotated[str, typer.Option(help="Only these rules: codes or their beginnings, with commas.")] = "",
    format_: Annotated[str, typer.Option("--format", help="text, json, github or sarif.")] = "text",
    explain: Annotated[str, typer.Option(help="Explain a rule and stop; `all` lists them.", metavar="CODE")] = "",
    fix: Annotated[bool, typer.Option("--fix", help=FIX_HELP)] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="With --fix: show what would change, and write nothing.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Check again whenever a file is saved; end with Ctrl-C.")
    ] = False,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Judge every unit anew.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="What is not judged counts as falling short.")] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Check units against the rubric: 0 all well, 1 something falls short, 2 the call is wrong."""
    if explain:
        _explain(explain, format_)
        return
    _require_fitting(format_, level, fix=fix, diff=diff, watch=watch)
    root = _root(workspace, paths)
    call = Call(root, tuple(paths or ()), tuple(unit or ()), since, _policy(root, level, select), not no_cache)
    if watch:
        from codex.cli.check_watch import watch_and_check

        watch_and_check(call)
    if fix:
        from codex.cli.check_fix import fix_files

        pending = fix_files(call, show_only=diff)
        if diff:
            raise typer.Exit(int(pending))
    report = call.run()
    _print(report, format_)
    raise typer.Exit(report.exit_status(strict=strict))


def _explain(code: str, format_: str) -> None:
    from codex.check.explain import explain

    text = explain(code)
    if format_ == "json":
        emit_json({"code": code, "text": text})
    else:
        typer.echo(text, nl=False)


@dataclass(frozen=True)
class Call:
    """What one call checks, and by which rules."""

    root: Path
    paths: tuple[Path, ...]
    units: tuple[str, ...]
    since: str
    policy: Policy
    cache: bool

    def tree(self) -> CachedTree:
        from codex.cache.tree import CachedTree
        from codex.cli.cached import open_store

        return CachedTree(self.root, open_store(self.root, wanted=self.cache))

    def wanted(self, tree: CachedTree) -> list[str] | None:
        """The chosen paths of the workspace; None for all."""
        return chosen_paths(self.root, tree, self.paths, self.units, self.since)

    def run(self) -> CheckReport:
        from codex.check import check_corpus

        tree = self.tree()
        return check_corpus(tree, self.wanted(tree), policy=self.policy, store=tree.store)


def _require_fitting(format_: str, level: str, *, fix: bool, diff: bool, watch: bool) -> None:
    chosen_format(format_, *_FORMATS)
    if level not in _LEVELS:
        raise UserError(f"There is no level {level!r}.", remedy="Use core or full.")
    if diff and not fix:
        raise UserError("--diff shows what --fix would do.", remedy="Add --fix.")
    if (watch or diff) and format_ != "text":
        raise UserError(f"--{'watch' if watch else 'diff'} has no format but text.", remedy="Leave --format out.")
    if watch and fix:
        raise UserError("--watch never changes a file.", remedy="Leave --fix out.")


def _root(workspace: Path | None, paths: Sequence[Path] | None) -> Path:
    """The workspace of the call: as given, else around the current folder, else around the first path."""
    try:
        return open_workspace_root(workspace).resolve()
    except WorkspaceError:
        if requested_root(workspace) is not None or not paths:
            raise
        return open_workspace_root(paths[0].parent).resolve()


def _policy(root: Path, level: str, select: str) -> Policy:
    """The rules: those selected, else those of the level under the settings by path. A named level counts in full."""
    from codex.check.policy import Policy
    from codex.cli.cached import settings_of

    named: Level = "full" if level == "full" else "core"
    if select:
        return Policy.of(named, select.split(","))
    settings = settings_of(root, "check")
    return settings.check.policy(named if level else None) if settings else Policy.of(named)


def _print(report: CheckReport, format_: str) -> None:
    if format_ == "json":
        from codex.check.formats.as_json import report_document

        emit_json(report_document(report), lines=False)
    elif format_ == "sarif":
        from codex.check.formats.as_sarif import report_sarif

        emit_json(report_sarif(report), lines=False)
    elif format_ == "github":
        from codex.check.formats.as_github import report_github

        sys.stdout.write(report_github(report))
    else:
        from codex.check.formats.as_text import report_text

        sys.stdout.write(report_text(report))
