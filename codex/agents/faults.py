"""Misbehaviour of the local server, scripted: which requests go wrong, and how."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

from codex.errors import UserError

Action = Literal["status", "hang_up", "cut", "end_early", "stall", "error_event", "garbage", "html"]

#: What each action does.
ACTIONS: Mapping[str, str] = {
    "status": "answer with an HTTP status and the API's error JSON",
    "hang_up": "close the connection before answering",
    "cut": "close the connection after some events",
    "end_early": "end the stream properly after some events, before the message is whole",
    "stall": "send some events, then only pings for a while, then close",
    "error_event": "send some events, then an overloaded_error event",
    "garbage": "send some events, then one that is not JSON",
    "html": "answer 200 with a page that is no message",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One rule. It looks at requests whose ``<address>/<turn>`` matches the pattern ``match`` (shell style), counts
    them, and strikes at the numbers ``nth`` (from 1); at every one when ``nth`` is empty.

    ``after`` is how many events are sent before a stream goes wrong, ``seconds`` how long it stalls.
    """

    do: Action
    match: str = "*"
    nth: Sequence[int] = (1,)
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    message: str = "scripted fault"
    after: int = 3
    seconds: float = 30.0


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


def read_faults(path: Path) -> list[Fault]:
    """Rules from a JSON file: a list of objects with the fields of ``Fault``; raises UserError."""
    try:
        raw: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))
        if not isinstance(raw, list):
            raise TypeError("it is no list")
        faults = [Fault(**rule) for rule in raw]
    except (OSError, ValueError, TypeError) as exc:
        known = ", ".join(f.name for f in fields(Fault))
        raise UserError(f"{path} is not a list of faults: {exc}.", remedy=f"A fault has the fields {known}.") from exc
    for fault in faults:
        if fault.do not in ACTIONS:
            raise UserError(f"{path}: there is no fault {fault.do!r}.", remedy=f"Use one of {', '.join(ACTIONS)}.")
    return faults
