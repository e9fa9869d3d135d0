"""Which rules judge which file, and which of them count."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from codex.check import check_corpus
from codex.check.policy import PathRules, Policy, matches
from codex.check.registry import RULES, rules_at
from codex.check.rule import Example
from codex.check.samples import SAMPLE_PATH, sample_snapshot
from codex.cli.app import run
from codex.errors import UserError
from codex.settings import load_settings

from .test_formats import ROOT

CORE = [rule.code for rule in rules_at("core")]
#: A unit that fails XH001 (a warning) and XR001 (an error), both of level full.
BAD = Example("Oxford, 1938", "Oxford", also=(("See [00.01.01] first.", "See [77.01.01] first."),))


@pytest.mark.parametrize(
    ("pattern", "path", "named"),
    [
        ("content", "content/a/b.md", True),
        ("content/", "content/a/b.md", True),
        ("./content", "content/a/b.md", True),
        ("con", "content/a/b.md", False),
        ("content/a/b.md", "content/a/b.md", True),
        ("content/*", "content/a/b.md", True),
        ("content/*.md", "content/a/b.md", False),
        ("content/**/*.md", "content/a/b.md", True),
        ("content/**/*.md", "content/b.md", True),
        ("**/b.md", "content/a/b.md", True),
        ("**/b.md", "b.md", True),
        ("**", "content/a/b.md", True),
        ("content/?/b.md", "content/a/b.md", True),
        ("content/?/b.md", "content/aa/b.md", False),
        ("content/[a]/b.md", "content/a/b.md", False),
    ],
)
def test_patterns(pattern: str, path: str, named: bool) -> None:
    assert matches(pattern, path) is named


def codes(policy: Policy, path: str) -> dict[str, str]:
    """The rules for a path with the severity of what falls short there."""
    return {choice.rule.code: choice.weight or choice.rule.severity for choice in policy.rules_for(path)}


def test_without_settings_a_level_is_its_rules() -> None:
    assert list(codes(Policy(), "x.md")) == CORE
    assert codes(Policy.of("full"), "x.md") == {rule.code: rule.severity for rule in RULES}
    assert list(codes(Policy.of("core", ["xe00", "PH001"]), "x.md")) == ["PH001", *(f"XE00{n}" for n in range(1, 7))]


def test_rules_above_the_gate_are_warnings() -> None:
    reported = codes(Policy(rules_at("full"), "core"), "x.md")
    assert {code for code, severity in reported.items() if severity == "error"} == set(CORE)


def test_settings_by_path() -> None:
    policy = Policy(
        rules_at("core"),
        "core",
        (
            PathRules("content/a", select=("XE001", "XH001"), ignore=("PH001",)),
            PathRules("content/a/b", gate=("XH",), ignore=("XE001",)),
            PathRules("content/a/b/c.md", ignore=("XH001",), gate=("PH001",)),
        ),
    )
    assert list(codes(policy, "content/x.md")) == CORE
    inside = codes(policy, "content/a/x.md")
    assert (inside["XE001"], inside["XH001"], "PH001" in inside) == ("warning", "warning", False)
    deeper = codes(policy, "content/a/b/x.md")
    assert (deeper["XH001"], "XE001" in deeper) == ("error", False)
    last = codes(policy, "content/a/b/c.md")
    assert ("XH001" in last, last["PH001"]) == (False, "error")
    assert list(last) == CORE


def test_an_unknown_code_is_named() -> None:
    with pytest.raises(UserError, match="QQ"):
        Policy(paths=(PathRules("content", ignore=("QQ",)),)).rules_for("content/x.md")


def test_states_follow_the_severities() -> None:
    snapshot, path = sample_snapshot(BAD)

    def state(policy: Policy) -> str:
        return check_corpus(snapshot, [path], policy=policy).results[0].state

    assert state(Policy.of("full")) == "failing"
    assert state(Policy(rules_at("full"), "core")) == "passing"
    assert state(Policy(rules_at("full"), "core", (PathRules("content", gate=("XH001",)),))) == "failing"
    assert state(Policy(rules_at("core"), "core", (PathRules("content", gate=("XR001",)),))) == "failing"
    assert state(Policy(rules_at("full"), "full", (PathRules("**", ignore=("XR001",)),))) == "passing"


def test_the_example_in_the_documentation_is_a_settings_file(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
    [example] = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "codex.toml").write_text(example, encoding="utf-8")
    policy = load_settings(tmp_path / "codex.toml", {}).check.policy()
    there = codes(policy, "content/03-modern-geometry/09-spin/x.md")
    assert (there["XR001"], there["XE002"], "XM001" in there, there["XC001"]) == ("error", "error", False, "warning")
    assert set(codes(policy, "content/01/01.01.E1-linear-algebra-exercises.md")) == {rule.code for rule in RULES}


@pytest.mark.parametrize("line", ['select = ["QQ"]', 'ignore = [""]', "gate = 3", "colour = 1"])
def test_settings_that_are_wrong_are_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "codex.toml").write_text(f'[[check.paths]]\npath = "content"\n{line}\n', encoding="utf-8")
    with pytest.raises(UserError, match=r"check\.paths\.0\." + line.split(maxsplit=1)[0]):
        load_settings(tmp_path / "codex.toml", {})


def test_the_command_reads_them(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    snapshot, _ = sample_snapshot(BAD)
    (workspace / SAMPLE_PATH).write_bytes(snapshot.read(SAMPLE_PATH))
    settings = workspace / "codex.toml"

    def status(*options: str) -> int:
        return run(["check", "-w", str(workspace), SAMPLE_PATH, *options])

    assert (status(), status("--level", "full"), status("--select", "XR")) == (0, 1, 1)
    settings.write_text('[check]\nreport = "full"\n')
    capsys.readouterr()
    assert status("--format", "json") == 0
    document = json.loads(capsys.readouterr().out)
    failing = {c["code"]: c["severity"] for c in document["results"][0]["checks"] if c["verdict"] == "fail"}
    assert failing == {"XR001": "warning", "XH001": "warning"}
    assert status("--level", "full") == 1
    settings.write_text('[check]\ngate = "full"\n')
    assert status() == 1
    settings.write_text('[[check.paths]]\npath = "content"\ngate = ["XR001"]\n')
    assert (status(), status("--level", "core"), status("--select", "PH001")) == (1, 1, 0)
    settings.write_text('[[check.paths]]\npath = "content"\nignore = ["XR001"]\n')
    assert (status("--level", "full"), status("--select", "XR001")) == (0, 1)
    settings.write_text('[[check.paths]]\npath = "content"\nignore = ["QQ001"]\n')
    assert status() == 2
