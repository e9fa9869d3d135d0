"""The command beyond judging: what it starts, what it watches, what it chooses."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from codex.check.samples import SAMPLE, SAMPLE_PATH
from codex.cli.app import run

from .test_formats import ROOT

HEAVY = [
    "prefect",
    "anthropic",
    "networkx",
    "pydantic",
    "pydantic_settings",
    "httpx",
    "jinja2",
    "ahocorasick_rs",
    "rich",
]


def imported(*arguments: str) -> list[str]:
    """Which of the heavy modules are loaded at the end of a command."""
    code = (
        "import sys\nfrom codex.cli.app import run\nrun(sys.argv[1:])\n"
        f"print([m for m in {HEAVY} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True, cwd=ROOT
    )
    found: list[str] = json.loads(done.stderr.splitlines()[-1].replace("'", '"'))
    return found


def test_help_and_the_validator_import_nothing_heavy(workspace: Path) -> None:
    assert imported("--help") == []
    # Typer itself takes Pydantic to convert a command's arguments; the settings are read only where there are any.
    assert imported("check", "-w", str(workspace), SAMPLE_PATH) == ["pydantic"]


def test_a_cache_is_made_in_the_workspace_unless_forbidden(workspace: Path) -> None:
    assert run(["check", "-w", str(workspace), SAMPLE_PATH, "--no-cache"]) == 0
    assert not (workspace / ".codex").exists()
    assert run(["check", "-w", str(workspace), SAMPLE_PATH]) == 0
    assert os.listdir(workspace / ".codex" / "cache") == ["results.sqlite3"]


def test_where_no_cache_can_be_the_check_goes_on(workspace: Path) -> None:
    (workspace / ".codex").write_text("in the way")
    assert run(["check", "-w", str(workspace), SAMPLE_PATH]) == 0
    assert (workspace / ".codex").read_text() == "in the way"


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(root), "-c", "user.name=a", "-c", "user.email=a@b", *arguments], check=True)


def test_units_by_id_and_by_what_has_changed(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def paths(*options: str) -> list[str]:
        capsys.readouterr()
        assert run(["check", "-w", str(workspace), "--format", "json", *options]) in (0, 1)
        return [Path(result["path"]).name for result in json.loads(capsys.readouterr().out)["results"]]

    assert paths("--unit", "00.01.02", "--unit", "00.01.01") == ["00.01.01-neighbour.md", "00.01.02-even-numbers.md"]
    assert run(["check", "-w", str(workspace), "--unit", "99.01.01"]) == 2
    assert run(["check", "-w", str(workspace), "--since", "HEAD"]) == 2
    git(workspace, "init", "-q")
    git(workspace, "add", "-A")
    git(workspace, "commit", "-qm", "all")
    assert paths("--since", "HEAD") == []
    (workspace / SAMPLE_PATH).write_text(SAMPLE + "\nMore.\n", encoding="utf-8")
    (workspace / SAMPLE_PATH).with_name("new.md").write_text("no unit")
    assert paths("--since", "HEAD") == ["00.01.02-even-numbers.md", "new.md"]
    assert paths("--since", "HEAD", "--unit", "00.01.01") == []
    assert run(["check", "-w", str(workspace), "--since", "nowhere"]) == 2


def test_watching(workspace: Path) -> None:
    """Each save is followed by a report on what has become different; a file in between that is broken is no end."""
    command = [
        sys.executable,
        "-m",
        "codex.cli",
        "check",
        "-w",
        str(workspace),
        "--watch",
        "--select",
        "PH001",
        "content",
    ]
    file = workspace / SAMPLE_PATH
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout

        def until(start: str) -> list[str]:
            lines = [process.stdout.readline()]  # type: ignore[union-attr]
            while not lines[-1].startswith(start):
                lines.append(process.stdout.readline())  # type: ignore[union-attr]
            return lines

        until("5 units: 5 pass")
        file.write_text(SAMPLE.replace("The sum of", "Clearly the sum of"), encoding="utf-8")
        assert any("PH001" in line for line in until("5 units: 4 pass"))
        file.write_bytes(b"\xff")
        assert any("PE001" in line for line in until("5 units: 4 pass"))
        file.unlink()
        until("4 units: 4 pass")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
