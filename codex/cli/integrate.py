"""``codexctl integrate``: take unit files that somebody wrote by hand into the shared state, or withdraw units."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from codex.cli import options
from codex.cli.common import JsonOption, WorkspaceOption, console, emit_json, open_workspace, want_json
from codex.cli.integrate_revert import is_outstanding, print_warnings, take_back

if TYPE_CHECKING:
    from codex.integration.proposal import IntegrationResult, Proposal
    from codex.workspace import Workspace


def integrate(
    files: Annotated[
        list[str] | None, typer.Argument(help="Unit files, or ids of units whose files stand in content/.")
    ] = None,
    revert: Annotated[
        list[str] | None, typer.Option("--revert", metavar="ID", help="Withdraw a shipped unit; may be repeated.")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why, with --revert; kept in the ledger.")] = "",
    push: options.Push = None,
    dry_run: options.DryRun = False,
    workspace: WorkspaceOption = None,
    output: JsonOption = "text",
) -> int:
    """Validate, register and commit finished units. Below all checks nothing is written and the defects are listed.

    --revert ID withdraws a unit: all that its integration did is undone by a new commit. --push without files sends
    what could not be sent before.
    """
    as_json = want_json(output)
    names = list(dict.fromkeys(files or ()))
    _require_one_thing(names, revert, push)
    place = open_workspace(workspace)
    place.require_writable()
    if revert:
        return take_back(place, revert, reason, push=push, dry_run=dry_run, as_json=as_json)
    if not names:
        return _send(place, as_json=as_json)
    proposals = [_proposal(place, name) for name in names]
    results = _integrated(place, proposals, dry_run, push)
    if as_json:
        emit_json({"dry_run": dry_run, "results": [_document(p, r) for p, r in zip(proposals, results, strict=True)]})
    else:
        _print(proposals, results, dry_run)
    short = any(result.status == "refused" or result.rejected for result in results)
    return int(short or is_outstanding(results, push))


def _require_one_thing(names: list[str], revert: list[str] | None, push: bool | None) -> None:
    from codex.errors import UserError

    if names and revert:
        raise UserError("Unit files and --revert exclude each other.", remedy="Run the command twice.")
    if not (names or revert or push):
        raise UserError("Nothing to integrate.", remedy="Name unit files or ids, or --revert ID, or --push.")


def _integrated(
    workspace: Workspace, proposals: list[Proposal], dry_run: bool, push: bool | None
) -> list[IntegrationResult]:
    """Try all, then integrate those that pass; results in the order of the proposals."""
    from codex.integration.integrator import integrate as integrate_proposals

    results = integrate_proposals(workspace, proposals, dry_run=True)
    good = {tried.proposal for tried in results if tried.status == "committed" and not tried.rejected}
    ready = [proposal for proposal in proposals if proposal.id in good]
    if ready and not dry_run:
        done = {result.proposal: result for result in integrate_proposals(workspace, ready, push=push)}
        results = [done.get(result.proposal, result) for result in results]
    return results


def _send(workspace: Workspace, *, as_json: bool) -> int:
    """Push what is outstanding, and say what still is."""
    from codex.integration.integrator import send

    notes, problem = send(workspace)
    if as_json:
        emit_json({"pushed": not problem, "problem": problem, "notes": notes})
    else:
        for line in [*notes, problem or "The remote has everything."]:
            console().print(line, markup=False)
    return int(bool(problem))


def _proposal(workspace: Workspace, name: str) -> Proposal:
    """The proposal for one file: a new unit, or a change to the one that has its id."""
    from pydantic import ValidationError

    from codex.corpus.index import CorpusIndex
    from codex.errors import ContentError
    from codex.integration.proposal import Proposal, UnitChange
    from codex.units import parse_unit

    path, data = _read(workspace, name)
    unit = parse_unit(data, path.name)
    if unit.error:
        raise ContentError(f"{path} cannot be read as a unit: {unit.error.sentence}", remedy="Correct the file.")
    snapshot = workspace.snapshot()
    there = CorpusIndex(snapshot).path_of(unit.id)
    try:
        change = UnitChange(
            action="edit" if there else "new",
            id=unit.id,
            slug=unit.slug,
            text=data.decode("utf-8"),
            expected_blob=snapshot.blobs()[there] if there else None,
            reason="integrated by hand",
        )
    except ValidationError as exc:
        first = exc.errors()[0]
        raise ContentError(
            f"{path}: {'.'.join(map(str, first['loc']))} is wrong: {first['msg']}.",
            remedy="A unit's id is like 03.09.02, its slug lower-case words joined by hyphens.",
        ) from exc
    title = f"{'Change' if there else 'Ship'} {unit.id} {unit.title}"
    return Proposal(subject=f"unit:{unit.id}", pass_name="manual", title=title, base=snapshot.label, units=(change,))


def _read(workspace: Workspace, name: str) -> tuple[Path, bytes]:
    from codex.cli.chosen import path_of_unit
    from codex.errors import ContentError, UserError
    from codex.integration.hostile import MAX_BYTES
    from codex.units import is_id

    path = Path(name)
    if is_id(name) and not path.exists():
        path = workspace.root / path_of_unit(workspace.tree(), name)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ContentError(f"{path} is larger than {MAX_BYTES // 1_000_000} MB.", remedy="Split the unit.")
        return path, path.read_bytes()
    except OSError as exc:
        raise UserError(f"{path} cannot be read: {exc.strerror}.", remedy="Name a unit file or an id.") from exc


def _document(proposal: Proposal, result: IntegrationResult) -> dict[str, Any]:
    return {"unit": proposal.units[0].id, **result.model_dump(mode="json")}


def _print(proposals: list[Proposal], results: list[IntegrationResult], dry_run: bool) -> None:
    out = console()
    for proposal, result in zip(proposals, results, strict=True):
        unit = proposal.units[0].id
        out.print(f"{unit}: {_verdict(result, dry_run)}", markup=False)
        for rejected in result.rejected:
            for defect in rejected.defects:
                out.print(f"  {defect['code']} {defect['where']}: {defect['what']}", markup=False)
    print_warnings(results)


def _verdict(result: IntegrationResult, dry_run: bool) -> str:
    if result.status == "refused":
        return f"refused: {result.reason}"
    if result.rejected:
        return f"not integrated ({result.rejected[0].reason}): {result.rejected[0].detail}"
    if result.status == "unchanged":
        return "integrated already, nothing to do"
    return "would be integrated" if dry_run else f"integrated, commit {(result.commit or '')[:12]}"
