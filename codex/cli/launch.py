"""Run a flow within this process, on whatever Prefect server is to be had."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer

from codex.cli.reporter import shown
from codex.cli.server import start_server

if TYPE_CHECKING:
    from pydantic import BaseModel

    from codex.workspace import Workspace
    from flows.request import BookRequest, SubjectRequest


def run_subject(workspace: Workspace, request: BookRequest | SubjectRequest, *, aside: bool = False) -> dict[str, Any]:
    """Run a subject with its progress on the console; returns the flow's reference (name, state). As ``run_flow``."""
    from flows.request import BookRequest

    _look_first(workspace, request)
    name = "book" if isinstance(request, BookRequest) else "subject"
    reference: dict[str, Any] = run_flow(workspace, f"flows.{name}", name, request, aside=aside)
    return reference


def run_flow(workspace: Workspace, module: str, name: str, request: BaseModel, *, aside: bool = False) -> Any:
    """Run the flow ``name`` of a module with its progress on the console; returns what it returns.

    ``aside``: progress goes to standard error, where standard output is for the result alone.
    Raises what the flow raises, and ServerProblem when the Prefect server cannot be had or stops answering.
    """
    server = start_server(workspace)
    typer.echo(f"Prefect {server.ui}", err=aside)
    import httpx
    from prefect.exceptions import PrefectException

    from deployments.api import ServerProblem
    from flows.reporting import reporting_to

    flow = getattr(import_module(module), name)
    try:
        with shown(aside=aside) as reporter, reporting_to(reporter):
            return asyncio.run(flow(request))
    except KeyboardInterrupt:  # Typer makes an exit status of it and says nothing
        typer.echo("codexctl: interrupted; nothing is lost, run the same command again to go on.", err=True)
        raise
    except (httpx.HTTPError, PrefectException) as error:
        raise ServerProblem(
            f"The Prefect server at {server.url} stopped answering ({type(error).__name__}: {error}).",
            remedy="Nothing is lost. See `codexctl status`, then run the same command again.",
        ) from error


def _look_first(workspace: Workspace, request: BookRequest | SubjectRequest) -> None:
    """Raise what a run would end with at once, before a server is started for it."""
    from codex.campaign.ledger import Ledger
    from codex.work.backends import choose_backend
    from codex.work.holders import refuse_held

    workspace.require_writable()
    choose_backend(workspace, request.backend, request.recordings)
    refuse_held(Ledger.load(workspace.snapshot()), request.subject, request.owner or "")
