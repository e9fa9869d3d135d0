"""``codexctl escalations``: what waits for a person, and the person's answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from codex.cli.common import JsonOption, WorkspaceOption, console, emit_json, open_workspace, want_json

if TYPE_CHECKING:
    from codex.campaign.answers import Waiting

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True, help=__doc__)


@app.command("list")
def list_waiting(output: JsonOption = "text", workspace: WorkspaceOption = None) -> None:
    """List what waits for a person, why, and what can be answered."""
    from codex.campaign.answers import all_waiting
    from codex.campaign.ledger import Ledger

    as_json = want_json(output)
    found = all_waiting(Ledger.load(open_workspace(workspace).snapshot()))
    if as_json:
        emit_json([_as_json(each) for each in found])
        return
    out = console()
    for each in found:
        for line in _lines(each):
            out.print(line, markup=False, highlight=False)
    if not found:
        out.print("Nothing waits for a person.")


def _as_json(waits: Waiting) -> dict[str, Any]:
    from codex.campaign.answers import offered

    return {
        "id": waits.id, "book": waits.name, "state": waits.state, "pass": waits.pass_name or None,
        "since": waits.since or None, "reason": waits.reason, "by_hand": waits.by_hand,
        "answers": [each.name for each in offered(waits)], "choices": list(waits.states),
        "outstanding": [each.id for each in waits.owed],
    }  # fmt: skip


def _lines(waits: Waiting) -> list[str]:
    from codex.campaign.answers import offered
    from codex.oversight.render.pieces import plain

    since = f" since {waits.since}" if waits.since else ""
    lines = [f"{waits.name} is at {waits.state}{since}: {plain(waits.reason)}"]
    if waits.by_hand:
        lines.append("  a person has taken it over")
    lines += [f"  {each.name:<8} {each.does}" for each in offered(waits)]
    lines += [f"  or a state: {', '.join(waits.states)}"]
    return [*lines, f"  answer with: codexctl escalations answer {waits.name} CHOICE [--hint TEXT]"]


@app.command()
def answer(
    escalation: Annotated[str, typer.Argument(help="Slug or Fast Track entry of the book, or the escalation's id.")],
    choice: Annotated[
        str, typer.Argument(help="retry, reduce, accept, defer, by-hand, or a state: those that list shows.")
    ],
    hint: Annotated[
        str, typer.Option("--hint", "--reason", help="What the next attempt should know, or why; kept in the ledger.")
    ] = "",
    drop: Annotated[
        list[str] | None,
        typer.Option("--drop", help="With reduce: a unit to leave out. May be repeated.", metavar="ID"),
    ] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Answer an escalation: an event in the ledger. A suspended run in Prefect goes on; else run the book again.

    Examples: codexctl escalations answer 3.35 retry --hint "Prove the even case only."
    codexctl escalations answer 3.35 reduce --drop 03.09.03 --reason "outside this release"
    """
    from codex.campaign.answers import Given
    from codex.campaign.ledger import Ledger
    from codex.errors import UserError
    from codex.integration.integrator import integrate
    from codex.passes.answering import answer as proposal_of
    from codex.passes.answering import find_waiting
    from deployments.suspended import resume

    place = open_workspace(workspace)
    ledger = Ledger.load(place.snapshot())
    waits = find_waiting(ledger, escalation)
    proposal = proposal_of(place, waits.subject, choice, Given(hint, tuple(drop or ())))
    [result] = integrate(place, [proposal])
    if result.status == "refused":
        raise UserError(f"The answer was refused: {result.reason}", remedy="See `codexctl escalations list`.")
    state = Ledger.load(place.snapshot()).status(waits.subject)
    form = {"choice": choice, "text": hint, "units": list(drop or ())}
    resumed = resume(place, waits.name, form) if state != waits.state else False
    going_on = "its suspended run goes on" if resumed else f"go on with: codexctl run {waits.name}"
    typer.echo(f"{waits.name}: {waits.state} → {state}; {going_on}" if state != waits.state else _kept(waits, choice))


def _kept(waits: Waiting, choice: str) -> str:
    going_on = f"codexctl escalations answer {waits.name} retry"
    return f"{waits.name} stays at {waits.state} ({choice}). When it is done: {going_on}"
