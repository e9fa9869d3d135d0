"""`codexctl call`: the handoff backend's side for an outside agent or a person."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codex.cli.common import JsonOption, WorkspaceOption, emit_json, open_workspace_root, want_json
from codex.errors import UserError

if TYPE_CHECKING:
    from codex.agents.outbox import Outbox

_USAGE = "Write: call list · call ID brief · call ID tool NAME [ARGUMENTS] · call ID submit FILE."


def app(
    call: Annotated[str, typer.Argument(metavar="list|ID", help="`list`, or the id of a call (a part will do).")],
    action: Annotated[str | None, typer.Argument(metavar="[brief|tool|submit]")] = None,
    what: Annotated[str | None, typer.Argument(metavar="[NAME|FILE]", help="Tool's name, or reply file.")] = None,
    arguments: Annotated[str | None, typer.Argument(metavar="[ARGUMENTS]", help="Tool's arguments as JSON.")] = None,
    arg: Annotated[list[str] | None, typer.Option("--arg", metavar="KEY=VALUE", help="One argument.")] = None,
    file: Annotated[list[str] | None, typer.Option("--file", metavar="KEY=PATH", help="A file's text.")] = None,
    wait: Annotated[float, typer.Option("--wait", min=0, help="Seconds to wait for the run's answer.")] = 600.0,
    workspace: WorkspaceOption = None,
    output: JsonOption = "text",
) -> int:
    """Answer a call of a run with `--backend handoff`: read its brief, use its tools, hand in the reply."""
    from codex.agents.desk import find_call, read_arguments, read_reply, submit, use_tool
    from codex.agents.outbox import handoff_folder

    as_json = want_json(output)
    home = handoff_folder(open_workspace_root(workspace) / ".codex" / "state")
    if call == "list" and action is None:
        return _list(home, as_json)
    box = find_call(home, call)
    if action == "brief" and what is None:
        return _brief(box, as_json)
    if action == "tool" and what is not None:
        given = read_arguments(box, what, arguments, arg or [], file or [])
        answer = use_tool(box, what, given, wait)
    elif action == "submit" and what is not None and arguments is None:
        answer = submit(box, read_reply(Path(what)), wait)
    else:
        raise UserError("This is not how `codexctl call` is used.", remedy=_USAGE)
    if as_json:
        emit_json({"ok": answer.ok, "over": answer.over, "text": answer.text})
    else:
        typer.echo(answer.text)
    return 0 if answer.ok else 1


def _brief(box: Outbox, as_json: bool) -> int:
    text = box.path("brief.md").read_text("utf-8")
    if as_json:
        emit_json({"call": box.name, "brief": text})
    else:
        typer.echo(text, nl=False)
    return 0


def _list(home: Path, as_json: bool) -> int:
    from codex.agents.desk import list_calls

    rows = list_calls(home)
    if as_json:
        emit_json({"calls": rows})
        return 0
    if not rows:
        typer.echo("No calls. They appear when a run with --backend handoff needs an answer.")
    for row in rows:
        attended = "" if row["attended"] or row["state"] not in {"waiting", "working"} else ", no run attends it"
        detail = f": {row['detail']}" if row["detail"] else ""
        typer.echo(f"{row['call']}  {row['state']} (step {row['turn']} of {row['of']}{attended}){detail}")
    return 0
