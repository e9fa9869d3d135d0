"""``codexctl brief PASS SUBJECT``: the brief that a pass would send now, for any agent or person to read."""

from __future__ import annotations

from typing import Annotated

import typer

from codex.cli.common import JsonOption, WorkspaceOption, emit_json, requested_root, want_json


def brief(
    pass_name: Annotated[str, typer.Argument(metavar="PASS", help="audit, gap, plan, production, verification …")],
    subject: Annotated[str, typer.Argument(metavar="BOOK", help="Slug or Fast Track entry of the book.")],
    unit: Annotated[str | None, typer.Option("--unit", help="Production: id of the unit.")] = None,
    output: JsonOption = "text",
    workspace: WorkspaceOption = None,
) -> None:
    """Print the brief that a pass would send now. Nothing is sent, written or paid for.

    Example: codexctl brief production lawson-michelsohn-spin-geometry --unit 03.09.03
    """
    from codex.campaign.ledger import Ledger
    from codex.passes.engine import agent_call, make_context
    from codex.passes.registry import get_pass
    from codex.workspace import Workspace
    from flows.books import find_book

    as_json = want_json(output)
    opened = Workspace.open(requested_root(workspace))
    ledger = Ledger.load(opened.snapshot())
    book = find_book(ledger, subject)
    name = get_pass(pass_name).name
    context, chosen = make_context(opened, None, ledger, book, name, unit)
    call = agent_call(opened, context, chosen)
    if as_json:
        emit_json({"call": str(call.address), "model": call.model, "prefix": call.prefix, "prompt": call.prompt})
    else:
        typer.echo(call.prefix + "\n" + call.prompt)
