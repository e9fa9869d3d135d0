"""The second process gives what this one gives, and its absence changes nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from codex.cache.store import Store
from codex.check import check_corpus, parallel
from codex.check.samples import SAMPLE_FILES
from codex.snapshot import CommitSnapshot, Snapshot, TreeSnapshot


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in SAMPLE_FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"]):
        subprocess.run([*git, *command], check=True)
    return tmp_path


@pytest.mark.parametrize("kind", [TreeSnapshot, lambda root: CommitSnapshot(root, "HEAD")], ids=["tree", "commit"])
def test_helper_agrees(root: Path, kind: type[TreeSnapshot], monkeypatch: pytest.MonkeyPatch) -> None:
    alone = check_corpus(kind(root), level="full")
    cache = root.parent / "cache"
    monkeypatch.setattr(parallel, "WORTH_A_PROCESS", 1)
    snapshot: Snapshot = kind(root)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1}, raising=False)
    paths = list(snapshot.under("content"))
    here, there = parallel.split_work(snapshot, paths)
    assert here and there and [*here, *there] == paths
    assert check_corpus(snapshot, level="full") == alone
    assert check_corpus(snapshot, level="full", store=Store(cache)) == alone
    monkeypatch.setattr("codex.check.runner.judge", lambda unit, *_, **__: pytest.fail(f"{unit.path} is judged again"))
    assert check_corpus(snapshot, level="full", store=Store(cache)) == alone


def test_without_a_helper_the_work_is_done_here(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = check_corpus(TreeSnapshot(root))
    monkeypatch.setattr(parallel, "WORTH_A_PROCESS", 1)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1}, raising=False)
    halfway = root.parent / "halfway"  # tells what it knows, then dies
    halfway.write_text(f"#!{sys.executable}\nimport pickle, sys\npickle.dump({{}}, sys.stdout.buffer)\nsys.exit(1)\n")
    halfway.chmod(0o755)
    for executable in ("/nonexistent/python", "/bin/false", "/bin/echo", str(halfway)):
        monkeypatch.setattr(sys, "executable", executable)
        assert check_corpus(TreeSnapshot(root)) == alone


def test_a_proposal_is_checked_here(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "WORTH_A_PROCESS", 1)
    snapshot = TreeSnapshot(root).with_changes({"content/x.md": b"no"})
    paths = list(snapshot.under("content"))
    assert parallel.split_work(snapshot, paths) == (paths, ())


def test_checking_imports_nothing_heavy() -> None:
    code = "import sys, codex.check, codex.check.worker; print([m for m in sys.argv[1:] if m in sys.modules])"
    heavy = ["pydantic", "networkx", "prefect", "anthropic", "httpx", "jinja2", "rich", "typer"]
    done = subprocess.run([sys.executable, "-c", code, *heavy], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
