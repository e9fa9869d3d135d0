"""``codexctl escalations``: what waits for a person, and the person's answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codex.cli.common import JsonOption, WorkspaceOption, console, emit_json, requested_root, want_json

if TYPE_CHECKING:
    from codex.campaign.ledger import Ledger
    from codex.campaign.machine import NeedsPerson
    from codex.workspace import Workspace

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True, help=__doc__)


@app.command("list")
def list_waiting(output: JsonOption = "text", workspace: WorkspaceOption = None) -> None:
    """List the books that wait for a person, why, and what can be answered."""
    from codex.campaign.ledger import Ledger

    as_json = want_json(output)
    found = _waiting(Ledger.load(_open(workspace).snapshot()))
    if as_json:
        emit_json([{"book": n, "state": w.state, "reason": w.reason, "choices": list(w.choices)} for n, w in found])
        return
    out = console()
    for name, waits in found:
        out.print(f"{name} is at {waits.state}: {waits.reason}")
        out.print(f"  answer with: codexctl escalations answer {name} {'|'.join(waits.choices)} [--hint TEXT]")
    if not found:
        out.print("Nothing waits for a person.")


@app.command()
def answer(
    book: Annotated[str, typer.Argument(help="Slug or Fast Track entry of the book.")],
    state: Annotated[str, typer.Argument(help="The state from which the work goes on: one of those that list shows.")],
    hint: Annotated[str, typer.Option("--hint", help="What the next attempt should know; kept in the ledger.")] = "",
    workspace: WorkspaceOption = None,
) -> None:
    """Answer an escalation: an event in the ledger; then run the book again.

    Example: codexctl escalations answer 3.35 in-production --hint "Prove the even case only."
    """
    from codex.campaign.events import EventDraft, Kind
    from codex.campaign.ledger import Ledger
    from codex.errors import UserError
    from codex.integration.integrator import integrate
    from codex.integration.proposal import Proposal
    from flows.books import find_book

    opened = _open(workspace)
    snapshot = opened.snapshot()
    ledger = Ledger.load(snapshot)
    subject = find_book(ledger, book)
    waits = dict(_waiting(ledger)).get(subject.partition(":")[2])
    if waits is None:
        raise UserError(f"{book} waits for nobody.", remedy="See `codexctl escalations list`.")
    if state not in waits.choices:
        raise UserError(f"{state!r} is no answer here.", remedy=f"Choose one of: {', '.join(waits.choices)}.")
    event = EventDraft(
        subject=subject, kind=Kind.ANSWERED, expect=waits.state, to_state=state, rationale=hint,
        data={"choice": state, "hint": hint},
    )  # fmt: skip
    title = f"Answer the escalation of {subject}: {state}"
    proposal = Proposal(subject=subject, pass_name="answer", title=title, base=snapshot.label, events=(event,))
    [result] = integrate(opened, [proposal])
    if result.status == "refused":
        raise UserError(f"The answer was refused: {result.reason}", remedy="See `codexctl escalations list`.")
    typer.echo(f"{subject.partition(':')[2]}: {waits.state} → {state}. Go on with: codexctl run {book}")


def _open(workspace: Path | None) -> Workspace:
    from codex.workspace import Workspace

    return Workspace.open(requested_root(workspace))


def _waiting(ledger: Ledger) -> list[tuple[str, NeedsPerson]]:
    from codex.campaign.machine import NeedsPerson, next_step

    steps = ((s.partition(":")[2], next_step(ledger, s)) for s in ledger.subjects("book"))
    return [(name, step) for name, step in steps if isinstance(step, NeedsPerson)]
