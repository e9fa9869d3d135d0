"""``codexctl dashboard``: where the campaign stands, on one screen, as data, or as a page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codex.cli.common import JsonOption, WorkspaceOption, emit_json, open_workspace_root, screen, want_json
from codex.errors import UserError

if TYPE_CHECKING:
    from codex.oversight.sheet import Panel
    from codex.oversight.view import View


def dashboard(
    watch: Annotated[bool, typer.Option("--watch", help="Show again at every change; end with Ctrl-C.")] = False,
    html: Annotated[
        Path | None,
        typer.Option(help="Write one page that needs nothing else, with charts, to this file.", metavar="FILE"),
    ] = None,
    workspace: WorkspaceOption = None,
    output: JsonOption = "text",
) -> None:
    """Show burn-down, what comes next, what is stuck, validator, continuity, costs, and an estimate of what is left."""
    as_json = want_json(output)
    if watch and (html or as_json):
        raise UserError("--watch shows a screen.", remedy="Leave --html and --format out, or --watch.")
    root = open_workspace_root(workspace).resolve()
    if watch:
        from codex.cli.dashboard_watch import watch_screen

        watch_screen(root)
    elif html:
        _write_page(root, html)
    elif as_json:
        _print_json(root)
    else:
        _print_screen(root)


def view_of(root: Path) -> View:
    from codex.oversight.view import View
    from codex.workspace import Workspace

    return View.of_tree(Workspace(root))


def heading(view: View, panels: Mapping[str, Panel]) -> str:
    """What is shown, and of when."""
    from codex.oversight.heading import headline

    return headline(view, panels)


def _print_screen(root: Path) -> None:
    from codex.oversight.panels import all_panels
    from codex.oversight.render import terminal

    view, shown = view_of(root), screen()
    panels = all_panels(view)
    shown.print(terminal.screen(panels, heading(view, panels), shown.width))


def _print_json(root: Path) -> None:
    from codex.oversight.panels import all_panels
    from codex.oversight.sheet import flat

    emit_json({name: flat(panel) for name, panel in all_panels(view_of(root)).items()}, lines=False)


def _write_page(root: Path, file: Path) -> None:
    from codex.oversight.page import page

    _put(file, page(view_of(root)).encode("utf-8"))
    typer.echo(f"{file} written", err=True)


def _put(file: Path, data: bytes) -> None:
    """Replace the file as a whole: who has it open never sees half a page."""
    import tempfile

    target = file.absolute()
    try:
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as made:
            made.write(data)
        Path(made.name).chmod(0o644)
        Path(made.name).replace(target)
    except OSError as exc:
        raise UserError(
            f"{file} cannot be written: {exc.strerror}.", remedy="Name a file in a folder that exists and is yours."
        ) from exc
