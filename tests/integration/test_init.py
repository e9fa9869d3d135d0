"""Making a workspace: whole or not at all, under any git configuration."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from codex.campaign.ledger import Ledger
from codex.campaign.verify import verify
from codex.check import check_corpus
from codex.cli.app import run
from codex.corpus import booklist
from codex.errors import StorageError, UserError
from codex.integration.commands import slash_commands
from codex.integration.init import init_workspace
from codex.integration.integrator import integrate
from codex.workspace import Workspace

from .helpers import NOW, fsck, git, in_child, make_seed, new_unit, proposal


def test_an_empty_corpus(tmp_path: Path) -> None:
    workspace = init_workspace(tmp_path / "deep" / "ws", now=NOW)
    assert workspace.root == tmp_path / "deep" / "ws"
    assert git(workspace.root, "symbolic-ref", "HEAD") == "refs/heads/main"
    assert git(workspace.root, "status", "--porcelain") == "" and fsck(workspace.root) == ""
    snapshot = workspace.snapshot()
    assert snapshot.exists("OVERVIEW.md") and snapshot.exists("manifests/fasttrack/campaign.toml")
    assert snapshot.text(".gitignore") == ".codex/\n"
    first = integrate(workspace, [proposal(workspace, new_unit("00.01.01"), subject="unit:00.01.01")], now=NOW)[0]
    assert first.accepted == ("00.01.01",)
    assert snapshot.exists("content/.gitkeep") and workspace.snapshot().exists("content/.gitkeep")


def test_the_pilots_seed(tmp_path: Path) -> None:
    workspace = init_workspace(tmp_path / "ws", campaign="pilot", now=NOW)
    snapshot = workspace.snapshot()
    ledger = Ledger.load(snapshot)
    assert ledger.status("book:lawson-michelsohn-spin-geometry") == "draft"
    assert check_corpus(snapshot).exit_status() == 0 and verify(snapshot) == []
    assert git(workspace.root, "log", "--format=%s").splitlines() == ["Register 3 books", "Make the workspace"]


def test_a_seed_and_books_of_ones_own(tmp_path: Path) -> None:
    seed = make_seed(tmp_path / "seed")
    workspace = init_workspace(tmp_path / "ws", seed, books={}, now=NOW)
    assert git(workspace.root, "rev-list", "--count", "HEAD") == "1"
    assert (
        workspace.snapshot().read("content/00-numbers/01-integers/00.01.01-unit-00-01-01.md")
        == (seed / "content/00-numbers/01-integers/00.01.01-unit-00-01-01.md").read_bytes()
    )


def test_an_empty_folder_is_used_and_a_full_one_refused(tmp_path: Path) -> None:
    (tmp_path / "ws").mkdir()
    init_workspace(tmp_path / "ws", now=NOW)
    with pytest.raises(UserError, match="is not empty"):
        init_workspace(tmp_path / "ws", now=NOW)
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="is a file"):
        init_workspace(tmp_path / "file", now=NOW)


@pytest.mark.parametrize("campaign", ["nonesuch", "../pilot", ""])
def test_an_unknown_campaign_names_the_choices(tmp_path: Path, campaign: str) -> None:
    with pytest.raises(UserError, match="Choose one of: fasttrack, pilot"):
        init_workspace(tmp_path / "ws", campaign=campaign)
    assert not (tmp_path / "ws").exists()


@pytest.mark.parametrize("fault", ["objects.tree", "ref.after", "ref.after:2", "checkout.renamed:3"])
def test_a_kill_leaves_nothing_that_is_in_the_way(tmp_path: Path, fault: str) -> None:
    status = in_child(lambda: init_workspace(tmp_path / "ws", campaign="pilot", now=NOW), fault)
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert not (tmp_path / "ws").exists()
    init_workspace(tmp_path / "ws", campaign="pilot", now=NOW)
    assert [path.name for path in tmp_path.iterdir()] == ["ws"]


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot be written"):
        init_workspace(tmp_path / "file" / "ws", now=NOW)


def test_inside_another_repository(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    workspace = init_workspace(tmp_path / "ws", now=NOW)
    assert Workspace.open(workspace.root / "content").root == workspace.root
    assert workspace.writable_problem() is None


def test_the_fast_track_is_an_empty_campaign_with_its_booklist(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["init", str(tmp_path / "ws"), "--campaign", "fasttrack", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["units"], told["books"], told["booklist_rows"], told["booklist_rows_without_title"]) == (0, [], 93, 89)
    snapshot = Workspace.open(tmp_path / "ws").snapshot()
    listing = booklist.parse_listing(snapshot.text("manifests/fasttrack/booklist.json"), "x")
    assert snapshot.text(booklist.PATH) == booklist.render(listing)
    assert set(slash_commands()) <= set(snapshot.blobs())
    assert run(["init", str(tmp_path / "other")]) == 0
    assert "89 rows of docs/catalogs/FASTTRACK_BOOKLIST.md wait for title and author" in capsys.readouterr().out


def test_a_seeds_own_command_stays(tmp_path: Path) -> None:
    seed = make_seed(tmp_path / "seed")
    mine = seed / ".claude/commands/dashboard.md"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    workspace = init_workspace(tmp_path / "ws", seed, books={}, now=NOW)
    assert workspace.snapshot().text(".claude/commands/dashboard.md") == "mine"
