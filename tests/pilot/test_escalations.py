"""A person's answer brings an escalated book back to work, from the command line."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from codex.campaign.ledger import Ledger
from codex.cli.app import run
from codex.integration.init import init_workspace
from codex.integration.integrator import integrate
from codex.passes.outcomes import escalation
from codex.workspace import Workspace
from tests import shell

BOOK = "lawson-michelsohn-spin-geometry"


def codexctl(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return shell.codexctl("-w", folder, "escalations", *arguments)


@pytest.fixture
def waiting(tmp_path: Path) -> Workspace:
    """A workspace whose book waits for a person at its audit."""
    workspace = init_workspace(tmp_path / "pilot", campaign="pilot")
    integrate(workspace, [escalation(workspace, f"book:{BOOK}", "P1_audit", "the audit failed three times")])
    return workspace


def test_what_waits_is_listed_with_its_answers(waiting: Workspace) -> None:
    [found] = json.loads(codexctl(waiting.root, "list", "--format", "json").stdout)
    assert (found["book"], found["state"], found["reason"]) == (BOOK, "escalated", "the audit failed three times")
    assert "draft" in found["choices"]


def test_it_is_told_in_words_what_waits_and_what_a_person_can_do(
    waiting: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(*arguments: str) -> str:
        assert run(["-w", str(waiting.root), "escalations", *arguments]) == 0
        return capsys.readouterr().out

    first, *others = said("list").splitlines()
    assert first.startswith(f"{BOOK} is at escalated since 20") and first.endswith(": the audit failed three times")
    assert [line.split()[0] for line in others[:-2]] == ["retry", "defer", "by-hand"]
    assert others[-2].startswith("  or a state: draft")
    assert others[-1] == f"  answer with: codexctl escalations answer {BOOK} CHOICE [--hint TEXT]"

    kept = said("answer", "3.35", "by-hand", "--reason", "I write the audit myself")
    assert kept.startswith(f"{BOOK} stays at escalated (by-hand).")
    assert "  a person has taken it over" in said("list").splitlines()
    assert said("answer", "3.35", "retry").startswith(f"{BOOK}: escalated → draft; go on with: codexctl run {BOOK}")
    assert said("list") == "Nothing waits for a person.\n"


def test_an_answer_is_an_event_and_the_book_goes_on_from_there(waiting: Workspace) -> None:
    done = codexctl(waiting.root, "answer", "3.35", "draft", "--hint", "Use the course pages.")
    assert (done.returncode, done.stderr) == (0, "")
    ledger = Ledger.load(Workspace.open(waiting.root).snapshot())
    assert ledger.status(f"book:{BOOK}") == "draft"
    last = ledger.events(f"book:{BOOK}")[-1]
    assert (last.kind, last.data["hint"]) == ("answered", "Use the course pages.")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("answer", "3.35", "verified-soon"), "is no answer here"),
        (("answer", "1.17", "draft"), "waits for nobody"),
        (("answer", "9.99", "draft"), "waits for nobody"),
        (("answer", "3.35", "defer"), "needs a reason"),
    ],
)
def test_a_wrong_answer_changes_nothing(waiting: Workspace, arguments: tuple[str, ...], said: str) -> None:
    before = waiting.snapshot().label
    done = codexctl(waiting.root, *arguments)
    assert done.returncode == 2
    assert said in done.stderr and "Traceback" not in done.stderr
    assert Workspace.open(waiting.root).snapshot().label == before
