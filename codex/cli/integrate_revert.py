"""``codexctl integrate --revert ID``: withdraw shipped units; and what both kinds of integration print."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from codex.cli.common import console, emit_json

if TYPE_CHECKING:
    from codex.integration.proposal import IntegrationResult
    from codex.workspace import Workspace

#: How a result says that its commit is here alone (integration/push.py).
OUTSTANDING = "What is new here is not on "


def take_back(
    workspace: Workspace, ids: list[str], reason: str, *, push: bool | None, dry_run: bool, as_json: bool
) -> int:
    """Withdraw units in one commit, or say why not; returns the exit status."""
    from codex.integration.integrator import integrate
    from codex.integration.withdrawal import withdrawal

    units = list(dict.fromkeys(ids))
    made = withdrawal(workspace, units, reason)
    result = integrate(workspace, [made], dry_run=dry_run, push=push)[0] if made else None
    if as_json:
        body = result.model_dump(mode="json") if result else {"status": "unchanged", "reason": "withdrawn already"}
        emit_json({"dry_run": dry_run, "units": units, **body})
    else:
        _print(units, result, dry_run)
    refused = result is not None and result.status == "refused"
    return int(refused or (result is not None and is_outstanding([result], push)))


def _print(units: list[str], result: IntegrationResult | None, dry_run: bool) -> None:
    out = console()
    named = ", ".join(units)
    if result is None or result.status == "unchanged":
        out.print(f"{named}: withdrawn already, nothing to do", markup=False)
        return
    if result.status == "refused":
        out.print(f"{named}: refused: {result.reason}", markup=False)
        return
    for unit in result.withdrawn:
        how = "would be withdrawn" if dry_run else f"withdrawn, commit {(result.commit or '')[:12]}"
        out.print(f"{unit}: {how}", markup=False)
        for action in result.actions:
            if action.startswith(f"{unit}: "):
                out.print(f"  {action.removeprefix(f'{unit}: ')}", markup=False)
    print_warnings([result])


def print_warnings(results: Iterable[IntegrationResult]) -> None:
    """Every warning once: what the remote says concerns all units of a call."""
    for warning in dict.fromkeys(warning for result in results for warning in result.warnings):
        console().print(f"  warning: {warning}", markup=False)


def is_outstanding(results: Iterable[IntegrationResult], push: bool | None) -> bool:
    """True when a push was asked for and something is not on the remote."""
    return bool(push) and any(OUTSTANDING in warning for result in results for warning in result.warnings)
