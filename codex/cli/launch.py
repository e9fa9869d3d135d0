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
    from flows.request import BookRequest


def run_book(workspace: Workspace, request: BookRequest) -> dict[str, Any]:
    """Run a book with its progress on the console; returns the flow's reference (book, state). Errors: ``run_flow``."""
    _look_first(workspace, request)
    reference: dict[str, Any] = run_flow(workspace, "flows.book", "book", request)
    return reference


def run_flow(workspace: Workspace, module: str, name: str, request: BaseModel) -> Any:
    """Run the flow ``name`` of a module with its progress on the console; returns what it returns.

    Raises what the flow raises, and ServerProblem when the Prefect server cannot be had or stops answering.
    """
    server = start_server(workspace)
    typer.echo(f"Prefect {server.ui}")
    import httpx
    from prefect.exceptions import PrefectException

    from deployments.api import ServerProblem
    from flows.reporting import reporting_to

    flow = getattr(import_module(module), name)
    try:
        with shown() as reporter, reporting_to(reporter):
            return asyncio.run(flow(request))
    except KeyboardInterrupt:  # Typer makes an exit status of it and says nothing
        typer.echo("codexctl: interrupted; nothing is lost, run the same command again to go on.", err=True)
        raise
    except (httpx.HTTPError, PrefectException) as error:
        raise ServerProblem(
            f"The Prefect server at {server.url} stopped answering ({type(error).__name__}: {error}).",
            remedy="Nothing is lost. See `codexctl status`, then run the same command again.",
        ) from error


def _look_first(workspace: Workspace, request: BookRequest) -> None:
    """Raise what a run would end with at once, before a server is started for it."""
    from codex.campaign.ledger import Ledger
    from flows.backends import choose_backend
    from flows.holders import refuse_held

    workspace.require_writable()
    choose_backend(workspace, request.backend, request.recordings)
    refuse_held(Ledger.load(workspace.snapshot()), f"book:{request.book}", request.owner or "")
