"""Which files a reading command works on: paths, ids, what has changed since a commit."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codex.errors import UserError

if TYPE_CHECKING:
    from codex.snapshot import Snapshot

UnitOption = Annotated[
    list[str] | None, typer.Option("--unit", help="Also the unit with this id; may be repeated.", metavar="ID")
]
SinceOption = Annotated[
    str, typer.Option(help="Only units that differ from those of this commit, branch or tag.", metavar="REV")
]


def chosen_paths(
    root: Path, snapshot: Snapshot, paths: Iterable[Path], units: Iterable[str], since: str
) -> list[str] | None:
    """The chosen files and folders, relative to the workspace; None when nothing was chosen, which means all.

    With ``since``, only the unit files among them that the commit lacks or has otherwise.
    """
    named = [relative_path(root, path) for path in paths] + [path_of_unit(snapshot, unit) for unit in units]
    if not since:
        return named or None
    from codex.check.runner import find_files

    return changed_since(root, snapshot, find_files(snapshot, named or ["content"]), since)


def relative_path(root: Path, path: Path) -> str:
    """A path as the user named it (from the current folder, or from the workspace) relative to the workspace."""
    for candidate in (path.absolute(), root / path):
        place = Path(os.path.normpath(candidate))
        for real in (place, place.resolve()):
            if real.is_relative_to(root) and real.exists():
                return real.relative_to(root).as_posix()
    raise UserError(f"There is no {path} in the workspace {root}.", remedy="Name a file or folder of the workspace.")


def path_of_unit(snapshot: Snapshot, unit_id: str) -> str:
    """The path of the unit's file; raises UserError when there is none."""
    from codex.corpus.index import CorpusIndex

    found = CorpusIndex(snapshot).path_of(unit_id)
    if found is None:
        raise UserError(f"No file in content/ has the id {unit_id}.", remedy="Name an id like 03.09.02.")
    return found


def changed_since(root: Path, snapshot: Snapshot, paths: Iterable[str], revision: str) -> list[str]:
    """Those paths whose bytes are others in the commit, or that it does not have."""
    from codex.workspace import Workspace

    workspace = Workspace(root)
    if not workspace.has_git:
        raise UserError(f"{root} is no git repository, so nothing can be compared.", remedy="Leave --since out.")
    before, now = workspace.at(revision).blobs(), snapshot.blobs()
    return [path for path in paths if before.get(path) != now[path]]
