"""What every command shares: the workspace option, JSON output, the console, and how errors end."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

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


def requested_root(path: Path | None) -> Path | None:
    """The ``-w`` given after the command's name, else the one before it."""
    return path if path is not None else GLOBAL_OPTIONS["workspace"]


def open_workspace_root(path: Path | None) -> Path:
    """The root folder of the workspace that the call means; raises WorkspaceError when there is none."""
    from codex.workspace import Workspace

    return Workspace.open(requested_root(path)).root


def want_json(value: str) -> bool:
    if value not in {"text", "json"}:
        raise typer.BadParameter(f"{value!r} is not one of text, json", param_hint="--format")
    return value == "json"


def emit_json(document: Any) -> None:
    """Print one JSON document on standard output, and nothing else there."""
    json.dump(document, sys.stdout, ensure_ascii=False, indent=2, default=str)
    sys.stdout.write("\n")


def console(*, stderr: bool = False) -> Console:
    """A Rich console: colour only on a terminal, ``NO_COLOR`` honoured, long words never cut in pipes."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, soft_wrap=not stream.isatty(), highlight=False)
