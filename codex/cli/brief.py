"""``codexctl brief PASS SUBJECT``: the brief that a pass would send now, for any agent or person to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from codex.cli.common import JsonOption, WorkspaceOption, emit_json, open_workspace, want_json

if TYPE_CHECKING:
    from codex.agents.call import AgentCall
    from codex.campaign.ledger import Ledger


def brief(
    pass_name: Annotated[str, typer.Argument(metavar="PASS", help="audit, gap, plan, production, verification …")],
    subject: Annotated[
        str,
        typer.Argument(metavar="SUBJECT", help="Slug or Fast Track entry of a book; production: a queued unit's id."),
    ],
    unit: Annotated[str | None, typer.Option("--unit", help="Production for a book: id of the unit.")] = None,
    output: JsonOption = "text",
    workspace: WorkspaceOption = None,
) -> None:
    """Print the brief that a pass would send now. Nothing is sent, written or paid for.

    Its size goes to standard error. Examples: codexctl brief production 05.02.06 · codexctl brief production
    lawson-michelsohn-spin-geometry --unit 03.09.03 · codexctl brief audit 1.04
    """
    from codex.campaign.ledger import Ledger
    from codex.passes.calls import next_call
    from codex.passes.registry import get_pass

    as_json = want_json(output)
    opened = open_workspace(workspace)
    ledger = Ledger.load(opened.snapshot())
    each = get_pass(pass_name)
    about, of = _subject(ledger, each.name, subject, unit)
    call = next_call(opened, about, each.name, of)
    typer.echo(size_line(call, each.prompt), err=True)
    if as_json:
        emit_json(as_document(call))
    else:
        typer.echo(call.prefix + "\n" + call.prompt)


def _subject(ledger: Ledger, pass_name: str, wanted: str, unit: str | None) -> tuple[str, str | None]:
    """The subject and the unit that are meant: a unit that a book owes is the book's, any other one is queued."""
    from codex.campaign.owed import owed_ids
    from codex.passes.queued import KIND
    from codex.passes.registry import get_pass
    from codex.units.ids import is_id
    from codex.work.find import find_book

    name = wanted.strip().removeprefix(f"{KIND}:")
    if not get_pass(pass_name).by_unit or not is_id(name):
        return find_book(ledger, wanted), unit
    for book in ledger.subjects("book"):
        if name in owed_ids(ledger.entry(book)):
            return book, name
    return f"{KIND}:{name}", name


def as_document(call: AgentCall[Any]) -> dict[str, str]:
    """A brief for programs."""
    return {"call": str(call.address), "model": call.model, "prefix": call.prefix, "prompt": call.prompt}


def size_line(call: AgentCall[Any], prompt: str) -> str:
    from codex.prompts import load_pattern
    from codex.prompts.fitting import size

    prefix, rest, budget = size(call.prefix), size(call.prompt), load_pattern(prompt).limits.bytes
    return (
        f"{call.address}: {prefix + rest} bytes ({prefix} of them the same for every unit), budget {budget}; "
        f"for {call.model}"
    )
