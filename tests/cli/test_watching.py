"""``codexctl dashboard --watch``: the screen again when something has changed, and not when nothing has."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from codex.cli import common, dashboard, dashboard_watch
from codex.cli.app import run
from codex.integration.init import init_workspace
from codex.workspace import Workspace
from tests.oversight.test_panels import audit

HEADING = "Burn-down"


@pytest.fixture(scope="module")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return init_workspace(tmp_path_factory.mktemp("seed") / "pilot", campaign="pilot").root


@pytest.fixture
def workspace(seed: Path, tmp_path: Path) -> Workspace:
    return Workspace.open(shutil.copytree(seed, tmp_path / "pilot"))


@pytest.fixture
def watched(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, list[str]]]:
    """Watches while these things happen, one between two looks; the exit status, and what each look has printed."""

    def watch(*happen: Callable[[], object], terminal: bool = False) -> tuple[int, list[str]]:
        out = Console(file=StringIO(), width=160, height=100, force_terminal=terminal, color_system=None)
        assert isinstance(out.file, StringIO)
        screens: list[str] = []
        steps = iter(happen)

        def pause(_: float) -> None:
            screens.append(_taken(out.file))
            step = next(steps, None)
            if step is None:
                raise KeyboardInterrupt
            step()

        assert dashboard.screen is common.screen  # a module that were imported now would keep what stands in for it
        monkeypatch.setattr(common, "screen", lambda: out)
        monkeypatch.setattr(dashboard_watch.time, "sleep", pause)
        return run(["-w", str(workspace.root), "dashboard", "--watch"]), screens

    return watch


def _taken(file: object) -> str:
    assert isinstance(file, StringIO)
    text = file.getvalue()
    file.seek(0)
    file.truncate()
    return text


def nothing() -> None:
    """Time passes."""


def test_what_changes_is_shown_and_nothing_else(workspace: Workspace, watched: Callable[..., object]) -> None:
    log = workspace.root / "manifests/campaign.log.jsonl"
    whole = log.read_bytes()
    changes = (
        nothing,
        lambda: audit(workspace, "1. **`01.01.16` Dual space.** [NEW] maps"),
        lambda: log.write_bytes(whole + b"{broken\n"),
        nothing,
        lambda: log.write_bytes(whole),
    )
    status, (first, second, with_audit, broken, still_broken, mended) = watched(*changes)  # type: ignore[misc]
    assert status == 130
    assert HEADING in first and "0 left of 6" in first
    assert (second, still_broken) == ("", "")
    assert "1 left of 7" in with_audit
    assert "campaign.log.jsonl, line" in broken and HEADING not in broken
    assert "1 left of 7" in mended


def test_a_terminal_is_cleared_before_each_and_given_back_at_the_end(
    workspace: Workspace, watched: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    status, (first, second) = watched(  # type: ignore[misc]
        lambda: audit(workspace, "1. **`01.01.16` Dual space.** [NEW] maps"), terminal=True
    )
    assert status == 130
    assert "\x1b[?1049h" in first, "a screen of its own"
    assert "\x1b[2J" in second and "1 left of 7" in second


def test_ages_are_told_anew_without_any_change(watched: Callable[..., object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dashboard_watch, "AT_LEAST", 0.0)
    _, (first, second) = watched(nothing)  # type: ignore[misc]
    assert HEADING in first and HEADING in second
