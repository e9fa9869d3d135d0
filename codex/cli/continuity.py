"""``codexctl continuity``: the six continuity metrics of the corpus, or of some files of it or of drafts elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codex.cli.chosen import SinceOption, UnitOption
from codex.cli.common import JsonOption, WorkspaceOption, emit_json, open_workspace_root, want_json
from codex.errors import UserError

if TYPE_CHECKING:
    from codex.continuity.corpus import ContinuityReport


def continuity(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Files or folders to measure, also drafts elsewhere. Default: the whole corpus."),
    ] = None,
    unit: UnitOption = None,
    since: SinceOption = "",
    write: Annotated[
        bool,
        typer.Option("--write", help="Measure the last commit and put the report into manifests/, as a commit."),
    ] = False,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Measure every unit anew.")] = False,
    workspace: WorkspaceOption = None,
    output: JsonOption = "text",
) -> None:
    """Measure how units hang together: references back, promises ahead, connections, synthesis, anchor phrases."""
    as_json = want_json(output)
    chosen = bool(paths or unit or since)
    if write and chosen:
        raise UserError("The report is on the whole corpus.", remedy="Leave paths, --unit and --since out, or --write.")
    root = open_workspace_root(workspace).resolve()
    if write:
        from codex.cli.continuity_write import write_report

        report = write_report(root, cache=not no_cache)
    elif chosen:
        report = _chosen(root, paths or [], unit or [], since)
    else:
        report = _whole(root, cache=not no_cache)
    _print(report, as_json=as_json, each_unit=chosen)
    if report.failures:
        raise typer.Exit(1)


def _print(report: ContinuityReport, *, as_json: bool, each_unit: bool) -> None:
    if as_json:
        emit_json(report.as_json(), lines=False)
    else:
        from codex.continuity.report import report_lines

        typer.echo("\n".join(report_lines(report, each_unit=each_unit)))


def judged_as_set(report: ContinuityReport, root: Path) -> ContinuityReport:
    """The report under the thresholds that the workspace's campaign and settings choose."""
    from codex.campaign.limits import thresholds_of
    from codex.cli.cached import settings_of
    from codex.snapshot import TreeSnapshot

    settings = settings_of(root, "continuity")
    return replace(report, chosen=thresholds_of(TreeSnapshot(root), settings.continuity if settings else None))


def _whole(root: Path, *, cache: bool) -> ContinuityReport:
    from codex.cache.tree import CachedTree
    from codex.cli.cached import open_store
    from codex.continuity.corpus import measure_corpus

    store = open_store(root, wanted=cache)
    return judged_as_set(measure_corpus(CachedTree(root, store), store=store), root)


def _chosen(root: Path, paths: list[Path], units: list[str], since: str) -> ContinuityReport:
    from codex.cli.chosen import changed_since, path_of_unit
    from codex.continuity.corpus import measure_files, registered_anchors
    from codex.snapshot import TreeSnapshot

    snapshot = TreeSnapshot(root)
    files = {_shown(file, root): file for path in paths for file in _files(_found(path, root), root)}
    files |= {path: root / path for path in (path_of_unit(snapshot, unit) for unit in units)}
    if since:
        of_corpus = list(filter(snapshot.exists, files)) if files else list(snapshot.under("content", ".md"))
        files = {path: root / path for path in changed_since(root, snapshot, of_corpus, since)}
    ordered = dict(sorted(files.items(), key=lambda item: item[0].split("/")))
    report = measure_files({name: _read(file) for name, file in ordered.items()}, registered_anchors(snapshot))
    return judged_as_set(report, root)


def _found(path: Path, root: Path) -> Path:
    """A path as given from here, else from the workspace's root; raises UserError when there is neither."""
    for candidate in (Path.cwd() / path, root / path):
        if candidate.exists():
            return candidate.resolve()
    raise UserError(f"There is no file or folder {path}.", remedy="Give paths from here or from the workspace's root.")


def _files(path: Path, root: Path) -> Iterator[Path]:
    """A file itself; the units and flows below a folder."""
    if not path.is_dir():
        yield path
        return
    folders = [root / "content", root / "flows"] if path == root else [path]
    found = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    flows = root / "flows"
    yield from (f for f in found if f.suffix == ".md" or (f.suffix == ".yaml" and f.is_relative_to(flows)))


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}.") from error


def _shown(file: Path, root: Path) -> str:
    """The path from the workspace's root; as it is, for a file elsewhere."""
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else file.as_posix()
