"""The command's root: global options, the table of commands, and the one place where errors become exit statuses."""

from __future__ import annotations

import importlib
import sys
import traceback
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from codex import __version__
from codex.cli.common import GLOBAL_OPTIONS
from codex.errors import CodexError

#: Command name → (module, attribute, one line of help). A module is imported when its command is called.
COMMANDS: dict[str, tuple[str, str, str]] = {
    "init": ("codex.cli.workspace_cmds", "init", "Make a workspace: a git repository with a campaign's manifests."),
    "adopt": (
        "codex.cli.adopt",
        "adopt",
        "Say what the engine makes of an existing corpus; --write mends what is off.",
    ),
    "up": ("codex.cli.server", "up", "Start the local Prefect server and worker and register the deployments."),
    "down": ("codex.cli.server", "down", "Stop the local server and worker."),
    "status": ("codex.cli.server", "status", "Show server, worker and deployments."),
    "doctor": ("codex.cli.doctor", "doctor", "Check this machine and workspace; say how to mend what is ill."),
    "pilot": ("codex.cli.pilot", "pilot", "Take the embedded pilot book through every pass."),
    "run": ("codex.cli.run", "run", "Run one book from where its ledger says."),
    "plan": ("codex.cli.plan", "plan", "The production plan: build, compare, explain, write."),
    "produce-next": ("codex.cli.produce", "produce_next", "Produce the next units, or print their briefs."),
    "audit-next": ("codex.cli.audit_next", "audit_next", "Audit the next book, or print the brief."),
    "brief": ("codex.cli.brief", "brief", "Print the brief that a pass would send."),
    "escalations": ("codex.cli.escalations", "app", "What waits for a person: list, answer."),
    "recover": ("codex.cli.recover", "recover", "Redo what failed in a book, and say what that saves."),
    "call": ("codex.cli.call", "app", "The handoff backend's side for an outside agent."),
    "integrate": ("codex.cli.integrate", "integrate", "Take finished unit files into the shared state, as commits."),
    "check": ("codex.cli.check", "check", "The validator."),
    "continuity": ("codex.cli.continuity", "continuity", "The six continuity metrics."),
    "connections": ("codex.cli.connections", "app", "Connections between concepts: list, approve, reject."),
    "graph": ("codex.cli.graph", "graph", "Prerequisites: cycles, depth, what rests on what, a drawing."),
    "ledger": ("codex.cli.ledger", "app", "The campaign ledger: show, log, verify, rebuild, register."),
    "costs": ("codex.cli.ledger", "costs", "The cost ledger against its budgets."),
    "dashboard": ("codex.cli.dashboard", "dashboard", "Where the campaign stands: one screen, data, or a page."),
}


def _command(module: str, attribute: str, name: str) -> Any:
    target: Any = getattr(importlib.import_module(module), attribute)
    if isinstance(target, typer.Typer):
        group = typer.main.get_command(target)
        group.name = name
        return group
    single = typer.Typer(add_completion=False, rich_markup_mode=None)
    single.command(name)(target)
    return typer.main.get_command(single)


class LazyGroup(TyperGroup):
    """Lists commands from the table; imports a command's module only when it is called or asked for help."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return _command(*COMMANDS[cmd_name][:2], cmd_name) if cmd_name in COMMANDS else None

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in COMMANDS.items()])


app = typer.Typer(
    name="codexctl",
    cls=LazyGroup,
    add_completion=False,
    rich_markup_mode=None,
    invoke_without_command=True,
    help="Codex takes textbooks through audit, planning, writing, verification and weaving.",
    epilog="Examples: codexctl pilot · codexctl check content/03-modern-geometry · codexctl ledger show",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"codexctl {__version__}")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    workspace: Annotated[Path | None, typer.Option("--workspace", "-w", help="The workspace.")] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Keep the global options where commands find them."""
    del version
    GLOBAL_OPTIONS.update(workspace=workspace, debug=debug)
    if context.invoked_subcommand is None:
        from codex.cli.welcome import welcome

        welcome()


def _report(error: CodexError) -> int:
    typer.echo(f"codexctl: {error.what}", err=True)
    if error.remedy:
        typer.echo(f"          {error.remedy}", err=True)
    return error.exit_status


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit status (design of the statuses: codex/errors.py)."""
    argv = sys.argv[1:] if arguments is None else arguments
    try:
        return _invoke(argv)
    except CodexError as error:
        if "--debug" in argv:
            traceback.print_exc()
        return _report(error)
    except BrokenPipeError:
        return 0


def _invoke(argv: list[str]) -> int:
    command: Any = typer.main.get_command(app)
    try:
        outcome = command(argv, standalone_mode=False, prog_name="codexctl")
    except TyperException as error:  # usage errors: Typer's own sentence, our status
        sentence = str(getattr(error, "format_message", error.__str__)())
        typer.echo(f"codexctl: {sentence} Try `codexctl --help`." if sentence else "Try `codexctl --help`.", err=True)
        return 2
    except typer.Exit as leaving:
        return leaving.exit_code
    return outcome if isinstance(outcome, int) else 0


def main() -> None:
    """Entry point of ``codexctl``; what is our own fault ends with a traceback and status 70."""
    try:
        status = run()
    except Exception:  # noqa: BLE001 (the outermost frame: everything expected was handled in run)
        traceback.print_exc()
        typer.echo("codexctl: this is a fault of ours; nothing was written half. Please report it.", err=True)
        status = 70
    sys.exit(status)
