"""Several writers at once: every proposal arrives once, the history is one line, the chain is whole."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress

import pytest

from codex.campaign.ledger import Ledger
from codex.campaign.verify import verify
from codex.corpus.index import CorpusIndex
from codex.errors import Conflict
from codex.integration import integrator, spool
from codex.integration.gitstore import publish
from codex.integration.integrator import drain, integrate
from codex.integration.opening import open_workspace
from codex.workspace import Workspace

from .helpers import BOOK, NOW, fsck, git, new_unit, path_of, proposal

PROCESSES, EACH = 3, 4


def start(act: Callable[[], None]) -> int:
    child = os.fork()
    if child == 0:
        status = 70
        try:
            act()
            status = 0
        finally:
            os._exit(status)
    return child


def commit_by_hand(workspace: Workspace, name: str) -> None:
    """What a person's `git commit` does, without the work tree: one more file on the branch."""
    head = git(workspace.root, "rev-parse", "HEAD")
    tree = git(workspace.root, "rev-parse", f"{head}^{{tree}}")
    identity = os.environ | {f"GIT_{r}_{w}": "p" for r in ("AUTHOR", "COMMITTER") for w in ("NAME", "EMAIL")}
    commit = git(workspace.root, "commit-tree", tree, "-p", head, "-m", name, env=identity)
    git(workspace.root, "update-ref", "refs/heads/main", commit, head)


def assert_all_arrived(workspace: Workspace, ids: list[str]) -> None:
    snapshot = workspace.snapshot()
    index, events = CorpusIndex(snapshot), Ledger.load(snapshot).events(BOOK)
    assert sorted(e.unit for e in events if e.kind == "unit_shipped") == ids
    assert [unit_id for unit_id in ids if len(index.paths_by_id.get(unit_id, ())) != 1] == []
    assert sorted(set(index.deps.shipped)) == sorted(index.deps.shipped)
    assert set(ids) <= set(index.deps.shipped)
    assert all(index.catalog.text.count(f"- **unit**: `{unit_id}`") == 1 for unit_id in ids)
    assert verify(snapshot) == [] and fsck(workspace.root) == ""
    assert git(workspace.root, "rev-list", "--merges", "HEAD") == ""
    assert git(workspace.root, "status", "--porcelain") == ""


def test_processes_and_a_person_race(workspace: Workspace) -> None:
    ids = [f"00.{c:02d}.{n:02d}" for c in range(2, 2 + PROCESSES) for n in range(1, EACH + 1)]
    base = workspace.snapshot()

    def writer(share: list[str]) -> Callable[[], None]:
        def act() -> None:
            own = open_workspace(workspace.root)
            for unit_id in share:
                made = proposal(own, new_unit(unit_id, text=_placed(unit_id)))
                (result,) = integrate(own, [made])
                assert result.accepted == (unit_id,), result

        return act

    children = [start(writer(ids[n::PROCESSES])) for n in range(PROCESSES)]
    by_hand = 0
    while by_hand < 5:
        with suppress(subprocess.CalledProcessError):  # the branch is locked this moment: the person tries again
            commit_by_hand(workspace, f"by hand {by_hand}")
            by_hand += 1
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * PROCESSES
    assert_all_arrived(open_workspace(workspace.root), ids)
    assert int(git(workspace.root, "rev-list", "--count", f"{base.label}..HEAD")) >= len(ids)


def _placed(unit_id: str) -> str:
    from .helpers import unit_text

    return unit_text(unit_id).replace("chapter: integers", f"chapter: c{unit_id[3:5]}")


def test_threads_of_one_process(workspace: Workspace) -> None:
    ids = [f"00.01.{n:02d}" for n in range(3, 9)]
    made = [proposal(workspace, new_unit(unit_id)) for unit_id in ids]
    results = []
    threads = [threading.Thread(target=lambda p=p: results.extend(integrate(workspace, [p]))) for p in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(result.accepted[0] for result in results) == ids
    assert_all_arrived(workspace, ids)


def test_who_waits_finds_the_work_done(workspace: Workspace) -> None:
    mine = spool.put(workspace, proposal(workspace, new_unit("00.01.03")))
    others = spool.put(workspace, proposal(workspace, new_unit("00.01.04")))
    assert [r.accepted for r in drain(workspace)] == [("00.01.03",), ("00.01.04",)]
    assert spool.result(workspace, mine).accepted == ("00.01.03",)
    assert spool.result(workspace, others).accepted == ("00.01.04",)
    assert drain(workspace) == []


def test_a_lost_race_is_tried_again_on_the_new_state(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    losses = iter(range(3))

    def losing(*arguments, **more) -> None:
        if next(losses, None) is not None:
            commit_by_hand(workspace, "meanwhile")
        publish(*arguments, **more)

    monkeypatch.setattr(integrator, "publish", losing)
    (result,) = integrate(workspace, [proposal(workspace, new_unit("00.01.03"))], now=NOW)
    assert result.accepted == ("00.01.03",)
    assert git(workspace.root, "log", "-4", "--format=%s").splitlines() == ["Test", *["meanwhile"] * 3]
    assert git(workspace.root, "status", "--porcelain") == ""


def test_a_branch_that_never_stands_still_leaves_the_proposal(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def losing(*arguments, **more) -> None:
        commit_by_hand(workspace, "meanwhile")
        publish(*arguments, **more)

    with monkeypatch.context() as patch:
        patch.setattr(integrator, "publish", losing)
        patch.setattr(integrator, "MAX_RACES", 2)
        with pytest.raises(Conflict, match="moved 2 times"):
            integrate(workspace, [proposal(workspace, new_unit("00.01.03"))], now=NOW)
    assert len(spool.pending(workspace)) == 1 and not workspace.snapshot().exists(path_of("00.01.03"))
    assert drain(workspace, now=NOW)[0].accepted == ("00.01.03",)


def test_the_same_id_in_two_proposals_goes_to_the_first(workspace: Workspace) -> None:
    text = new_unit("00.01.03").text
    first = proposal(workspace, new_unit("00.01.03"))
    second = proposal(workspace, new_unit("00.01.03", text=text.replace("Ten dots", "Twelve dots")))
    results = integrate(workspace, [first, second], now=NOW)
    assert results[0].accepted == ("00.01.03",)
    assert results[1].rejected[0].reason == "id-taken"
