"""What the agent tests share: a small workspace, a reply model, messages, and recordings made of them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from codex.agents.batches import BatchPolicy
from codex.agents.call import AgentCall, CallAddress
from codex.agents.journal import Journal
from codex.agents.messages import Reply, TurnRequest, build_body, opening_messages
from codex.agents.turns import RetryPolicy
from codex.snapshot import TreeSnapshot

TESTS = Path(__file__).resolve().parent.parent

#: Environment of a subprocess that imports the engine and these helpers (as ``agents.helpers``).
SUBPROCESS = {**os.environ, "PYTHONPATH": os.pathsep.join((str(TESTS.parent), str(TESTS)))}

MODEL = "claude-haiku-4-5"
ADDRESS = CallAddress("book:demo", "P4_production", "03.09.02", 1)

UNIT = """---
id: "03.09.02"
slug: clifford-algebra
section: 03-modern-geometry
chapter: 09-spin
---
# Clifford algebra

## Formal definition [Master]

The Clifford algebra of a quadratic space is the quotient of the tensor algebra by v ⊗ v + q(v).
"""

CATALOG = """# Catalog

### spin-geometry.clifford.algebra
- **title**: Clifford algebra
- **unit**: `03.09.02`

### linear-algebra.vector-space
- **title**: Vector space
"""

REGISTRY = {
    "connections": [
        {
            "id": "conn:001.clifford",
            "from": "linear-algebra.vector-space",
            "to": "spin-geometry.clifford.algebra",
            "type": "foundation-of",
            "strength": "load-bearing",
            "anchor_phrase": "the algebra that a quadratic form generates",
            "appears_in_units": ["03.09.02"],
        }
    ]
}


class Answer(BaseModel):
    """A small reply."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=3)
    rows: list[int]


def workspace(root: Path) -> TreeSnapshot:
    files = {
        "content/03-modern-geometry/09-spin/03.09.02-clifford-algebra.md": UNIT,
        "content/03-modern-geometry/09-spin/03.09.01-quadratic-form.md": UNIT.replace("Clifford", "Quadratic"),
        "docs/catalogs/CONCEPT_CATALOG.md": CATALOG,
        "manifests/connections.json": json.dumps(REGISTRY),
    }
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")
    return TreeSnapshot(root)


def a_call(address: CallAddress = ADDRESS, **changes: Any) -> AgentCall[Answer]:
    values: dict[str, Any] = {
        "prefix": "You answer in numbers.",
        "prompt": "Give a title and rows.",
        "tools": ("read_unit", "search_corpus"),
        "reply_model": Answer,
        "model": MODEL,
        "max_tokens": 1000,
        "max_turns": 8,
        "ceilings": {address.subject: Decimal(5)},
    }
    return AgentCall(address=address, **{**values, **changes})


def a_request(call: AgentCall[Any] | None = None, turn: int = 1) -> TurnRequest:
    call = call or a_call()
    return TurnRequest(call, turn, build_body(call, [], opening_messages(call)))


def message(
    *content: Mapping[str, Any], stop: str | None = None, tokens: tuple[int, int] = (100, 50)
) -> dict[str, Any]:
    uses = any(block["type"] == "tool_use" for block in content)
    return {
        "role": "assistant",
        "content": list(content),
        "stop_reason": stop or ("tool_use" if uses else "end_turn"),
        "usage": {"input_tokens": tokens[0], "output_tokens": tokens[1]},
        "model": MODEL,
    }


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def use(name: str, arguments: Mapping[str, Any], number: int = 1) -> dict[str, Any]:
    return {"type": "tool_use", "id": f"toolu_{name}_{number}", "name": name, "input": dict(arguments)}


def submit(number: int = 1, **values: Any) -> dict[str, Any]:
    return use("submit", values or {"title": "A title", "rows": [1, 2]}, number)


def a_reply(**changes: Any) -> Reply:
    return Reply(message(submit(), **changes), "replay")


def record(folder: Path, address: CallAddress, messages: Sequence[Mapping[str, Any]]) -> Path:
    path = folder / address.subject_slug / f"{address.file_stem}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        {"turn": n, "prompt_sha256": "0" * 64, "message": m, "tokens_estimated": False, "backend": "anthropic"}
        for n, m in enumerate(messages, 1)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return path


def request_no(number: int, ceilings: dict[str, Decimal] | None = None) -> TurnRequest:
    call = a_call(
        CallAddress("book:demo", "P4_production", f"u{number}"), ceilings=ceilings or {"book:demo": Decimal(1)}
    )
    return a_request(call)


def pay(journal: Journal, request: TurnRequest, worst: Decimal, cost: Decimal) -> str:
    call = journal.reserve(request, "replay", worst)
    journal.submitted(call)
    journal.result(call, a_reply(), cost, 0.5)
    journal.settle(call)
    return call


class Pauses:
    """A sleep that only notes how long it was to be."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)

    def policy(self, tries: int = 6) -> RetryPolicy:
        return RetryPolicy(tries=tries, sleep=self, chance=lambda: 0.0)


def hurried(**changes: Any) -> BatchPolicy:
    """Batches that leave at once and are looked at often."""
    return BatchPolicy(**{"gather": 0.02, "poll": 0.02, "poll_most": 0.05, **changes})
