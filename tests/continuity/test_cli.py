"""The command: what it measures, what it prints, how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codex.cli.app import run

from .samples import BODY, GOOD, REST


def test_the_whole_corpus(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["continuity", "-w", str(workspace)]) == 1
    out = capsys.readouterr().out
    assert "2 units, 0 teaching flows" in out
    assert "below its threshold: anchor_reuse: 0.50 < 0.95" in out


def test_json_has_the_units_the_means_and_nothing_else_on_standard_output(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = run(["-w", str(workspace), "continuity", "--format", "json", "content/01-a/01.01.01-good.md"])
    document = json.loads(capsys.readouterr().out)
    assert [unit["id"] for unit in document["units"]] == ["01.01.01"]
    assert document["units"][0]["path"] == "content/01-a/01.01.01-good.md"
    assert document["units"][0]["anchor_phrases_invoked"] == 1
    assert set(document) >= {"units", "aggregate", "thresholds", "failures"}
    assert status == (1 if document["failures"] else 0)


def test_a_draft_outside_the_workspace(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    draft = tmp_path / "draft.md"
    draft.write_text(BODY.format(id="01.01.09", text=GOOD.replace("once", "ONCE") * 2 + REST), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert run(["continuity", "-w", str(workspace), "draft.md"]) == 0
    assert "1 unit," in capsys.readouterr().out


def test_folders_are_taken_from_here_or_from_the_root(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (workspace / "flows").mkdir()
    (workspace / "flows" / "a.yaml").write_text("steps: []\n", encoding="utf-8")
    (workspace / "README.md").write_text("no unit\n", encoding="utf-8")
    monkeypatch.chdir(workspace / "content")
    run(["continuity", "01-a"])
    run(["continuity", "content/01-a"])
    run(["continuity", ".."])
    out = capsys.readouterr().out
    assert out.count("2 units, 0 teaching flows") == 2
    assert out.count("2 units, 1 teaching flow") == 1


def test_a_path_that_is_not_there_is_a_wrong_call(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["continuity", "-w", str(workspace), "nowhere.md"]) == 2
    assert "There is no file or folder nowhere.md" in capsys.readouterr().err
