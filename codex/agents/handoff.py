"""The handoff backend: each turn is left in a folder, and an outside agent or a person answers it from the shell.

The engine drives: it writes the brief, then for each turn the results of the turn before, and waits for the agent's
next turn. A turn handed in for another request than the one that is waited for is put aside, never used.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from codex.agents.briefs import brief, tools_for_agents
from codex.agents.call import CallAddress
from codex.agents.failures import TurnFailed
from codex.agents.messages import Reply, TurnRequest, checked_message, digest
from codex.agents.outbox import Outbox, Status, handoff_folder
from codex.agents.process import this_process
from codex.agents.usage import estimated_usage
from codex.errors import DataError

#: Seconds between looks into the inbox, and between signs of life.
POLL = 0.2
BEAT = 2.0


@dataclass(frozen=True, slots=True)
class HandoffBackend:
    """Leaves turns in ``<state_dir>/handoff``; ``workspace`` is the folder that the brief's shell lines name."""

    workspace: Path
    state_dir: Path
    name: str = "handoff"
    server_tools: bool = False

    def outbox(self, address: CallAddress) -> Outbox:
        return Outbox(handoff_folder(self.state_dir) / address.slug)

    async def turn(self, request: TurnRequest) -> Reply:
        """Wait for the agent's turn; raises TurnFailed (``unanswered``) after the call's ``answer_seconds``."""
        box = self._opened(request)
        if request.turn > 1:
            box.write(f"results/{request.turn - 1}.json", _unmarked(request.body["messages"][-1]["content"]))
        status = Status(
            address=str(request.address), state="waiting", turn=request.turn, asks=digest(request.body),
            engine=this_process(), beat=time.time(), model=request.call.model, max_turns=request.call.max_turns,
        )  # fmt: skip
        content = await self._wait(box, status, request.call.answer_seconds)
        box.write_status(replace(status, state="working", beat=time.time()))
        return Reply(_message(content, request), self.name, tokens_estimated=True)

    async def _wait(self, box: Outbox, status: Status, patience: float) -> list[dict[str, Any]]:
        until = time.monotonic() + patience
        next_beat = 0.0
        while True:
            content = _handed_in(box, status)
            if content is not None:
                return content
            now = time.monotonic()
            if now > until:
                raise TurnFailed("unanswered", f"Nobody answered call {box.name} within {patience:g} s.")
            if now >= next_beat:
                box.write_status(replace(status, beat=time.time()))
                next_beat = now + BEAT
            await asyncio.sleep(POLL)

    def _opened(self, request: TurnRequest) -> Outbox:
        """The call's folder with its brief; a folder left by a call that asked something else is put aside."""
        box = self.outbox(request.address)
        tools = tools_for_agents(request.body["tools"])
        text = brief(request.call, tools, box.name, self.workspace)
        there = box.path("brief.md")
        if there.exists() and there.read_text("utf-8") == text:
            return box
        if box.folder.exists():
            _put_aside(box.folder)
        box.write("reply-schema.json", request.call.reply_model.model_json_schema())
        box.write("tools.json", tools)
        box.write_text("brief.md", text)
        return box

    async def finished(self, address: CallAddress, state: str, detail: str) -> None:
        """Tell who waits at the shell how the call ended."""
        box = self.outbox(address)
        status = box.status()
        if status is not None and status.is_open:
            box.write_status(replace(status, state=state, detail=detail, beat=time.time()))


def _handed_in(box: Outbox, status: Status) -> list[dict[str, Any]] | None:
    """The content of the turn that is waited for; whatever else lies in its place is put aside."""
    name = f"{status.turn}.json"
    try:
        given = box.read("inbox", name)
        if given is None:
            return None
        content = _content(given, status.asks)
    except (DataError, ValueError):
        box.keep_late(box.path("inbox", name))
        return None
    return content


def _content(given: Any, asks: str) -> list[dict[str, Any]]:
    if not isinstance(given, Mapping) or given.get("for") != asks:
        raise ValueError("it answers another request")
    block = given.get("use")
    if not isinstance(block, Mapping) or not isinstance(block.get("name"), str):
        raise ValueError("it names no tool")
    if not isinstance(block.get("input"), Mapping):
        raise ValueError("its input is no object")
    return [{"type": "tool_use", "name": block["name"], "input": dict(block["input"])}]


def _message(content: list[dict[str, Any]], request: TurnRequest) -> dict[str, Any]:
    """The turn as the API would have answered it, with ids that are the same in every run."""
    named = [{**block, "id": _use_id(request.label, index)} for index, block in enumerate(content)]
    return checked_message(
        {
            "role": "assistant",
            "content": named,
            "stop_reason": "tool_use",
            "usage": estimated_usage(request.body, named),
            "model": request.call.model,
        }
    )


def _use_id(label: str, index: int) -> str:
    return "toolu_" + hashlib.sha256(f"{label}/{index}".encode()).hexdigest()[:24]


def _unmarked(content: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in block.items() if key != "cache_control"} for block in content]


def _put_aside(folder: Path) -> None:
    number = 1
    while (target := folder.with_name(f"{folder.name}.{number}.old")).exists():
        number += 1
    folder.replace(target)
