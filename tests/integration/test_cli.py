"""``codexctl init`` and ``codexctl integrate``: what they print, and their exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codex.cli.app import run
from codex.workspace import Workspace

from .helpers import git, path_of, unit_text


@pytest.fixture
def call(workspace: Workspace, capsys: pytest.CaptureFixture[str]):
    def calling(*arguments: str) -> tuple[int, str, str]:
        status = run(["integrate", *arguments, "-w", str(workspace.root)])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return calling


def write(folder: Path, text: str, name: str = "unit.md") -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def test_a_sound_unit_is_integrated(call, workspace: Workspace, tmp_path: Path) -> None:
    file = write(tmp_path, unit_text("00.01.03"))
    status, out, err = call(file)
    commit = git(workspace.root, "rev-parse", "HEAD")
    assert (status, out, err) == (0, f"00.01.03: integrated, commit {commit[:12]}\n", "")
    assert call(file) == (0, "00.01.03: integrated already, nothing to do\n", "")


def test_defects_are_listed_and_nothing_is_written(call, workspace: Workspace, tmp_path: Path) -> None:
    head = git(workspace.root, "rev-parse", "HEAD")
    good, bad = unit_text("00.01.04"), unit_text("00.01.03").replace("**Proof.** Write", "Clearly")
    status, out, _ = call(write(tmp_path, bad))
    assert status == 1 and out.startswith("00.01.03: not integrated (checks): 26/27 checks passed\n  PH001 line ")
    assert git(workspace.root, "rev-parse", "HEAD") == head
    status, out, _ = call(write(tmp_path, bad), write(tmp_path, good, "good.md"))
    assert status == 1 and "00.01.04: integrated, commit" in out
    assert git(workspace.root, "rev-parse", "HEAD~1") == head


def test_dry_run(call, workspace: Workspace, tmp_path: Path) -> None:
    head = git(workspace.root, "rev-parse", "HEAD")
    assert call(write(tmp_path, unit_text("00.01.03")), "--dry-run")[:2] == (0, "00.01.03: would be integrated\n")
    assert git(workspace.root, "rev-parse", "HEAD") == head


def test_json(call, tmp_path: Path) -> None:
    status, out, _ = call(write(tmp_path, unit_text("00.01.02") + "\n<script>\n"), "--format", "json")
    (result,) = json.loads(out)["results"]
    assert status == 1 and result["unit"] == "00.01.02"
    assert result["rejected"][0]["reason"] == "hostile"


def test_a_draft_in_its_place_is_named_by_its_id(call, workspace: Workspace) -> None:
    (workspace.root / path_of("00.01.03")).write_text(unit_text("00.01.03"), encoding="utf-8")
    assert call("00.01.03")[0] == 0
    assert git(workspace.root, "status", "--porcelain") == ""


def test_an_edited_unit_is_a_change(call, workspace: Workspace) -> None:
    place = workspace.root / path_of("00.01.02")
    place.write_text(place.read_text(encoding="utf-8") + "\nOne more line.\n", encoding="utf-8")
    status, out, _ = call(str(place))
    assert status == 0 and "integrated, commit" in out
    assert git(workspace.root, "status", "--porcelain") == ""
    assert git(workspace.root, "log", "-1", "--format=%s") == "Change 00.01.02 Unit 00.01.02"


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (b"", 1, "cannot be read as a unit: The file is empty"),
        (b"\xff\xfe", 1, "not UTF-8"),
        (b"---\nid: ../../etc\nslug: x\n---\n\n", 1, "id is wrong"),
        (b"---\nid: 00.01.03\nslug: X Y\n---\n\n", 1, "slug is wrong"),
        (b"x" * 2_000_001, 1, "larger than 2 MB"),
    ],
)
def test_what_is_no_unit(call, tmp_path: Path, content: bytes, status: int, said: str) -> None:
    (tmp_path / "unit.md").write_bytes(content)
    ended, out, err = call(str(tmp_path / "unit.md"))
    assert (ended, out) == (status, "") and said in err and "Traceback" not in err


def test_wrong_calls(call, workspace: Workspace, tmp_path: Path) -> None:
    assert call(str(tmp_path / "none.md"))[0] == 2
    assert call(str(tmp_path))[0] == 2
    ended, _, err = call("00.01.09")
    assert ended == 2 and "No file in content/ has the id 00.01.09" in err
    git(workspace.root, "checkout", "-q", "--detach")
    ended, _, err = call(write(tmp_path, unit_text("00.01.03")))
    assert ended == 2 and "HEAD is detached" in err and "git switch" in err


def test_init(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", str(tmp_path / "ws"), "--campaign", "pilot", "--format", "json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["units"] == 6 and "lawson-michelsohn-spin-geometry" in made["books"]
    assert run(["init", str(tmp_path / "ws")]) == 2
    assert "is not empty" in capsys.readouterr().err
    assert run(["init", str(tmp_path / "other")]) == 0
    assert "0 units" in capsys.readouterr().out
