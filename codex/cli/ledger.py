"""``codexctl ledger`` and ``codexctl costs``: what the campaign ledger says, whether it is whole, what was spent."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codex.cli.common import JsonOption, WorkspaceOption, console, emit_json, open_workspace, want_json
from codex.errors import UserError

if TYPE_CHECKING:
    from codex.campaign.ledger import Ledger
    from codex.campaign.verify import Problem
    from codex.oversight.first_submissions import Rate
    from codex.oversight.panels.estimate import Estimate
    from codex.snapshot import Snapshot

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="The campaign ledger: show, log, verify, rebuild, register."
)

SubjectArgument = Annotated[
    str | None,
    typer.Argument(
        help="A book's slug, or kind:name (book:SLUG, flow:ID, unit:ID …), or campaign.", show_default=False
    ),
]


@app.command()
def show(subject: SubjectArgument = None, workspace: WorkspaceOption = None, output: JsonOption = "text") -> None:
    """Show where every subject stands, or all about one."""
    from codex.campaign.ledger import Ledger
    from codex.cli import ledger_view

    as_json = want_json(output)
    ledger = Ledger.load(_snapshot(workspace))
    named = None if subject in (None, "campaign") else _named(ledger, str(subject))
    if as_json:
        emit_json(ledger.entry(named) if named else ledger.document())
    else:
        parts = ledger_view.subject_view(ledger, named) if named else ledger_view.overview(ledger)
        console().print(*parts, sep="\n")


@app.command()
def log(
    subject: SubjectArgument = None,
    last: Annotated[
        int | None, typer.Option("--last", min=0, help="Only the newest N; 0: all. Default: 30, for json all.")
    ] = None,
    workspace: WorkspaceOption = None,
    output: JsonOption = "text",
) -> None:
    """List events, oldest first."""
    from codex.campaign.ledger import Ledger
    from codex.cli import ledger_view

    as_json = want_json(output)
    ledger = Ledger.load(_snapshot(workspace))
    events = ledger.events(_named(ledger, subject) if subject else None)
    wanted = last if last is not None else (0 if as_json else 30)
    chosen = events[-wanted:] if wanted else events
    if as_json:
        emit_json([event.model_dump() for event in chosen])
    else:
        console().print(*ledger_view.event_lines(chosen, len(events)), sep="\n")


@app.command()
def verify(workspace: WorkspaceOption = None, output: JsonOption = "text") -> None:
    """Check the hash chain of the log and fold it again; exit 1 when anything is wrong."""
    from codex.campaign.log import files, lines
    from codex.campaign.verify import verify as verify_log

    as_json = want_json(output)
    snapshot = _snapshot(workspace)
    problems = verify_log(snapshot)
    events, count = sum(1 for _ in lines(snapshot)), len(files(snapshot))
    if as_json:
        found = [
            {"code": p.code, "path": p.path, "line": p.line, "event": p.event or None, "message": p.message}
            for p in problems
        ]
        emit_json({"whole": not problems, "events": events, "files": count, "problems": found})
    else:
        typer.echo("\n".join(map(_told, problems)) or _all_well(events, count))
    if problems:
        raise typer.Exit(1)


def _told(problem: Problem) -> str:
    from codex.oversight.render.pieces import plain

    event = f" [{plain(problem.event)}]" if problem.event else ""
    return f"{problem.place}{event}: {problem.message}"


def _all_well(events: int, count: int) -> str:
    if not events:
        return "There is no log yet, so there is nothing to verify."
    return f"The ledger is whole: {events} events in {count} files, and campaign.json is what they give."


@app.command()
def rebuild(
    diff: Annotated[bool, typer.Option("--diff", help="Show how the file differs from it; 1 when it does.")] = False,
    write: Annotated[bool, typer.Option("--write", help="Write it, as a commit.")] = False,
    workspace: WorkspaceOption = None,
) -> int:
    """Print campaign.json as the log gives it, byte for byte."""
    from codex.cli import ledger_rebuild

    if write and diff:
        raise UserError("--diff only shows, --write writes.", remedy="Leave one of them out.")
    if write:
        return ledger_rebuild.write(open_workspace(workspace))
    if diff:
        return ledger_rebuild.show_difference(_snapshot(workspace))
    ledger_rebuild.print_document(_snapshot(workspace))
    return 0


@app.command()
def register(
    subject: Annotated[str, typer.Argument(help="The subject, as kind:name: book:a-slug, or another track's kind.")],
    title: Annotated[str, typer.Option(help="What it is called.")],
    tier: Annotated[str | None, typer.Option(help="Its tier, which gives its budget.", metavar="α|β|γ|δ")] = None,
    workspace: WorkspaceOption = None,
) -> int:
    """Let a subject join the campaign: an event in the ledger, as a commit.

    codexctl ledger register book:lee-smooth-manifolds --title "Lee, Smooth Manifolds" --tier β
    """
    from codex.integration.integrator import integrate
    from codex.integration.joining import joining

    place = open_workspace(workspace)
    place.require_writable()
    record = {"title": title} | ({"tier": tier} if tier else {})
    (result,) = integrate(place, [joining(place.snapshot().label, {subject: record})])
    if result.status != "committed":
        raise UserError(result.reason or f"{subject} could not join the campaign.")
    typer.echo(f"{subject} joins the campaign, in commit {str(result.commit)[:10]}.")
    return 0


def costs(
    by: Annotated[str, typer.Option("--by", help="Sum by this.", metavar="book|pass|model|tier|day|pattern")] = "book",
    forecast: Annotated[
        bool, typer.Option("--forecast", help="Also what is left to do is likely to cost, by the ledger's own history.")
    ] = False,
    workspace: WorkspaceOption = None,
    output: JsonOption = "text",
) -> None:
    """Show what agent calls have cost, against the budgets, and what of it was paid in vain."""
    from codex.cli import ledger_view

    as_json = want_json(output)
    snapshot = _snapshot(workspace)
    table, rates = ledger_view.cost_table(snapshot, by), _first_submissions(snapshot) if by == "pattern" else []
    if as_json:
        told = {"first_submissions": [asdict(rate) for rate in rates]} if rates else {}
        emit_json(table.as_json() | told | ({"forecast": asdict(_forecast(workspace))} if forecast else {}))
    else:
        console().print(*table.view(), *([ledger_view.rates_view(rates)] if rates else []), sep="\n")
        if forecast:
            left = _forecast(workspace).sheet()
            console().print(f"{left.title}:", left.empty if not left.facts else "")
            console().print(
                *(f"  {fact.label}: {fact.value}" for fact in left.facts), left.note, sep="\n", markup=False
            )


def _forecast(workspace: Path | None) -> Estimate:
    """The same panel as the dashboard's: what the items left will take, with a range."""
    from codex.oversight.panels.estimate import estimate
    from codex.oversight.view import View

    return estimate(View.of_tree(open_workspace(workspace)))


def _first_submissions(snapshot: Snapshot) -> list[Rate]:
    from codex.campaign.ledger import Ledger
    from codex.oversight.first_submissions import first_submission_rates

    return first_submission_rates(Ledger.load(snapshot).events())


def _snapshot(workspace: Path | None) -> Snapshot:
    """The files as they are now: what a person sees is what is shown and verified."""
    return open_workspace(workspace).tree()


def _named(ledger: Ledger, name: str) -> str:
    """The subject that a name or a Fast Track entry means; the name itself when the ledger knows none."""
    from codex.tracks.registry import kinds

    if ":" in name or name == "campaign":
        return name
    named = [subject for kind in kinds() if ledger.knows(subject := f"{kind}:{name}")]
    entered = (book for book in ledger.subjects("book") if str(ledger.entry(book).get("fasttrack_entry")) == name)
    return next(iter(named), None) or next(entered, f"book:{name}")
