"""What every command shares: the workspace that is meant, the console, JSON output. Other options: options.py."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from codex.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

    from codex.workspace import Workspace

WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        "-w",
        help="The workspace. Default: the nearest folder upward that has content/ and manifests/.",
        show_default=False,
    ),
]
JsonOption = Annotated[str, typer.Option("--format", help="text for people, json for scripts.", metavar="text|json")]

#: The options given before the command's name; set once by the root callback (cli/app.py).
GLOBAL_OPTIONS: dict[str, Any] = {"workspace": None, "debug": False}

#: Characters of a line where the output is no terminal. Tables are not broken there; a screen needs some width.
_ENDLESS, _SCREEN = 10_000, 160


def requested_root(path: Path | None) -> Path | None:
    """The ``-w`` given after the command's name, else the one before it."""
    return path if path is not None else GLOBAL_OPTIONS["workspace"]


def open_workspace(path: Path | None) -> Workspace:
    """The workspace that the call means; raises WorkspaceError when there is none."""
    from codex.integration import opening

    return opening.open_workspace(requested_root(path))


def open_workspace_root(path: Path | None) -> Path:
    """The root folder of the workspace that the call means; raises WorkspaceError when there is none."""
    return open_workspace(path).root


def absolute(path: Path | None) -> str | None:
    """A folder as a request names it: a run does not depend on where it was started."""
    return str(path.absolute()) if path else None


def chosen_format(value: str, *formats: str) -> str:
    """The value of ``--format``; raises UserError naming those that there are."""
    if value not in formats:
        raise UserError(f"--format {value!r} is not one of {', '.join(formats)}.", remedy="Name one of them.")
    return value


def want_json(value: str) -> bool:
    return chosen_format(value, "text", "json") == "json"


def emit_json(document: Any, *, lines: bool = True) -> None:
    """Print one JSON document on standard output, and nothing else there.

    ``lines=False`` puts it on one line: indented, the results of a whole corpus take a second longer.
    """
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2 if lines else None, default=str) + "\n")


def console(*, stderr: bool = False) -> Console:
    """A Rich console: colour only on a terminal, ``NO_COLOR`` honoured, no line or table broken where it is none."""
    from rich.console import Console

    made = Console(stderr=stderr, highlight=False)
    if not made.is_terminal:
        made.width, made.soft_wrap = _ENDLESS, True
    return made


def screen() -> Console:
    """A Rich console for what fills the whole width."""
    made = console()
    if not made.is_terminal:
        made.width, made.soft_wrap = _SCREEN, False
    return made
