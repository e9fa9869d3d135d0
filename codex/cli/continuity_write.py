"""``codexctl continuity --write``: the report in manifests/, as a commit of the integrator."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from codex.continuity.corpus import ContinuityReport
    from codex.workspace import Workspace


def write_report(root: Path, *, cache: bool) -> ContinuityReport:
    """Measure the commit that is checked out and integrate its report; what was done is said on standard error.

    Nothing is written where the last committed report says the same already. Raises WorkspaceError when the workspace
    cannot be written to, ContentError when the integrator refuses.
    """
    from codex.cli.cached import open_store
    from codex.cli.continuity import judged_as_set
    from codex.continuity.corpus import measure_corpus
    from codex.continuity.report import PATH, report_markdown, same_but_for_trend
    from codex.integration.opening import open_workspace

    workspace = open_workspace(root)
    workspace.require_writable()
    snapshot = workspace.snapshot()
    report = judged_as_set(measure_corpus(snapshot, store=open_store(root, wanted=cache)), root)
    previous = snapshot.text(PATH, "")
    markdown = report_markdown(report, previous)
    if same_but_for_trend(markdown, previous):
        typer.echo(f"{PATH} says this already", err=True)
    else:
        commit = _integrated(workspace, snapshot.label, len(report.units), markdown)
        typer.echo(f"{PATH} written, commit {commit[:12]}", err=True)
    return report


def _integrated(workspace: Workspace, base: str, units: int, markdown: str) -> str:
    from codex.errors import ContentError
    from codex.integration.integrator import integrate
    from codex.integration.proposal import Proposal, Report

    proposal = Proposal(
        subject="campaign",
        pass_name="PV_continuity",
        title=f"Continuity report on {units} units",
        base=base,
        reports=(Report(name="continuity_report", markdown=markdown),),
    )
    [result] = integrate(workspace, [proposal])
    for warning in result.warnings:
        typer.echo(f"warning: {warning}", err=True)
    if result.commit is None:
        raise ContentError(f"The report was not integrated: {result.reason or result.status}.")
    return result.commit
