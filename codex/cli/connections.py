"""``codexctl connections``: the registry of connections, and what waits for a decision."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from codex.cli import options
from codex.cli.common import JsonOption, WorkspaceOption, console, emit_json, open_workspace, want_json
from codex.errors import UserError

if TYPE_CHECKING:
    from codex.corpus.proposals import Proposal, Status
    from codex.snapshot import Snapshot
    from codex.workspace import Workspace

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True, help=__doc__)

STATES = ("pending", "approved", "rejected", "registered", "all")

IdsArgument = Annotated[list[str], typer.Argument(help="Proposals, as list shows them; their number is enough.")]
NoteOption = Annotated[str, typer.Option("--note", help="Why; kept with the decision.")]


@app.command("list")
def list_connections(
    status: Annotated[str, typer.Option("--status", metavar="|".join(STATES))] = "pending",
    unit: Annotated[str, typer.Option("--unit", help="Only those that appear in this unit.")] = "",
    concept: Annotated[str, typer.Option("--concept", help="Only those that begin or end at this catalog id.")] = "",
    kind: Annotated[str, typer.Option("--type", help="Only those of this type.")] = "",
    strength: Annotated[str, typer.Option("--strength", help="load-bearing, synthesis or lateral.")] = "",
    workspace: WorkspaceOption = None,
    output: JsonOption = "text",
) -> None:
    """List proposed connections that wait for a decision; --status all shows everything, the registry included.

    Example: codexctl connections list --unit 03.09.02 --strength load-bearing
    """
    as_json = want_json(output)
    if status not in STATES:
        raise UserError(f"--status {status!r} is not one of {', '.join(STATES)}.", remedy="Name one of them.")
    wanted = {"unit": unit, "concept": concept, "type": kind, "strength": strength}
    found = [each for each in _all(open_workspace(workspace).snapshot()) if _matches(each, status, wanted)]
    if as_json:
        emit_json({"connections": found})
        return
    for each in found:
        _print(each)
    waiting = sum(each["status"] == "pending" for each in found)
    closing = f"{waiting} wait for a decision: codexctl connections approve|reject ID …" if waiting else ""
    console().print(closing or ("Nothing waits for a decision." if status == "pending" else f"{len(found)} found."))


def _decision(status: Status, help_: str) -> Callable[..., int]:
    """A command that decides so: the decisions differ in nothing else."""

    def command(
        ids: IdsArgument,
        note: NoteOption = "",
        dry_run: options.DryRun = False,
        push: options.Push = None,
        workspace: WorkspaceOption = None,
        output: JsonOption = "text",
    ) -> int:
        as_json = want_json(output)
        return _decide(open_workspace(workspace), ids, status, note, dry_run=dry_run, push=push, as_json=as_json)

    command.__doc__ = help_
    return command


app.command("approve")(
    _decision(
        "approved",
        """Take proposed connections into the registry, in one commit.

        Example: codexctl connections approve conn:012.spin-group-clifford-algebra 13 --note "Used by all of chapter 9."
        """,
    )
)
app.command("reject")(
    _decision("rejected", "Keep proposed connections out of the registry, in one commit; they are not proposed again.")
)


def _decide(
    workspace: Workspace, ids: list[str], status: Status, note: str, *, dry_run: bool, push: bool | None, as_json: bool
) -> int:
    from codex.cli.integrate_revert import is_outstanding, print_warnings
    from codex.integration.integrator import integrate
    from codex.integration.proposal import ConnectionDecision, Proposal

    workspace.require_writable()
    snapshot = workspace.snapshot()
    known = list(_known(snapshot))
    chosen = list(dict.fromkeys(_named(known, each).id for each in ids))
    open_ones = [each for each in chosen if _is_open(next(k for k in known if k.id == each), status)]
    decisions = [ConnectionDecision(id=each, status=status, note=note) for each in open_ones]
    title = f"{'Approve' if status == 'approved' else 'Reject'} {', '.join(chosen)}"
    made = Proposal(
        subject="campaign", pass_name="decision", title=title, base=snapshot.label, decisions=tuple(decisions)
    )
    results = integrate(workspace, [made], dry_run=dry_run, push=push) if decisions else []
    if results and results[0].status == "refused":
        raise UserError(results[0].reason, remedy="Correct the proposal in manifests/connection_proposals.md.")
    if as_json:
        emit_json({"dry_run": dry_run, "status": status, "decided": open_ones, "connections": chosen,
                   "commit": results[0].commit if results else None})  # fmt: skip
    else:
        for each in chosen:
            how = f"would be {status}" if dry_run else status
            console().print(f"{each}: {how if each in open_ones else f'{status} already'}", markup=False)
        print_warnings(results)
    return int(is_outstanding(results, push))


def _is_open(proposal: Proposal, status: Status) -> bool:
    """False when it was decided so before; raises UserError when it was decided otherwise."""
    from codex.corpus.proposals import PATH

    if proposal.status not in {"pending", status}:
        raise UserError(
            f"{proposal.id} is {proposal.status} since {proposal.decision_at or 'an earlier decision'}.",
            remedy=f"To decide again, set its status to pending in {PATH} and commit that.",
        )
    return proposal.status == "pending"


def _named(known: list[Proposal], name: str) -> Proposal:
    """The proposal of that id, or of that number."""
    number = name.removeprefix("conn:")
    found = [each for each in known if each.id == name]
    if not found and number.isdecimal():
        found = [each for each in known if each.connection().number == int(number)]
    if len(found) != 1:
        what = f"{name} means {', '.join(each.id for each in found)}." if found else f"There is no proposal {name}."
        raise UserError(what, remedy="See `codexctl connections list --status all`.")
    return found[0]


def _known(snapshot: Snapshot) -> Iterator[Proposal]:
    from codex.corpus import proposals

    yield from proposals.parse(snapshot.text(proposals.PATH, ""))


def _all(snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    """Proposals in the order of their file, then what is registered, as documents."""
    from codex.corpus import connections

    for each in _known(snapshot):
        yield {
            "id": each.id, "from": each.source, "to": each.target, "type": each.type, "strength": each.strength,
            "anchor_phrase": each.anchor_phrase, "synthesis_note": each.synthesis_note,
            "appears_in_units": list(each.units), "status": each.status, "proposer": each.proposer,
            "proposed_at": each.proposed_at, "rationale": each.rationale, "decision_at": each.decision_at,
            "decision_note": each.decision_note,
        }  # fmt: skip
    for one in connections.parse(snapshot.text(connections.PATH, "{}")).connections:
        yield {
            "id": one.id, "from": one.source, "to": one.target, "type": one.type, "strength": one.strength,
            "anchor_phrase": one.anchor_phrase, "synthesis_note": one.synthesis_note,
            "appears_in_units": list(one.units), "appears_in_flows": list(one.flows), "status": "registered",
        }  # fmt: skip


def _matches(each: dict[str, Any], status: str, wanted: dict[str, str]) -> bool:
    return (
        status in {"all", each["status"]}
        and (not wanted["unit"] or wanted["unit"] in each["appears_in_units"])
        and (not wanted["concept"] or wanted["concept"] in {each["from"], each["to"]})
        and all(not wanted[key] or wanted[key] == each[key] for key in ("type", "strength"))
    )


def _print(each: dict[str, Any]) -> None:
    out = console()
    out.print(f"{each['id']}  {each['status']}, {each['type']}, {each['strength']}", markup=False)
    out.print(f"  {each['from']} → {each['to']}", markup=False)
    out.print(f"  “{each['anchor_phrase']}”", markup=False)
    details = {
        "in": ", ".join(each["appears_in_units"]), "why": each.get("rationale"), "note": each["synthesis_note"],
        "by": " ".join(filter(None, (each.get("proposer"), each.get("proposed_at")))),
        "decided": " ".join(filter(None, (each.get("decision_at"), each.get("decision_note")))),
    }  # fmt: skip
    for name, text in details.items():
        if text:
            out.print(f"  {name}: {text}", markup=False)
