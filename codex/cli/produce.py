"""``codexctl produce-next``: the next units of books in production and of the plan's queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from codex.cli import options
from codex.cli.common import JsonOption, WorkspaceOption, absolute, emit_json, open_workspace, want_json
from codex.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from codex.agents.call import AgentCall
    from codex.work.choosing import Work
    from codex.workspace import Workspace


def produce_next(
    batch: Annotated[int, typer.Option(help="How many units, of distinct chapters.", metavar="N")] = 1,
    unit_id: Annotated[str, typer.Option("--id", help="This unit.", metavar="ID")] = "",
    brief_only: options.BriefOnly = False,
    dry_run: options.Asking = False,
    backend: options.Backend = None,
    record: options.Record = None,
    recordings: options.Recordings = None,
    output: JsonOption = "text",
    workspace: WorkspaceOption = None,
) -> None:
    """Produce the next units: what books in production owe, then the queue. A unit is claimed before it is paid for.

    Examples: codexctl produce-next --brief-only · codexctl produce-next --batch 4 --backend handoff
    """
    from codex.cli.next_work import run_next, show_briefs
    from codex.work import choosing
    from flows.request import ProduceRequest, requested

    as_json = want_json(output)
    place = open_workspace(workspace)
    request = requested(
        ProduceRequest, {"number": "batch", "units": "id"}, workspace=str(place.root), number=batch,
        units=(unit_id,) if unit_id else (), backend=backend, record=absolute(record), recordings=absolute(recordings),
    )  # fmt: skip
    if unit_id and batch != 1:
        raise UserError("--id names one unit and --batch asks for several.", remedy="Leave one of them out.")
    works = choosing.production(place.snapshot(), "", batch, wanted=request.units, ready=not brief_only)
    if brief_only:
        show_briefs(_calls(place, works), "production", choosing.NOTHING_TO_PRODUCE, as_json=as_json)
    elif dry_run:
        _tell(place, works, batch, as_json=as_json)
    else:
        run_next(place, "flows.produce_next", request, works, choosing.NOTHING_TO_PRODUCE, as_json=as_json)


def _calls(place: Workspace, works: Iterable[Work]) -> list[AgentCall[Any]]:
    from codex.passes.calls import next_call

    return [next_call(place, work.subject, "production", unit) for work in works for unit in sorted(work.units or ())]


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
    from codex.cli.dry_run import Question
    from codex.work.choosing import NOTHING_TO_PRODUCE

    calls = _calls(place, works)
    yield f"{len(calls)} units would be produced:" if calls else NOTHING_TO_PRODUCE
    for call in calls:
        yield from Question.of(place, call).lines()
