"""The briefs of the next work, as ``codexctl brief`` prints them: several one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

from codex.cli.common import emit_json

if TYPE_CHECKING:
    from codex.agents.call import AgentCall
    from codex.campaign.ledger import Ledger
    from codex.workspace import Workspace


def call_of(
    workspace: Workspace, ledger: Ledger, pass_name: str, subject: str, unit: str | None = None
) -> AgentCall[Any]:
    """The call that a pass would make now; nothing is pinned, sent or paid for."""
    from codex.passes.calls import agent_call, make_context
    from codex.passes.registry import get_pass

    return agent_call(workspace, *make_context(workspace, None, ledger, subject, get_pass(pass_name).name, unit))


def show(calls: Sequence[AgentCall[Any]], pass_name: str, *, as_json: bool) -> None:
    """Print briefs, their sizes on standard error; as JSON a list. What all of them begin with is printed once."""
    from codex.cli.brief import size_line
    from codex.passes.registry import get_pass

    for call in calls:
        typer.echo(size_line(call, get_pass(pass_name).prompt), err=True)
    if as_json:
        emit_json(
            [
                {"call": str(call.address), "model": call.model, "prefix": call.prefix, "prompt": call.prompt}
                for call in calls
            ]
        )
    elif len(calls) == 1:
        typer.echo(calls[0].prefix + "\n" + calls[0].prompt)
    else:
        typer.echo(calls[0].prefix)
        for call in calls:
            typer.echo(f"\n===== {call.address} =====\n\n{call.prompt}")
