"""A workspace made of the pilot's seed, and recordings for it that are short and sound."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from codex.campaign.events import EventDraft, Kind
from codex.integration.init import init_workspace
from codex.integration.integrator import integrate
from codex.integration.proposal import PlanSection, Proposal
from codex.workspace import Workspace

SLUG = "lawson-michelsohn-spin-geometry"
SUBJECT = f"book:{SLUG}"


def make_workspace(folder: Path) -> Workspace:
    """The pilot's workspace as `codexctl pilot` makes it."""
    return init_workspace(folder, campaign="pilot")


def record(folder: Path, stem: str, *replies: Mapping[str, Any], slug: str = SLUG) -> Path:
    """Write a recording: one turn for each reply, each handing that reply in. Returns the folder."""
    path = folder / slug / f"{stem}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(_turn(n, reply)) + "\n" for n, reply in enumerate(replies, 1)), encoding="utf-8")
    return folder


def _turn(number: int, reply: Mapping[str, Any]) -> dict[str, Any]:
    message = {
        "role": "assistant",
        "model": "claude-opus-4-8",
        "stop_reason": "tool_use",
        "usage": {"input_tokens": 1000, "output_tokens": 500},
        "content": [{"type": "tool_use", "id": f"toolu_{number}", "name": "submit", "input": dict(reply)}],
    }
    kept = {"prompt_sha256": "0" * 64, "tokens_estimated": False, "backend": "handoff"}
    return {"turn": number, "message": message, **kept}


def audit_reply(**changed: Any) -> dict[str, Any]:
    """A sound audit: one theorem, one exercise, everything else stated as none with a source."""
    none = ("worked_example", "notation", "sequencing", "application")
    reply = {
        "contents": [{"ref": "§1", "title": "Clifford algebras", "summary": "Definition and first properties."}],
        "theorems": [_item("T1", "Proposition 1.1", "The Clifford algebra has the universal property.")],
        "exercises": [_item("E1", "load-bearing", "Compute the Clifford algebra of the zero form.")],
        "examples": [],
        "notation": [],
        "sequencing": [],
        "applications": [],
        "perspective": "The author starts from the algebra and lets the geometry follow. " * 4,
        "none_stated": [{"inventory": n, "reason": "the section has none", "sources": [1]} for n in none],
        "sources": [
            {"number": 1, "title": "The publisher's page", "kind": "url", "locator": "https://press.example.org/spin"},
            {"number": 2, "title": "A review", "kind": "doi", "locator": "10.1090/S0273-0979-1990-15969-9"},
            {"number": 3, "title": "Course notes", "kind": "url", "locator": "https://math.example.org/notes"},
        ],
    }
    return reply | changed


def _item(row: str, label: str, statement: str) -> dict[str, Any]:
    return {"id": row, "place": "§1", "label": label, "statement": statement, "sources": [1]}


def start_production(workspace: Workspace, units: Mapping[str, str]) -> None:
    """Bring the book to in-production, owing a deepening of these shipped units (id → title).

    A person may send a book on to any working state; so no audit has to be made up for it.
    """
    owed = [{"id": unit, "action": "deepen", "title": title, "spec": "one remark"} for unit, title in units.items()]
    events = (
        EventDraft(subject=SUBJECT, kind=Kind.ESCALATED, data={"reason": "a test"}),
        EventDraft(subject=SUBJECT, kind=Kind.ANSWERED, to_state="in-production"),
        EventDraft(subject=SUBJECT, kind=Kind.DELIVERABLES, data={"outstanding": owed}),
    )
    plan = "### 3.2 Units to deepen\n\n" + "".join(f"1. **{unit}** {title}\n" for unit, title in units.items())
    proposal = Proposal(
        subject=SUBJECT,
        pass_name="P3_plan",
        title="Plan",
        base=workspace.snapshot().label,
        sections=(PlanSection(number=3, markdown=plan),),
        events=events,
    )
    done = integrate(workspace, [proposal])[0]
    assert done.status == "committed", done.reason


def deepening(heading: str = "Synthesis") -> dict[str, Any]:
    """A sound deepening: one more sentence at the end of a section."""
    edit = {
        "op": "append",
        "heading": heading,
        "text": "The same pattern returns whenever a universal property is used twice.",
        "reason": "one more remark, as the plan asks",
    }
    return {"edits": [edit], "evidence": []}
