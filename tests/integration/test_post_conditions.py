"""A transition is integrated only when its post-conditions hold in the state that it makes (protocol §3.3)."""

from __future__ import annotations

from pathlib import Path

from codex.campaign.events import EventDraft, Kind
from codex.campaign.ledger import Ledger
from codex.integration.init import init_workspace
from codex.integration.integrator import integrate
from codex.integration.proposal import PlanSection, Proposal

BOOK = "book:lawson-michelsohn-spin-geometry"
SECTION = "\n\n".join(f"### 1.{n} Part {n}\n\nA row of this inventory, with its source." for n in range(1, 8))
SOURCES = "### Sources\n\nhttps://example.org/a https://example.org/b 10.1000/182"


def proposal(base: str, markdown: str) -> Proposal:
    event = EventDraft(
        subject=BOOK, kind=Kind.TRANSITION, from_state="draft", to_state="audited", expect="draft", pass_name="P1_audit"
    )
    return Proposal(
        subject=BOOK, pass_name="P1_audit", title="Audit", base=base, events=(event,),
        sections=(PlanSection(number=1, markdown=markdown),),
    )  # fmt: skip


def test_an_audit_without_its_inventories_does_not_make_the_book_audited(tmp_path: Path) -> None:
    workspace = init_workspace(tmp_path / "pilot", campaign="pilot")
    before = workspace.snapshot().label
    [result] = integrate(workspace, [proposal(before, "### 1.1 Contents\n\nOnly one of seven inventories is here.")])
    assert result.status == "refused"
    assert "1.2" in result.reason and "sources" in result.reason
    assert workspace.snapshot().label == before
    assert Ledger.load(workspace.snapshot()).status(BOOK) == "draft"


def test_with_all_of_them_it_does(tmp_path: Path) -> None:
    workspace = init_workspace(tmp_path / "pilot", campaign="pilot")
    [result] = integrate(workspace, [proposal(workspace.snapshot().label, f"{SECTION}\n\n{SOURCES}")])
    assert result.status == "committed", result.reason
    assert Ledger.load(workspace.snapshot()).status(BOOK) == "audited"
