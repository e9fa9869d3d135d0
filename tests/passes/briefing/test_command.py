"""``codexctl brief``: what it prints, where its size goes, and what it says to what it does not know."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from codex.cli.app import run
from tests.passes.briefing.desks import FILES, UNIT
from tests.passes.worlds import SEED, SPIN, planned


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = tmp_path / "corpus"
    shutil.copytree(SEED, root)
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return committed(root)


def committed(root: Path) -> Path:
    for command in (["init", "-q"], ["add", "-A"], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"]):
        subprocess.run(["git", "-C", str(root), *command], check=True)
    return root


@pytest.mark.parametrize("subject", [UNIT, f"unit:{UNIT}"])
def test_a_queued_units_brief(workspace: Path, subject: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-w", str(workspace), "brief", "production", subject]) == 0
    out, err = capsys.readouterr()
    assert f"# Write {UNIT}: Spinor modules" in out
    size = len(out.encode())
    assert err.startswith(f"unit:{UNIT}/P4_production/{UNIT}/1: {size - 2} bytes (")  # two line ends are the terminal's
    assert "budget 50500" in err


def test_it_is_one_document_as_json(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-w", str(workspace), "brief", "production", UNIT, "--format", "json"]) == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert set(document) == {"call", "model", "prefix", "prompt"}
    assert document["prompt"].startswith(f"# Write {UNIT}")
    assert "bytes" in err


def test_a_unit_that_a_book_owes_is_the_books(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "corpus"
    shutil.copytree(SEED, root)
    for path, data in planned().files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    assert run(["-w", str(committed(root)), "brief", "P4_production", SPIN]) == 0
    out, err = capsys.readouterr()
    assert err.startswith("book:lawson-michelsohn-spin-geometry/P4_production/")
    assert "For the book Lawson & Michelsohn — Spin Geometry." in out
    assert "## Rows of the book's inventory that this unit must cover" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["production", "03.09.99"], "The plan has no unit '03.09.99'"),
        (["production", "03.09.02"], "no audit asks for it"),
        (["production", "nothing"], "There is no book 'nothing'"),
        (["painting", UNIT], "painting"),
        (["gap", UNIT], f"There is no book '{UNIT}'"),
    ],
)
def test_what_it_does_not_know(
    workspace: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["-w", str(workspace), "brief", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
