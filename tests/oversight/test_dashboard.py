"""``codexctl dashboard`` as a command: screen, data, page, watching, and what it costs to start."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from codex.oversight.panels import PANELS
from codex.workspace import Workspace
from tests.oversight.test_panels import audit
from tests.shell import codexctl


def test_the_screen_shows_every_panel_and_changes_nothing(workspace: Workspace) -> None:
    before = workspace.git.out("status", "--porcelain")
    done = codexctl("-w", workspace.root, "dashboard")
    assert (done.returncode, done.stderr) == (0, "")
    for words in ("Burn-down", "Next in the queue", "Stuck work", "Validator", "Continuity", "Costs against budgets",
                  "Estimate of what is left", "Books by state", "Last commits on main"):  # fmt: skip
        assert words in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 160
    assert "\x1b" not in done.stdout
    assert workspace.git.out("status", "--porcelain") == before


def test_json_is_one_object_a_panel_and_nothing_else(workspace: Workspace) -> None:
    audit(workspace, "1. **`01.01.16` Dual space.** [NEW] maps into the field")
    done = codexctl("dashboard", "-w", workspace.root, "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    assert list(document) == list(PANELS)
    assert document["burn_down"]["units_left"] == 1
    assert document["next"]["rows"][0]["id"] == "01.01.16"
    assert document["estimate"]["tokens"] is None
    assert codexctl("dashboard", "-w", workspace.root, "--format", "json").stdout == done.stdout


def test_the_page_replaces_the_file_as_a_whole(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text("an old page", encoding="utf-8")
    done = codexctl("-w", workspace.root, "dashboard", "--html", file)
    assert (done.returncode, done.stdout) == (0, "")
    assert file.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["page.html"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--html", "no/such/folder/x.html"], "cannot be written"),
        (["--watch", "--format", "json"], "--watch shows a screen"),
        (["--format", "xml"], "not one of text, json"),
    ],
)
def test_a_wrong_call_is_told_in_a_sentence(workspace: Workspace, arguments: list[str], said: str) -> None:
    done = codexctl("-w", workspace.root, "dashboard", *arguments)
    assert done.returncode == 2
    assert said in done.stderr and "Traceback" not in done.stderr


def test_a_broken_ledger_is_named_with_its_line(workspace: Workspace) -> None:
    log = workspace.root / "manifests/campaign.log.jsonl"
    log.write_text(log.read_text(encoding="utf-8") + "{broken\n", encoding="utf-8")
    done = codexctl("-w", workspace.root, "dashboard")
    assert done.returncode == 2
    assert "manifests/campaign.log.jsonl, line" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.soak
def test_watching_shows_changes_and_ends_cleanly(workspace: Workspace) -> None:
    command = [sys.executable, "-u", "-m", "codex.cli", "-w", str(workspace.root), "dashboard", "--watch"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            _until(process, "0 left of 6")
            audit(workspace, "1. **`01.01.16` Dual space.** [NEW] maps")
            _until(process, "1 left of 7")
            log = workspace.root / "manifests/campaign.log.jsonl"
            whole = log.read_text(encoding="utf-8")
            log.write_text(whole + "{broken\n", encoding="utf-8")
            _until(process, "campaign.log.jsonl, line")
            log.write_text(whole, encoding="utf-8")
            _until(process, "1 left of 7")
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        assert "Traceback" not in process.communicate()[1]


def _until(process: subprocess.Popen[str], words: str) -> None:
    assert process.stdout is not None
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if words in process.stdout.readline():
            return
    raise AssertionError(f"{words!r} never came")


def test_nothing_heavy_is_imported_for_a_warm_screen(workspace: Workspace) -> None:
    codexctl("-w", workspace.root, "dashboard")
    code = (
        "import sys; from codex.cli.app import run; run(['-w', sys.argv[1], 'dashboard']); "
        "print(','.join(m for m in ('networkx', 'httpx', 'anthropic', 'prefect', 'jinja2') if m in sys.modules), "
        "file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(workspace.root)], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr.strip() == ""


@pytest.mark.soak
def test_the_published_corpus(fasttrack: Path, tmp_path: Path) -> None:
    """Figures of a real corpus, checked against what the files say; a warm start takes less than two seconds."""
    import shutil

    root = shutil.copytree(fasttrack, tmp_path / "corpus")
    codexctl("-w", root, "dashboard")
    times = []
    for _ in range(3):
        start = time.monotonic()
        done = codexctl("-w", root, "dashboard", "--format", "json")
        times.append(time.monotonic() - start)
    document = json.loads(done.stdout)
    units = len(list((root / "content").rglob("*.md")))
    assert document["burn_down"]["units_done"] == document["checks"]["units"] == units
    assert document["books"]["total"] == 93
    assert len(document["next"]["rows"]) == 5
    assert min(times) <= 2.0
    page = tmp_path / "page.html"
    assert codexctl("-w", root, "dashboard", "--html", page).returncode == 0
    assert page.stat().st_size < 1_000_000
