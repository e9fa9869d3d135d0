"""The brief that an outside agent reads: the task, the tools and the exact shell lines to use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from codex.agents.call import AgentCall
from codex.agents.messages import SUBMIT

_HOW = """\
# Call `{name}`

You answer this call. Read the instructions and the task below, use the tools as often as you need (each is one shell
line), and hand in one reply. At most {turns} steps, tools and submissions together.

Run every line in a shell on this machine; the workspace is named in it:

    {command} {name} tool NAME 'ARGUMENTS AS JSON'
    {command} {name} submit reply.json

* Arguments may also be given one by one: `--arg key=value` (repeat it), and `--file key=path` passes a file's text, so
  that long Markdown needs no escaping.
* `reply.json` must match the reply schema at the end. Anywhere in it, `{{"$file": "draft.md"}}` stands for the text of
  that file, which must lie in the same folder as `reply.json` (no links). So write long texts as files beside it.
* A reply that does not match comes back with the exact errors: mend it and submit again. `Accepted.` ends the call.
"""


def brief(call: AgentCall[Any], tools: list[dict[str, Any]], name: str, workspace: Path) -> str:
    """The whole brief as Markdown. ``workspace`` is the folder that the shell lines name."""
    command = f"codexctl --workspace {_quoted(workspace)} call"
    parts = [
        _HOW.format(name=name, command=command, turns=call.max_turns),
        "## Tools\n",
        *(_tool(tool, command, name) for tool in tools),
        "## Instructions\n",
        call.prefix,
        "## Task\n",
        call.prompt,
        "## Reply schema\n",
        "Also in reply-schema.json beside this file.\n",
        _json(call.reply_model.model_json_schema()),
    ]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


def _tool(tool: dict[str, Any], command: str, name: str) -> str:
    schema = tool["input_schema"]
    example = json.dumps(dict.fromkeys(schema.get("required", []), "…"), ensure_ascii=False)
    return (
        f"### {tool['name']}\n\n{tool['description']}\n\n"
        f"    {command} {name} tool {tool['name']} '{example}'\n\n{_json(schema)}\n"
    )


def tools_for_agents(tools: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The tools but for ``submit``, which is a shell command of its own."""
    return [tool for tool in tools if tool["name"] != SUBMIT]


def _json(document: Any) -> str:
    return "```json\n" + json.dumps(document, ensure_ascii=False, indent=1) + "\n```\n"


def _quoted(path: Path) -> str:
    import shlex

    return shlex.quote(str(path))
