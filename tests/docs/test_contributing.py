"""CONTRIBUTING.md can be followed to the letter: it is, in a copy of the tree, by somebody who types what it shows."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, Block, blocks
from tests.docs.shown import MAKE

CODE = "XT002"

#: Entries of the project's folder that are no part of a clone.
NO_PART = {
    ".git",
    ".venv",
    ".hypothesis",
    ".mypy_cache",
    ".ruff_cache",
    ".import_linter_cache",
    "pilot",
    "build",
    "dist",
}

#: Lines of the walk that are not typed here, and why.
NOT_TYPED = {
    "make test": "the suite would run itself",
    "make lint": "mypy without its cache takes a minute: typed by the soak test below",
}

PERSON = {f"GIT_{who}_{what}": "n@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def walk() -> list[Block]:
    """The blocks of the section that adds a rule, in order."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    _, _, section = text.partition("\n## A rule for the validator")
    return blocks(section.partition("\n## ")[0])


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree as it is now, as a repository with one commit, and with this tree's .venv."""
    folder = tmp_path_factory.mktemp("newcomer") / "codex"
    folder.mkdir()
    for entry in ROOT.iterdir():
        if entry.name in NO_PART or entry.name.endswith(".egg-info"):
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.copytree(entry, folder / entry.name, symlinks=True)
        else:
            shutil.copy2(entry, folder / entry.name, follow_symlinks=False)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    typed(folder, "git init -q -b main && git add -A && git commit -q -m Everything")
    return folder


def typed(folder: Path, line: str) -> str:
    """What a line prints that is typed in the clone's folder; it must end with status 0."""
    environment = {**os.environ, **PERSON, "PYTHONPATH": str(folder)}
    for name in [name for name in environment if name.startswith(("PYTEST_", "COV_", "MAKE", "MFLAGS"))]:
        del environment[name]
    line = MAKE + line.removeprefix("make") if line.startswith("make ") else line
    done = subprocess.run(
        ["bash", "-c", line], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def put_in(folder: Path, block: Block) -> None:
    """What a person does with a block that names a file: Python goes to the end, a difference to the place it shows."""
    file = folder / block.file
    text = file.read_text(encoding="utf-8")
    if block.language == "python":
        file.write_text(f"{text}\n{block.text}", encoding="utf-8")
        return
    for hunk in block.text.split("@@\n"):
        lines = [(line[:1] or " ", line[1:]) for line in hunk.splitlines()]
        old = "\n".join(rest for mark, rest in lines if mark in " -")
        assert f"\n{text}\n".count(f"\n{old}\n") == 1, f"{block.file} has not once, as the page says:\n{old}"
        new = "\n".join(rest for mark, rest in lines if mark in " +")
        text = f"\n{text}\n".replace(f"\n{old}\n", f"\n{new}\n")[1:-1]
    file.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def walked(clone: Path) -> dict[str, str]:
    """The whole section, done in order: each line that was typed with what it printed."""
    printed = {}
    for block in walk():
        if block.language == "sh":
            for line in block.text.splitlines():
                if line not in NOT_TYPED:
                    printed[line] = typed(clone, line)
        else:
            assert block.file, f"a block of the walk names no file:\n{block.text}"
            put_in(clone, block)
    return printed


def test_the_examples_and_edges_are_run_and_hold(walked: dict[str, str]) -> None:
    runs = [text for line, text in walked.items() if "pytest" in line]
    assert ["3 passed" in runs[0], "2 passed" in runs[1]] == [True, True], runs


def test_the_rule_is_known_to_the_command_and_documented(walked: dict[str, str], clone: Path) -> None:
    (explained,) = (text for line, text in walked.items() if "--explain" in line)
    page = (clone / "docs" / "checks.md").read_text(encoding="utf-8")
    assert explained.startswith(CODE) and f"### {CODE}" in page
    assert f"| [{CODE}](#{CODE.lower()}) |" in page
    assert CODE not in (ROOT / "docs" / "checks.md").read_text(encoding="utf-8"), "the page needs another new rule"


def test_the_last_line_commits_all_of_it(walked: dict[str, str], clone: Path) -> None:
    assert typed(clone, "git status --porcelain") == ""
    changed = typed(clone, "git diff --name-only main rule-xt002").split()
    assert changed == sorted({block.file for block in walk() if block.file} | {"docs/checks.md"})


def test_what_was_typed_is_clean(walked: dict[str, str], clone: Path) -> None:
    files = " ".join(sorted({block.file for block in walk() if block.file.endswith(".py")}))
    typed(clone, f".venv/bin/ruff check --no-cache {files} && .venv/bin/ruff format --no-cache --check {files}")


@pytest.mark.parametrize("line", NOT_TYPED)
def test_a_line_that_is_left_out_is_one_of_the_walk(line: str) -> None:
    assert any(line in block.text.splitlines() for block in walk())


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_all_of_lint_is_content(walked: dict[str, str], clone: Path) -> None:
    typed(clone, "make lint")


def test_pre_commit_can_be_installed(clone: Path) -> None:
    """The line of the page's first block; the hook is not left in the clone, where it would run at every commit."""
    assert (ROOT / ".pre-commit-config.yaml").exists()
    typed(clone, ".venv/bin/pre-commit install")
    hook = clone / ".git" / "hooks" / "pre-commit"
    assert "pre-commit" in hook.read_text(encoding="utf-8")
    hook.unlink()
