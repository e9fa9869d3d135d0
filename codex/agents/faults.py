"""Misbehaviour of the local server, scripted: which requests go wrong, and how."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal, get_args

from codex.agents.messages import SUBMIT
from codex.errors import UserError

#: Instead of an answer, or in the middle of one.
Broken = Literal[
    "status", "hang_up", "silent", "html", "cut", "end_early", "stall", "error_event", "garbage", "bad_json"
]

#: A proper answer that says the wrong thing.
Wrong = Literal[
    "refusal", "max_tokens", "context_window", "pause_turn", "empty", "text_only", "wrong_arguments", "unknown_tool",
    "bad_reply", "same_call", "other_call",
]  # fmt: skip

#: To a request of a Message Batch (the label of making a batch is ``batches``).
Batched = Literal["batch_lost", "batch_errored", "batch_failed", "batch_expired"]

Action = Literal[Broken, Wrong, Batched]

#: What each action does.
ACTIONS: Mapping[Action, str] = {
    "status": "answer with an HTTP status and the API's error JSON",
    "hang_up": "close the connection before answering",
    "silent": "answer nothing for some seconds",
    "html": "answer 200 with a page that is no message",
    "cut": "close the connection after some events",
    "end_early": "end the stream properly after some events, before the message is whole",
    "stall": "send some events, then only pings for a while, then close",
    "error_event": "send some events, then an overloaded_error event",
    "garbage": "send some events, then one that is not JSON",
    "bad_json": "send a tool's input that is not JSON",
    "refusal": "answer with the stop reason refusal",
    "max_tokens": "stop at max_tokens in the middle of a tool call",
    "context_window": "stop because the context window is full",
    "pause_turn": "pause a long turn",
    "empty": "answer with no content",
    "text_only": "answer with text and no tool call",
    "wrong_arguments": "call a tool with wrong arguments",
    "unknown_tool": "call a tool that there is not",
    "bad_reply": "hand in a reply that matches no schema",
    "same_call": "make the same tool call every time",
    "other_call": "make another tool call every time",
    "batch_lost": "make the batch, but close the connection before answering",
    "batch_errored": "report the request as invalid",
    "batch_failed": "report the request as failed on the server's side",
    "batch_expired": "let the request expire",
}

_BEFORE_ANSWERING = ("status", "hang_up", "silent", "html")


@dataclass(frozen=True, slots=True)
class Fault:
    """One rule. It looks at requests whose ``<address>/<turn>`` matches the pattern ``match`` (shell style), counts
    them, and strikes at the numbers ``nth`` (from 1); at every one when ``nth`` is empty.

    ``after`` is how many events are sent before a stream goes wrong, ``seconds`` how long it stalls or is silent.
    """

    do: Action
    match: str = "*"
    nth: Sequence[int] = (1,)
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    message: str = "scripted fault"
    after: int = 3
    seconds: float = 30.0

    @property
    def instead(self) -> bool:
        """Whether nothing of the answer is sent."""
        return self.do in _BEFORE_ANSWERING

    def answer(self, number: int) -> dict[str, Any] | None:
        """The message that is answered in place of the recorded one, if it is that kind of fault.

        ``number`` tells one answer from another (the count of requests so far).
        """
        if self.do not in get_args(Wrong):
            return None
        content, stop = _wrong(self.do, number)
        usage = {"input_tokens": 100, "output_tokens": 50}
        return {"role": "assistant", "content": content, "stop_reason": stop, "usage": usage, "model": "local"}


def _wrong(action: str, number: int) -> tuple[list[dict[str, Any]], str]:
    said: dict[str, Any] = {"type": "text", "text": "Half of an answer"}
    calls: dict[str, tuple[str, dict[str, Any]]] = {
        "wrong_arguments": ("read_unit", {"nonsense": number}),
        "unknown_tool": ("shell", {"command": f"id {number}"}),
        "bad_reply": (SUBMIT, {"nonsense": number}),
        "same_call": ("search_corpus", {"query": "algebra"}),
        "other_call": ("search_corpus", {"query": f"algebra {number}"}),
        "max_tokens": (SUBMIT, {}),
    }
    stops = {"context_window": "model_context_window_exceeded", "text_only": "end_turn", "empty": "end_turn"}
    name, arguments = calls.get(action, ("", {}))
    use: dict[str, Any] = {"type": "tool_use", "id": f"toolu_fault_{number}", "name": name, "input": arguments}
    content = [use] if name else [said]
    if action in {"refusal", "empty"}:
        content = []
    elif action == "max_tokens":
        content = [said, use]
    calling = name and action != "max_tokens"
    return content, "tool_use" if calling else stops.get(action, action)


class FaultScript:
    """The rules of one server and how often each has matched. Called from one thread at a time (the server's lock)."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._faults = list(faults)
        self._seen: Counter[int] = Counter()

    def strike(self, label: str) -> Fault | None:
        """The fault for this request, or None; every matching rule counts it, the first that strikes wins."""
        struck: Fault | None = None
        for index, fault in enumerate(self._faults):
            if fnmatchcase(label, fault.match):
                self._seen[index] += 1
                if struck is None and (not fault.nth or self._seen[index] in fault.nth):
                    struck = fault
        return struck


def _rules(document: Any) -> list[Fault]:
    if not isinstance(document, list):
        raise TypeError("it is no list")
    return [Fault(**rule) for rule in document]


def read_faults(path: Path) -> list[Fault]:
    """Rules from a JSON file: a list of objects with the fields of ``Fault``; raises UserError."""
    try:
        faults = _rules(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError) as exc:
        known = ", ".join(f.name for f in fields(Fault))
        raise UserError(f"{path} is not a list of faults: {exc}.", remedy=f"A fault has the fields {known}.") from exc
    for fault in faults:
        if fault.do not in ACTIONS:
            raise UserError(f"{path}: there is no fault {fault.do!r}.", remedy=f"Use one of {', '.join(ACTIONS)}.")
    return faults
