"""What a run does at its ceilings: a warning once, then the book pauses or is deferred, and goes on when raised."""

from __future__ import annotations

from pathlib import Path

import pytest

from codex.campaign.ledger import Ledger
from codex.errors import BudgetReached
from codex.workspace import Workspace
from deployments.api import Api
from tests.flows.helpers import SLUG, SUBJECT, audit_reply, record
from tests.flows.test_book import Listener, run


def with_budget(workspace: Workspace, text: str) -> Workspace:
    """The workspace opened again after a person wrote this topic into its codex.toml."""
    path = workspace.root / "codex.toml"
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    path.write_text(f"{before.partition('[budget]')[0]}\n[budget]\n{text}\n", encoding="utf-8")
    return Workspace.open(workspace.root)


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    return record(tmp_path / "recordings", "P1_audit.1", audit_reply())


def ledger_of(workspace: Workspace) -> Ledger:
    return Ledger.load(workspace.snapshot())


def test_at_its_ceiling_a_book_waits_and_a_higher_ceiling_is_the_answer(
    prefect_api: Api, workspace: Workspace, recordings: Path
) -> None:
    poor = with_budget(workspace, f'books_usd = {{ "{SLUG}" = "0.10" }}')
    with pytest.raises(BudgetReached) as caught:
        run(poor, recordings)
    assert caught.value.exit_status == 4
    ledger = ledger_of(poor)
    assert ledger.status(SUBJECT) == "escalated"
    assert ledger.entry(SUBJECT)["escalation"]["from"] == "draft"
    assert ledger.attempts(SUBJECT, "P1_audit") == 0

    listener = Listener()
    rich = with_budget(workspace, f'books_usd = {{ "{SLUG}" = "20" }}')
    assert run(rich, recordings, listener)["state"] == "audited"
    assert any(f"the ceiling of book:{SLUG} was raised" in line for line in listener.lines)


def test_a_book_can_be_deferred_at_its_ceiling(prefect_api: Api, workspace: Workspace, recordings: Path) -> None:
    poor = with_budget(workspace, f'at_ceiling = "defer"\nbooks_usd = {{ "{SLUG}" = "0.10" }}')
    with pytest.raises(BudgetReached):
        run(poor, recordings)
    assert ledger_of(poor).status(SUBJECT) == "deferred"


def test_a_share_of_the_ceiling_is_told_once(prefect_api: Api, workspace: Workspace, tmp_path: Path) -> None:
    near = with_budget(workspace, f'warn_at = 0.001\nbooks_usd = {{ "{SLUG}" = "10" }}')
    folder = record(tmp_path / "recordings", "P1_audit.1", audit_reply(theorems=[]))
    listener = Listener()
    run(near, record(folder, "P1_audit.2", audit_reply()), listener)
    told = [event for event in ledger_of(near).events(SUBJECT) if event.data.get("budget") == SUBJECT]
    assert len(told) == 1
    assert told[0].data["ceiling"] == "10"
    assert any(f"of the $10.00 for {SUBJECT} is spent" in line for line in listener.lines)
