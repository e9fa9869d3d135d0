"""The rules that the linter holds are all but those with a reason, and what runs before a commit is what CI runs."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import tokenize
import tomllib
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

from .sizes import EVERYTHING, ROOT

PYPROJECT = ROOT / "pyproject.toml"
LINT = tomllib.loads(PYPROJECT.read_text("utf-8"))["tool"]["ruff"]["lint"]
PER_FILE: Mapping[str, list[str]] = LINT["per-file-ignores"]
HOOKS = {
    hook["id"]: hook
    for repository in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    for hook in repository["hooks"]
}
TOOLS = ROOT / ".venv" / "bin"
needs_tools = pytest.mark.skipif(not TOOLS.is_dir(), reason="the tools are not in .venv here")

_NOQA = re.compile(r"#\s*noqa\b(?P<rest>.*)")
_REASONED = re.compile(r": [A-Z]+\d+(, [A-Z]+\d+)* \(\S.*\)")


def broken(rules: list[str]) -> dict[str, set[str]]:
    """Rule → files that break it, of these rules and wherever they are left out."""
    command = [TOOLS / "ruff", "check", "--isolated", "--no-cache", "--line-length", "120", "--target-version", "py311"]
    asked = ["--select", ",".join(rules), "--output-format", "concise", "--exit-zero", "."]
    said = subprocess.run([*command, *asked], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    found: dict[str, set[str]] = {}
    for path, code in re.findall(r"^([^:\n]+):\d+:\d+: ([A-Z]+\d+) ", said, re.MULTILINE):
        found.setdefault(code, set()).add(path)
    return found


def test_every_rule_is_selected() -> None:
    assert LINT["select"] == ["ALL"]
    assert not {"extend-ignore", "extend-select", "extend-per-file-ignores"} & set(LINT)


def test_every_rule_that_is_left_out_has_a_reason() -> None:
    section = PYPROJECT.read_text("utf-8").partition("[tool.ruff.lint]\n")[2].partition("[tool.importlinter]\n")[0]
    lines = [line for line in section.splitlines() if re.search(r'"[A-Z]+\d*"', line.partition("#")[0])]
    named = {code for line in lines for code in re.findall(r'"([A-Z]+\d*)"', line.partition("#")[0])}
    assert named - {"ALL"} == {*LINT["ignore"], *(code for codes in PER_FILE.values() for code in codes)}
    assert [line for line in lines if '"ALL"' not in line and not re.search(r"# \S+ \S+", line)] == []


@needs_tools
def test_a_rule_that_nothing_breaks_is_not_left_out() -> None:
    assert {*LINT["ignore"]} - set(broken(LINT["ignore"])) == set()


@needs_tools
def test_nor_for_files_that_keep_it() -> None:
    found = broken(sorted({rule for rules in PER_FILE.values() for rule in rules}))
    kept = [
        (pattern, rule)
        for pattern, rules in PER_FILE.items()
        for rule in rules
        if not any(fnmatch(path, pattern) for code, paths in found.items() if _is_of(code, rule) for path in paths)
    ]
    assert kept == []


def _is_of(code: str, rule: str) -> bool:
    return code == rule or code.rstrip("0123456789") == rule


def exemptions() -> Iterator[tuple[str, str]]:
    """Every exemption of a single line: where it is, and what it says behind ``noqa``."""
    texts = {path: path.read_text("utf-8") for top in EVERYTHING for path in (ROOT / top).rglob("*.py")}
    for path, text in texts.items():
        for token in tokenize.generate_tokens(io.StringIO(text).readline) if "noqa" in text else ():
            found = _NOQA.search(token.string) if token.type == tokenize.COMMENT else None
            if found:
                yield f"{path.relative_to(ROOT)}:{token.start[0]}", found["rest"]


def test_an_exemption_names_its_rule_and_its_reason() -> None:
    found = dict(exemptions())
    assert found, "none was found at all"
    assert [where for where, rest in found.items() if not _REASONED.match(rest)] == []


def test_hooks_are_what_make_lint_runs() -> None:
    recipe = (ROOT / "Makefile").read_text("utf-8").partition("\nlint:")[2].partition("\n\n")[0]
    wanted = [line.strip().removeprefix("@").removesuffix(" .") for line in recipe.splitlines()[1:]]
    assert [hook["entry"].replace(" --force-exclude", "") for hook in HOOKS.values()] == wanted


def test_hooks_fetch_nothing() -> None:
    repositories = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    assert {each["repo"] for each in repositories} == {"local"}
    assert {hook["language"] for hook in HOOKS.values()} == {"system"}


@needs_tools
def test_a_hook_stops_what_the_linter_does_not_like(tmp_path: Path) -> None:
    for name in (".pre-commit-config.yaml", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    subprocess.run(["git", "init", "-q", tmp_path], check=True)

    def commits(text: str) -> dict[str, bool]:
        (tmp_path / "one.py").write_text(text, "utf-8")
        subprocess.run(["git", "add", "one.py"], check=True, cwd=tmp_path)
        return {name: hook(name) for name in ("ruff-check", "ruff-format")}

    def hook(name: str) -> bool:
        environment = os.environ | {"PRE_COMMIT_HOME": str(tmp_path / "home")}
        command = [TOOLS / "pre-commit", "run", name]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
        assert done.returncode in (0, 1), done.stdout + done.stderr
        return done.returncode == 0

    assert commits('"""One."""\n\nONE = 1\n') == {"ruff-check": True, "ruff-format": True}
    assert commits('"""One."""\n\nimport os\n\nONE = 1\n') == {"ruff-check": False, "ruff-format": True}
    assert commits('"""One."""\n\nONE =  1\n') == {"ruff-check": True, "ruff-format": False}
