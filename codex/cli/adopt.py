"""``codexctl adopt``: what the engine makes of an existing corpus, and with ``--write`` the repair of what is off."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codex.cli.common import JsonOption, WorkspaceOption, console, emit_json, requested_root, want_json
from codex.errors import UserError, WorkspaceError

if TYPE_CHECKING:
    from codex.integration.adoption.mend import Mended
    from codex.integration.adoption.survey import Survey
    from codex.snapshot import Snapshot
    from codex.workspace import Workspace


def adopt(
    path: Annotated[Path | None, typer.Argument(help="The corpus. Default: the workspace.", show_default=False)] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Mend what is repairable, one commit for each kind of finding.")
    ] = False,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="KIND", help="Only this kind of finding; may be repeated.")
    ] = None,
    skip: Annotated[
        list[str] | None, typer.Option("--skip", metavar="KIND", help="Not this kind of finding; may be repeated.")
    ] = None,
    examples: Annotated[int, typer.Option("--examples", min=0, help="Examples of each kind; 0: all.")] = 3,
    workspace: WorkspaceOption = None,
    output: JsonOption = "text",
) -> int:
    """Look at an existing corpus and say what the engine makes of it. Without --write nothing is written at all."""
    from codex.cli import adopt_view

    as_json = want_json(output)
    place = _place(path or requested_root(workspace) or Path())
    kinds = _kinds(only or [], skip or [])
    if write:
        from codex.integration.adoption.mend import mend

        place.require_writable()
        before = _survey(place, place.snapshot(), kinds, examples)
        mended = mend(place, only=kinds)
        after = _survey(place, place.snapshot(), kinds, examples)
    else:
        before = after = _survey(place, place.tree(), kinds, examples)
        mended = []
    broken = sorted(p for p, state in after.verdicts.items() if state == "failing" != before.verdicts.get(p, "failing"))
    if as_json:
        emit_json(adopt_view.as_document(place.root, after, mended if write else None, broken))
    elif write:
        console().print(*adopt_view.written(place.root, before, after, mended, broken), sep="\n")
    else:
        console().print(*adopt_view.told(place, after), sep="\n")
    return _status(mended, broken)


def _place(path: Path) -> Workspace:
    """The corpus at a folder or around it. Unlike ``open_workspace`` this finishes nothing that was left unfinished."""
    from codex.workspace import MARKS, Workspace

    start = path.absolute()
    if not start.is_dir():
        raise WorkspaceError(f"There is no folder {start}.", remedy="Make a workspace there with `codexctl init`.")
    for folder in (start, *start.parents):
        if all((folder / mark).is_dir() for mark in MARKS):
            return Workspace(folder)
    raise WorkspaceError(
        f"{start} is no corpus: no folder there or above has both content/ and manifests/.",
        remedy="Name the folder that holds them, or make a workspace with `codexctl init PATH`.",
    )


def _kinds(only: list[str], skip: list[str]) -> list[str]:
    from codex.integration.adoption.registry import KINDS

    names = [kind.name for kind in KINDS]
    unknown = next((name for name in (*only, *skip) if name not in names), None)
    if unknown:
        raise UserError(f"There is no kind of finding {unknown!r}.", remedy=f"Use one of: {', '.join(names)}.")
    return [name for name in names if (not only or name in only) and name not in skip]


def _survey(place: Workspace, snapshot: Snapshot, kinds: list[str], examples: int) -> Survey:
    from codex.check.policy import Policy
    from codex.cli.cached import settings_of
    from codex.integration.adoption.survey import survey

    settings = settings_of(place.root, "check")
    policy = settings.check.policy() if settings else Policy.of("core")
    return survey(snapshot, policy, only=kinds, examples=examples)


def _status(mended: list[Mended], broken: list[str]) -> int:
    """1 when a repair was refused, or made a unit fall short that did not before."""
    return int(bool(broken) or any(each.result.status == "refused" for each in mended))
