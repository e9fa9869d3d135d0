"""``codexctl continuity``: the six continuity metrics of the corpus, or of some files of it or of drafts elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codex.cli.common import JsonOption, WorkspaceOption, emit_json, open_workspace_root, want_json
from codex.errors import UserError

if TYPE_CHECKING:
    from codex.continuity.corpus import ContinuityReport


def continuity(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Files or folders to measure, also drafts elsewhere. Default: the whole corpus."),
    ] = None,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Measure every unit anew.")] = False,
    workspace: WorkspaceOption = None,
    output: JsonOption = "text",
) -> None:
    """Measure how units hang together: references back, promises ahead, connections, synthesis, anchor phrases."""
    as_json = want_json(output)
    report = _measured(open_workspace_root(workspace).resolve(), paths or [], cache=not no_cache)
    if as_json:
        emit_json(report.as_json())
    else:
        from codex.continuity.report import report_lines

        typer.echo("\n".join(report_lines(report, each_unit=bool(paths))))
    if report.failures:
        raise typer.Exit(1)


def _measured(root: Path, paths: list[Path], *, cache: bool) -> ContinuityReport:
    from codex.cache.tree import CachedTree
    from codex.cli.cached import open_store
    from codex.continuity.corpus import measure_corpus, measure_files, registered_anchors

    store = open_store(root, wanted=cache)
    snapshot = CachedTree(root, store)
    if not paths:
        return measure_corpus(snapshot, store=store)
    files = {_shown(file, root): file for path in paths for file in _files(_found(path, root), root)}
    chosen = dict(sorted(files.items(), key=lambda item: item[0].split("/")))
    return measure_files({name: _read(file) for name, file in chosen.items()}, registered_anchors(snapshot))


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
