"""``codexctl produce-next``: the next units of books in production and of the plan's queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from codex.cli.common import JsonOption, WorkspaceOption, emit_json, requested_root, want_json
from codex.cli.run import BackendOption, RecordingsOption, RecordOption, absolute
from codex.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from codex.agents.call import AgentCall
    from codex.workspace import Workspace
    from flows.choosing import Work


def produce_next(
    batch: Annotated[int, typer.Option(help="How many units, of distinct chapters.", metavar="N")] = 1,
    unit_id: Annotated[str, typer.Option("--id", help="This unit.", metavar="ID")] = "",
    brief_only: Annotated[bool, typer.Option("--brief-only", help="Print the briefs; send and pay nothing.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be asked and what it may cost.")] = False,
    backend: BackendOption = None,
    record: RecordOption = None,
    recordings: RecordingsOption = None,
    output: JsonOption = "text",
    workspace: WorkspaceOption = None,
) -> None:
    """Produce the next units: what books in production owe, then the queue. A unit is claimed before it is paid for.

    Examples: codexctl produce-next --brief-only · codexctl produce-next --batch 4 --backend handoff
    """
    from codex.workspace import Workspace
    from flows import choosing
    from flows.request import ProduceRequest, requested

    as_json = want_json(output)
    place = Workspace.open(requested_root(workspace))
    request = requested(
        ProduceRequest, {"number": "batch", "units": "id"}, workspace=str(place.root), number=batch,
        units=(unit_id,) if unit_id else (), backend=backend, record=absolute(record), recordings=absolute(recordings),
    )  # fmt: skip
    if as_json and not (brief_only or dry_run):
        raise UserError("JSON is for --brief-only and --dry-run.", remedy="See `codexctl ledger show --format json`.")
    if unit_id and batch != 1:
        raise UserError("--id names one unit and --batch asks for several.", remedy="Leave one of them out.")
    works = choosing.production(place.snapshot(), "", batch, wanted=request.units, ready=not brief_only)
    if brief_only:
        _print_briefs(_calls(place, works), as_json=as_json)
    elif dry_run:
        _tell(place, works, batch, as_json=as_json)
    else:
        _run(place, request, works)


def _calls(place: Workspace, works: Iterable[Work]) -> list[AgentCall[Any]]:
    from codex.campaign.ledger import Ledger
    from codex.cli.next_briefs import call_of

    ledger = Ledger.load(place.snapshot())
    return [
        call_of(place, ledger, "production", work.subject, unit) for work in works for unit in sorted(work.units or ())
    ]


def _print_briefs(calls: list[AgentCall[Any]], *, as_json: bool) -> None:
    from codex.cli.next_briefs import show
    from flows.choosing import NOTHING_TO_PRODUCE

    if calls:
        show(calls, "production", as_json=as_json)
    else:
        typer.echo("[]" if as_json else NOTHING_TO_PRODUCE)


def _tell(place: Workspace, works: list[Work], batch: int, *, as_json: bool) -> None:
    """What a run would do, and how the queue goes on after it."""
    from codex.cli import plan_view
    from codex.planning.batches import analyse
    from codex.planning.store import live_plan

    plan = live_plan(place.snapshot())
    report = analyse(plan, batch)
    if as_json:
        chosen = [{"subject": work.subject, "units": sorted(work.units or ())} for work in works]
        emit_json({"chosen": chosen, **plan_view.batch_document(report)})
        return
    typer.echo("\n".join([*_about(place, works), "", *plan_view.batch(plan, report)]))


def _about(place: Workspace, works: Iterable[Work]) -> Iterator[str]:
    from codex.cli.dry_run import about_call
    from flows.choosing import NOTHING_TO_PRODUCE

    calls = _calls(place, works)
    yield f"{len(calls)} units would be produced:" if calls else NOTHING_TO_PRODUCE
    for call in calls:
        yield from about_call(place, call)


def _run(place: Workspace, request: Any, works: list[Work]) -> None:
    from codex.cli.launch import run_flow
    from flows.backends import choose_backend
    from flows.choosing import NOTHING_TO_PRODUCE

    place.require_writable()
    choose_backend(place, request.backend, request.recordings)
    done = run_flow(place, "flows.produce_next", "produce_next", request) if works else []
    typer.echo("\n".join(told(done)) or NOTHING_TO_PRODUCE)


def told(references: Iterable[dict[str, Any]]) -> list[str]:
    """What a flow says of each piece of work, as lines."""
    return [
        f"{each['unit']} of {each['book']}" if "unit" in each else f"{each['book']} is at {each['state']}"
        for each in references
    ]
