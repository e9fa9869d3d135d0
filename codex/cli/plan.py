"""``codexctl plan``: the production plan, computed from what is there; ``--write`` commits it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from codex.cli.common import JsonOption, WorkspaceOption, emit_json, open_workspace, want_json
from codex.errors import UserError

if TYPE_CHECKING:
    from codex.planning.bullets import Mode
    from codex.snapshot import Snapshot
    from codex.workspace import Workspace


def plan(
    mode: Annotated[str, typer.Option(help="How audits are read.", metavar="extended|compat")] = "extended",
    write: Annotated[
        bool, typer.Option("--write", help="Write plan.json and PRODUCTION_PLAN.md, as a commit.")
    ] = False,
    compare: Annotated[bool, typer.Option("--compare", help="What extended finds beyond compat.")] = False,
    explain: Annotated[str, typer.Option(help="Why this unit is where it is in the queue.", metavar="ID")] = "",
    batch: Annotated[int, typer.Option(help="The next N units that can be written at once.", metavar="N")] = 0,
    output: JsonOption = "text",
    workspace: WorkspaceOption = None,
) -> None:
    """Build the production plan from audits, corpus and booklist. Without --write nothing is changed.

    Examples: codexctl plan · codexctl plan --write · codexctl plan --explain 03.09.21 · codexctl plan --batch 4
    """
    as_json = want_json(output)
    chosen = _chosen(mode, write=write, compare=compare, explain=explain, batch=batch)
    place = open_workspace(workspace)
    if write:
        _write(place, chosen, as_json=as_json)
        return
    # The working tree, uncommitted audits and units included: what a person sees in the folder.
    document, lines = _asked(place.tree(), chosen, compare=compare, explain=explain, batch=batch)
    if as_json:
        emit_json(document)
    else:
        typer.echo("\n".join(lines))


def _chosen(mode: str, *, write: bool, compare: bool, explain: str, batch: int) -> Mode:
    if mode not in {"extended", "compat"}:
        raise UserError(f"There is no mode {mode!r}.", remedy="Use extended or compat.")
    asked = [
        name
        for name, given in (("--write", write), ("--compare", compare), ("--explain", explain), ("--batch", batch))
        if given
    ]
    if len(asked) > 1:
        raise UserError(f"{' and '.join(asked)} cannot be had at once.", remedy="Ask for one of them.")
    if mode == "compat" and (explain or batch):
        raise UserError(f"{asked[0]} is answered from the extended plan alone.", remedy="Leave --mode out.")
    return "compat" if mode == "compat" else "extended"


def _asked(snapshot: Snapshot, mode: Mode, *, compare: bool, explain: str, batch: int) -> tuple[Any, list[str]]:
    """What was asked for, as a document and as lines for people."""
    from codex.cli import plan_view
    from codex.planning.build import build_plan

    if compare:
        from codex.planning.compare import compare as compared

        found = compared(snapshot)
        return found, list(plan_view.comparison(found))
    built = build_plan(snapshot, mode)
    if explain:
        from codex.planning.explain import explain as explained

        about = explained(built, explain)
        return about, list(plan_view.explanation(about))
    if batch:
        from codex.planning.batches import analyse

        report = analyse(built, batch)
        return plan_view.batch_document(report), list(plan_view.batch(built, report))
    return built, list(plan_view.overview(built))


def _write(place: Workspace, mode: Mode, *, as_json: bool) -> None:
    from codex.corpus.planfile import PATH
    from codex.integration.integrator import integrate
    from codex.integration.proposal import Proposal
    from codex.planning.rollup import PATH as PAGE

    place.require_writable()
    base = place.snapshot().label
    proposal = Proposal(
        subject="campaign", pass_name="plan", title=f"Production plan ({mode})", base=base, plan_mode=mode
    )
    done = integrate(place, [proposal])[0]
    if done.status == "refused":
        raise UserError(f"The plan was not written: {done.reason}")
    if as_json:
        emit_json(done.model_dump(mode="json"))
    elif done.commit:
        typer.echo(f"wrote {PATH} and {PAGE}, commit {done.commit[:12]}")
    else:
        typer.echo(f"{PATH} says all that already; nothing to do")
