"""The spool keeps what it was given; the lock goes with its holder."""

from __future__ import annotations

import json
import os
import signal
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codex.errors import UserError
from codex.integration import integrator, spool
from codex.integration.integrator import drain, integrate
from codex.integration.lock import LOCK_NAME, LockHeld, integrator_lock
from codex.integration.proposal import IntegrationResult, Proposal
from codex.workspace import Workspace

from .helpers import NOW, new_unit, proposal


def test_a_proposal_comes_back_as_it_was(workspace: Workspace) -> None:
    made = proposal(workspace, new_unit("00.01.03"), notation="ℝ\u2028\t“")
    assert spool.put(workspace, made) == made.id == spool.put(workspace, made)
    (waiting,) = spool.pending(workspace)
    assert (waiting.id, waiting.proposal) == (made.id, made)
    assert spool.waiting(workspace, made.id) == made


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=("Cs",))), st.text(st.characters(exclude_categories=("Cs",))))
def test_any_text_comes_back(workspace: Workspace, title: str, text: str) -> None:
    made = Proposal(subject="campaign", pass_name="p", title=title, base="b", notation=text)
    spool.put(workspace, made)
    try:
        assert [w.proposal for w in spool.pending(workspace)] == [made]
    finally:
        spool.done(workspace, made.id, IntegrationResult(proposal=made.id, status="unchanged"))
    assert spool.result(workspace, made.id).status == "unchanged"


def test_half_a_character_is_refused_when_it_is_put(workspace: Workspace) -> None:
    with pytest.raises(UserError, match="not valid Unicode"):
        spool.put(workspace, Proposal(subject="campaign", pass_name="p", title="\ud800", base="b"))
    assert spool.pending(workspace) == []


def test_oldest_first(workspace: Workspace) -> None:
    ids = [spool.put(workspace, proposal(workspace, title=str(n))) for n in range(5)]
    assert [waiting.id for waiting in spool.pending(workspace)] == ids


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b'{"queued_ns": 1}', b'{"queued_ns": 1, "proposal": {}}', b"\xff"]
)
def test_a_damaged_file_is_set_aside_and_blocks_nobody(workspace: Workspace, damage: bytes) -> None:
    good = spool.put(workspace, proposal(workspace, new_unit("00.01.03")))
    folder = workspace.state_dir / "spool"
    (folder / "p-bad.json").write_bytes(damage)
    assert [result.accepted for result in drain(workspace, now=NOW)] == [("00.01.03",)]
    assert spool.result(workspace, good).status == "committed"
    assert (folder / "bad" / "p-bad.json").read_bytes() == damage
    assert "not a spooled proposal" in (folder / "bad" / "p-bad.txt").read_text(encoding="utf-8")


def test_a_file_whose_content_was_changed_is_set_aside(workspace: Workspace) -> None:
    made = spool.put(workspace, proposal(workspace, new_unit("00.01.03")))
    path = workspace.state_dir / "spool" / f"{made}.json"
    body = json.loads(path.read_text(encoding="utf-8"))
    body["proposal"]["title"] = "Something else"
    path.write_text(json.dumps(body), encoding="utf-8")
    assert spool.pending(workspace) == []
    assert (path.parent / "bad" / path.name).exists()


def test_a_proposal_on_which_our_code_fails_does_not_block_the_rest(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison = spool.put(workspace, proposal(workspace, title="poison"))
    good = spool.put(workspace, proposal(workspace, new_unit("00.01.03")))
    apply = integrator.apply_proposal

    def failing(snapshot, given, *more):
        if given.title == "poison":
            raise ZeroDivisionError("ours")
        return apply(snapshot, given, *more)

    monkeypatch.setattr(integrator, "apply_proposal", failing)
    with pytest.raises(ZeroDivisionError):
        drain(workspace, now=NOW)
    drain(workspace, now=NOW)
    assert spool.result(workspace, good).accepted == ("00.01.03",)
    assert (workspace.state_dir / "spool" / "bad" / f"{poison}.txt").read_text() == "ZeroDivisionError: ours\n"


def test_an_unknown_id_is_named(workspace: Workspace) -> None:
    with pytest.raises(UserError, match="no result for proposal p-none"):
        integrate(workspace, ["p-none"])


def test_a_spooled_id_can_be_integrated(workspace: Workspace) -> None:
    made = spool.put(workspace, proposal(workspace, new_unit("00.01.03")))
    assert integrate(workspace, [made], dry_run=True)[0].accepted == ("00.01.03",)
    assert integrate(workspace, [made], now=NOW)[0].accepted == ("00.01.03",)


def test_the_state_is_never_committed(workspace: Workspace) -> None:
    (workspace.root / ".gitignore").unlink()
    spool.put(workspace, proposal(workspace))
    assert ".codex" not in workspace.git.out("status", "--porcelain")


def test_the_holder_is_named(workspace: Workspace) -> None:
    git_dir = workspace.git.git_dir()
    named = pytest.raises(LockHeld, match=f"process {os.getpid()} on .* since")
    with integrator_lock(git_dir), named, integrator_lock(git_dir, timeout=0.05):
        pytest.fail("two holders")
    (git_dir / LOCK_NAME).write_text("garbage")
    with integrator_lock(git_dir, timeout=0):
        assert json.loads((git_dir / LOCK_NAME).read_text())["pid"] == os.getpid()


def test_a_killed_holder_frees_it_at_once(workspace: Workspace) -> None:
    git_dir = workspace.git.git_dir()
    ready, tell = os.pipe()
    child = os.fork()
    if child == 0:
        with integrator_lock(git_dir):
            os.write(tell, b"x")
            time.sleep(60)
        os._exit(0)
    os.read(ready, 1)
    with pytest.raises(LockHeld, match=f"process {child} "), integrator_lock(git_dir, timeout=0):
        pytest.fail("two holders")
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with integrator_lock(git_dir, timeout=0):
        assert json.loads((git_dir / LOCK_NAME).read_text())["pid"] == os.getpid()


def test_a_merge_in_progress_keeps_the_proposal_waiting(workspace: Workspace) -> None:
    head = workspace.git.head()
    (workspace.git.git_dir() / "MERGE_HEAD").write_text(f"{head}\n")
    with pytest.raises(UserError, match="A merge is under way"):
        integrate(workspace, [proposal(workspace, new_unit("00.01.03"))], now=NOW)
    (workspace.git.git_dir() / "MERGE_HEAD").unlink()
    assert drain(workspace, now=NOW)[0].accepted == ("00.01.03",)
