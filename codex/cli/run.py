"""``codexctl run``: one book, from where its ledger says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from codex.cli import options
from codex.cli.common import JsonOption, WorkspaceOption, absolute, emit_json, open_workspace, want_json

if TYPE_CHECKING:
    from codex.workspace import Workspace
    from flows.request import BookRequest, SubjectRequest


def run(
    book: Annotated[str, typer.Argument(help="Slug or Fast Track entry of a book; kind:name of any other subject.")],
    workspace: WorkspaceOption = None,
    until: Annotated[str | None, typer.Option(help="State at which to stop, as `audited`.", metavar="STATE")] = None,
    backend: options.Backend = None,
    record: options.Record = None,
    recordings: options.Recordings = None,
    dry_run: options.Asking = False,
    output: JsonOption = "text",
) -> None:
    """Take a subject through its passes. Interrupted at any moment, the same command goes on from there."""
    from codex.campaign.ledger import Ledger
    from codex.work.find import find_subject, has_arrived, reference

    as_json = want_json(output)
    place = open_workspace(workspace)
    ledger = Ledger.load(place.snapshot())
    subject = find_subject(ledger, book)
    if dry_run:
        _tell(place, subject, as_json=as_json)
        return
    request = _request(
        subject, workspace=str(place.root), until=until, backend=backend, record=absolute(record),
        recordings=absolute(recordings),
    )  # fmt: skip
    if has_arrived(ledger, subject, until):
        reached, note = reference(ledger, subject), "; nothing to do"
    else:
        reached, note = _run(place, request, aside=as_json), ""
    if as_json:
        emit_json(reached)
    else:
        typer.echo(f"{subject.removeprefix('book:')} is at {reached['state']}{note}")


def _request(subject: str, **values: object) -> BookRequest | SubjectRequest:
    """The request that the flow of its kind takes; raises UserError naming the option that is wrong."""
    from flows.request import BookRequest, SubjectRequest, requested

    kind, _, name = subject.partition(":")
    if kind == "book":
        return requested(BookRequest, {}, book=name, **values)
    return requested(SubjectRequest, {}, subject=subject, **values)


def _run(place: Workspace, request: BookRequest | SubjectRequest, *, aside: bool) -> dict[str, Any]:
    from codex.cli.launch import run_subject

    return run_subject(place, request, aside=aside)


def _tell(place: Workspace, subject: str, *, as_json: bool) -> None:
    from codex.cli.dry_run import next_step_of

    step = next_step_of(place, subject)
    if as_json:
        emit_json(step.as_json())
    else:
        typer.echo("\n".join(step.lines()))
