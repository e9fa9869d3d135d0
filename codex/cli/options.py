"""Options that several commands have, each said once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

BriefOnly = Annotated[bool, typer.Option("--brief-only", help="Print the brief; send and pay nothing.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would happen; write nothing.")]
Asking = Annotated[bool, typer.Option("--dry-run", help="Say what would be asked and what it may cost.")]
Push = Annotated[bool | None, typer.Option("--push/--no-push", help="Push to the remote of codex.toml.")]
Backend = Annotated[
    str | None, typer.Option("--backend", help="Who answers the agents' calls.", metavar="anthropic|handoff|replay")
]
Record = Annotated[Path | None, typer.Option("--record", help="Save what was answered in this folder.", metavar="DIR")]
Recordings = Annotated[
    Path | None, typer.Option("--recordings", help="Recordings that the replay backend answers from.", metavar="DIR")
]
