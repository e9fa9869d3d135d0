"""``codexctl up``, ``down`` and ``status``: the workspace's local Prefect server and worker."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from codex.cli.common import JsonOption, WorkspaceOption, console, emit_json, open_workspace, want_json

if TYPE_CHECKING:
    from codex.workspace import Workspace
    from deployments.server import Server


def up(
    workspace: WorkspaceOption = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port of a new server. Default: 4200 or next.")
    ] = None,
) -> None:
    """Start the Prefect server and a worker, and register the deployments; both go on after this command."""
    from deployments.worker import start_worker

    place = open_workspace(workspace)
    server = start_server(place, port)
    names = _register(place, server)
    with console(stderr=True).status("") as waiting:
        started = start_worker(place, server, waiting.update)
    typer.echo(f"Prefect    {server.ui}")
    typer.echo(f"worker     {'started' if started else 'was running'}; it takes runs from the work pool codex")
    typer.echo(f"registered {', '.join(names)}")


def down(workspace: WorkspaceOption = None) -> None:
    """Stop the worker, with the runs it has under way, and the server. A run goes on when it is run again."""
    from deployments.server import stop_server
    from deployments.worker import stop_worker

    place = open_workspace(workspace)
    for what, stopped in (("worker", stop_worker(place)), ("server", stop_server(place))):
        typer.echo(f"{what} {'stopped' if stopped else 'was not running'}")


def status(workspace: WorkspaceOption = None, output: JsonOption = "text") -> None:
    """Show server, worker and deployments. Exit status 1 when no server answers."""
    as_json = want_json(output)
    from deployments.status import describe

    found = describe(open_workspace(workspace))
    if as_json:
        emit_json(found)
    else:
        _print_status(found)
    if not found["server"]["healthy"]:
        raise typer.Exit(1)


def start_server(workspace: Workspace, port: int | None = None) -> Server:
    """The server in use, started when there is none; this process is prepared to import Prefect for it."""
    from deployments.environment import prepare
    from deployments.server import find_or_start

    with console(stderr=True).status("looking for a Prefect server") as waiting:
        server = find_or_start(workspace, waiting.update, port)
    prepare(server.url, server.home)
    return server


def _register(workspace: Workspace, server: Server) -> list[str]:
    with console(stderr=True).status(f"registering the deployments at {server.url}"):
        from codex.campaign.definition import load_campaign
        from deployments.register import register

        return asyncio.run(register(workspace.root, load_campaign(workspace.snapshot()).name))


def _print_status(found: dict[str, Any]) -> None:
    server, worker = found["server"], found["worker"]
    typer.echo(f"server  {server['url']} (Prefect {server['version']})" if server["healthy"] else "server  not running")
    typer.echo(f"worker  running (process {worker['pid']})" if worker["running"] else "worker  not running")
    for each in found["deployments"]:
        when = f", {each['schedule']}" if each["schedule"] else ""
        typer.echo(f"        {each['name']}{when}{' (paused)' if each['paused'] else ''}")
    for each in found["breakers"]:
        typer.echo(f"breaker {each['backend']}: {each['failures']} failures in a row, nothing new is sent until a")
        typer.echo(f"        probe has come back. {each['reason']}")
