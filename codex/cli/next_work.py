"""What ``produce-next`` and ``audit-next`` share: the briefs of the next work, and the doing of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import typer

from codex.cli.common import emit_json

if TYPE_CHECKING:
    from codex.agents.call import AgentCall
    from codex.work.choosing import Work
    from codex.workspace import Workspace
    from flows.request import WorkspaceRequest


def run_next(
    place: Workspace, module: str, request: WorkspaceRequest, works: Sequence[Work], nothing: str, *, as_json: bool
) -> None:
    """Run the flow of a module (named as it is) and say where its work stands; ``nothing`` when there is none.

    Raises UserError, before anything is started, when the workspace or the backend is not fit for it.
    """
    from codex.cli.launch import run_flow
    from codex.work.backends import choose_backend

    place.require_writable()
    choose_backend(place, request.backend, request.recordings)
    done = run_flow(place, module, module.rpartition(".")[2], request, aside=as_json) if works else []
    if as_json:
        emit_json(list(done))
    else:
        typer.echo("\n".join(_told(done)) or nothing)


def _told(references: Iterable[dict[str, Any]]) -> list[str]:
    """What a flow says of each piece of work, as lines."""
    return [
        f"{each['unit']} of {each['book']}" if "unit" in each else f"{each['book']} is at {each['state']}"
        for each in references
    ]


def show_briefs(calls: Sequence[AgentCall[Any]], pass_name: str, nothing: str, *, as_json: bool) -> None:
    """Print briefs, their sizes on standard error; as JSON a list. What all of them begin with is printed once."""
    from codex.cli.brief import as_document, size_line
    from codex.passes.registry import get_pass

    for call in calls:
        typer.echo(size_line(call, get_pass(pass_name).prompt), err=True)
    if as_json:
        emit_json([as_document(call) for call in calls])
    elif not calls:
        typer.echo(nothing)
    elif len(calls) == 1:
        typer.echo(calls[0].prefix + "\n" + calls[0].prompt)
    else:
        typer.echo(calls[0].prefix)
        for call in calls:
            typer.echo(f"\n===== {call.address} =====\n\n{call.prompt}")
