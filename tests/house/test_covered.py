"""The table of `make coverage`: what is added up, and when it is too little."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from .covered import Counted, enough, main, package, read, table
from .sizes import ROOT

FILES = {
    "codex/errors.py": Counted(10, 10, 0, 0),
    "codex/check/rules/lean.py": Counted(100, 90, 40, 30),
    "codex/check/policy.py": Counted(100, 100, 10, 10),
}


def report(path: Path, files: Mapping[str, Counted]) -> Path:
    """A file as `coverage json` writes it, with what is read of it."""
    names = ("num_statements", "covered_lines", "num_branches", "covered_branches")
    rows = {
        name: {"summary": dict(zip(names, (c.statements, c.statements_run, c.branches, c.branches_run), strict=True))}
        for name, c in files.items()
    }
    path.write_text(json.dumps({"files": rows}), encoding="utf-8")
    return path


def test_modules_are_added_up_by_package() -> None:
    assert [package(path) for path in FILES] == ["codex", "codex.check", "codex.check"]
    head, *rows, named = table(FILES)
    assert head.split() == ["package", "statements", "run", "branches", "run"]
    assert [row.split() for row in rows] == [
        ["codex", "10", "100.0", "%", "0", "100.0", "%"],
        ["codex.check", "200", "95.0", "%", "50", "80.0", "%"],
        ["all", "together", "210", "95.2", "%", "50", "80.0", "%"],
    ]
    assert named == "most is missing in codex/check/rules/lean.py (20)"


@pytest.mark.parametrize(
    ("counted", "sufficient"),
    [
        (Counted(100, 90, 100, 90), True),
        (Counted(1000, 1000, 100, 89), False),  # statements make up for no branches
        (Counted(100, 89, 1000, 1000), False),
        (Counted(), True),
    ],
)
def test_statements_and_branches_have_to_be_run_each(
    counted: Counted, sufficient: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"codex/x.py": counted}
    assert enough(files) is sufficient
    assert main(str(report(tmp_path / "report.json", files))) == (0 if sufficient else 1)
    said = capsys.readouterr()
    assert said.out.splitlines() == list(table(files))
    assert ("Fewer than 90 %" in said.err) is not sufficient


def test_a_command_that_a_test_starts_is_measured_too(tmp_path: Path) -> None:
    """In a process that runs a process that forks: both of them end as they like, and their branches count."""
    code = (
        "import os, subprocess, sys; from codex.cli.common import want_json\n"
        "subprocess.run([sys.executable, '-c', 'from codex.errors import UserError; UserError(1)'], check=True)\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    want_json('json'); os._exit(0)\n"
        "os.waitpid(child, 0)"
    )
    measure = [sys.executable, "-m", "coverage"]
    options = ["--rcfile", str(ROOT / "pyproject.toml"), "--data-file", str(tmp_path / "data")]
    (tmp_path / "code.py").write_text(code, encoding="utf-8")
    subprocess.run([*measure, "run", *options, str(tmp_path / "code.py")], check=True, cwd=tmp_path)
    subprocess.run([*measure, "combine", "--quiet", *options], check=True, cwd=tmp_path)
    subprocess.run([*measure, "json", "--quiet", *options, "-o", "report.json"], check=True, cwd=tmp_path)
    found = json.loads((tmp_path / "report.json").read_text("utf-8"))["files"]
    run = {path.rpartition("codex/")[2]: about["functions"] for path, about in found.items()}
    assert run["cli/common.py"]["want_json"]["summary"]["percent_covered"] > 0, "the fork's"
    assert run["errors.py"]["CodexError.__init__"]["summary"]["percent_covered"] > 0, "the command's"


def test_a_copy_of_the_tree_that_a_test_works_in_does_not_count(tmp_path: Path) -> None:
    copied = {"/tmp/copy/codex/codex/errors.py": Counted(10_000, 0, 10_000, 0)}
    assert read(report(tmp_path / "report.json", FILES | copied)) == FILES
