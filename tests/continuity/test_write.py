"""The report as a commit, and the thresholds that an operator chooses."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from codex.cli.app import run
from codex.continuity.corpus import ContinuityReport
from codex.continuity.report import PATH, report_markdown, same_but_for_trend
from codex.errors import UserError
from codex.settings import load_settings

from .samples import BODY
from .test_report import UNITS


def git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), "-c", "user.name=a", "-c", "user.email=a@b", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def repository(workspace: Path) -> Path:
    git(workspace, "init", "-q")
    git(workspace, "add", "-A")
    git(workspace, "commit", "-qm", "all")
    return workspace


def write(root: Path) -> int:
    return run(["continuity", "-w", str(root), "--write"])


def test_the_report_is_a_commit_and_the_next_one_shows_the_trend(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    poor = repository / "content" / "01-a" / "01.01.02-poor.md"
    mine = repository / "content" / "01-a" / "01.01.01-good.md"
    mine.write_text("not committed, not measured", encoding="utf-8")
    assert write(repository) == 1
    out, err = capsys.readouterr()
    assert "below its threshold: anchor_reuse: 0.50 < 0.95" in out
    assert f"{PATH} written, commit " in err
    first = git(repository, "show", f"HEAD:{PATH}")
    assert "2 units, 0 teaching flows." in first and "| `anchor_reuse_avg` | 0.5000 | – |" in first
    assert git(repository, "log", "-1", "--format=%s") == "Continuity report on 2 units\n"
    assert mine.read_text() == "not committed, not measured"
    head = git(repository, "rev-parse", "HEAD")
    assert write(repository) == 1
    assert f"{PATH} says this already" in capsys.readouterr().err
    assert git(repository, "rev-parse", "HEAD") == head
    poor.write_text(BODY.format(id="01.01.02", text="Better: generalises. " * 9), encoding="utf-8")
    git(repository, "commit", "-qm", "better", str(poor))
    write(repository)
    assert "| `synthesis_master_avg` | 6.5000 | +4.5000 |" in git(repository, "show", f"HEAD:{PATH}")


def test_it_needs_a_repository_and_the_whole_corpus(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert write(workspace) == 2
    assert "not a git repository" in capsys.readouterr().err
    assert run(["continuity", "-w", str(workspace), "--write", "content"]) == 2
    assert not (workspace / PATH).exists()


def test_reports_that_differ_in_the_trend_alone_are_the_same() -> None:
    report = ContinuityReport(UNITS)
    first = report_markdown(report)
    assert first != report_markdown(report, first)
    assert same_but_for_trend(first, report_markdown(report, first))
    assert not same_but_for_trend(first, report_markdown(ContinuityReport(UNITS[:-1])))


def test_units_and_changes_can_be_chosen(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def paths(*options: str) -> list[str]:
        capsys.readouterr()
        run(["continuity", "-w", str(repository), "--format", "json", *options])
        return [Path(unit["path"]).name for unit in json.loads(capsys.readouterr().out)["units"]]

    assert paths("--unit", "01.01.02") == ["01.01.02-poor.md"]
    assert paths("--since", "HEAD") == []
    (repository / "content" / "01-a" / "01.01.02-poor.md").write_text("changed", encoding="utf-8")
    assert paths("--since", "HEAD") == ["01.01.02-poor.md"]


def test_an_operator_chooses_words_and_thresholds(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = repository / "codex.toml"

    def failing() -> list[str]:
        capsys.readouterr()
        run(["continuity", "-w", str(repository), "--format", "json"])
        return [text.partition(":")[0] for text in json.loads(capsys.readouterr().out)["failures"]]

    rubric = failing()
    assert "anchor_reuse" in rubric and "synthesis_master" in rubric
    settings.write_text("[continuity.minimum]\nanchor_reuse = 0.5\nsynthesis_master = 1.5\n")
    assert failing() == [name for name in rubric if name not in ("anchor_reuse", "synthesis_master")]
    settings.write_text("[continuity.minimum]\nno_such = 1\n")
    with pytest.raises(UserError, match="no_such"):
        load_settings(settings, {})


def test_the_true_word_count_can_decide(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    body = "$$x$$ " + "many words here " * 40 + "$$y$$ we will see"
    for file in (repository / "content" / "01-a").iterdir():
        file.write_text(BODY.format(id=file.name[:8], text=body), encoding="utf-8")

    def forward() -> tuple[bool, float]:
        capsys.readouterr()
        run(["continuity", "-w", str(repository), "--format", "json"])
        document = json.loads(capsys.readouterr().out)
        failing = any(text.startswith("forward_density") for text in document["failures"])
        return failing, document["judged"]["forward_density_avg"]

    passes, inflated = forward()
    (repository / "codex.toml").write_text('[continuity]\nwords = "corrected"\nminimum = {forward_density = 9}\n')
    fails, true = forward()
    assert (passes, fails) == (False, True)
    assert inflated > 100
    assert true < 9
    run(["continuity", "-w", str(repository)])
    assert "forward_density" in [
        line.split()[0] for line in capsys.readouterr().out.splitlines() if line.endswith("below")
    ]
    run(["continuity", "-w", str(repository), "--write"])
    report = (repository / PATH).read_text(encoding="utf-8")
    assert "| 9.0 (on corrected words) |" in report
    assert "Weakest by `forward_density_corrected`" in report
