"""The formats of a report, and the command."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from codex.check import CheckReport, check_corpus
from codex.check import docs as checks_document
from codex.check.explain import OTHER_CODES, explain
from codex.check.faults import FAULTS
from codex.check.formats.as_github import report_github
from codex.check.formats.as_json import report_document
from codex.check.formats.as_sarif import report_sarif
from codex.check.formats.as_text import report_text
from codex.check.registry import RULES
from codex.check.rule import Example
from codex.check.samples import SAMPLE_PATH, sample_snapshot
from codex.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
BROKEN = "content/00-numbers/01-integers/00.01.05-broken%,x.md"


@pytest.fixture(scope="module")
def report() -> CheckReport:
    example = Example("The sum of two even numbers is even.", "Obviously this is trivial.", files=((BROKEN, "no"),))
    snapshot, path = sample_snapshot(example)
    return check_corpus(snapshot, [path, BROKEN])


def test_json_has_the_promised_shape(report: CheckReport) -> None:
    document = json.loads(json.dumps(report_document(report)))
    counts = ("units", "units_passing", "units_failing", "units_not_judged", "checks_passed", "checks_total")
    assert [document[key] for key in counts] == [2, 0, 2, 0, 26, 27]
    good, broken = document["results"]
    assert (good["path"], good["id"], good["passed"], good["error"]) == (SAMPLE_PATH, "00.01.02", False, None)
    [found] = [check for check in good["checks"] if check["verdict"] == "fail"]
    assert (found["code"], found["name"]) == ("PH001", "no prohibited phrasings (obviously/clearly/etc.)")
    assert (found["passed"], found["detail"], len(found["places"])) == (False, "“obviously”; “trivial”", 2)
    assert found["line"] == found["places"][0]["line"]
    assert found["hint"]
    assert (broken["passed"], broken["checks"], broken["error_code"]) == (False, [], "PE002")
    assert broken["error"].startswith("PE002: No front matter")


def test_text_says_where_what_and_how(report: CheckReport) -> None:
    lines = report_text(report).splitlines()
    line = report.results[0].failures[0].line
    assert f"  {SAMPLE_PATH}:{line}: PH001 no prohibited phrasings (obviously/clearly/etc.)" in lines
    assert f"      line {line}: “obviously”" in lines
    assert any(text.startswith("      → Delete the phrase") for text in lines)
    assert any("PE002 No front matter" in text for text in lines)
    assert lines[-1] == "2 units: 0 pass, 2 fail; 26 of 27 checks passed."


def test_github_escapes_what_would_end_a_command(report: CheckReport) -> None:
    first, second = report_github(report).splitlines()
    assert first.startswith(f"::error file={SAMPLE_PATH},line=")
    assert ",title=PH001::no prohibited phrasings" in first
    assert "00.01.05-broken%25%2Cx.md,line=1,title=PE002::" in second


def test_sarif_lists_rules_and_places(report: CheckReport) -> None:
    [run] = report_sarif(report)["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["PE002", "PH001"]
    assert [result["ruleId"] for result in run["results"]] == ["PH001", "PE002"]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == SAMPLE_PATH
    assert place["region"]["startLine"] == report.results[0].failures[0].line


def test_nothing_unprintable_gets_out() -> None:
    snapshot, path = sample_snapshot(Example("id: 00.01.02\n", 'id: "\\ud800"\n'))
    found = check_corpus(snapshot, [path], level="full")
    json.dumps(report_document(found), ensure_ascii=False).encode()
    json.dumps(report_sarif(found), ensure_ascii=False).encode()


@pytest.mark.parametrize("code", [*(rule.code for rule in RULES), *FAULTS, *OTHER_CODES])
def test_every_code_is_explained(code: str) -> None:
    assert explain(code.lower()).startswith(code)


def test_all_codes_are_listed_and_others_refused() -> None:
    assert len(explain("all").splitlines()) == len(RULES)
    with pytest.raises(UserError, match="X999"):
        explain("X999")


def test_checks_page_is_current() -> None:
    page = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
    assert page == checks_document.document(), "run `python -m codex.check.docs`"


def run(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "codex.cli", "check", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=cwd, env={"PYTHONPATH": str(ROOT), "PATH": ""}
    )


def test_command(workspace: Path) -> None:
    good = run("-w", str(workspace), SAMPLE_PATH, "--level", "full")
    assert (good.returncode, good.stdout) == (0, "1 unit: 1 pass, 0 fail; 51 of 51 checks passed.\n")
    path = workspace / SAMPLE_PATH
    path.write_text(path.read_text(encoding="utf-8").replace("The sum of", "Clearly the sum of"), encoding="utf-8")
    bad = run(path.name, "--format", "json", cwd=path.parent)
    assert bad.returncode == 1
    assert json.loads(bad.stdout)["units_failing"] == 1
    assert run("-w", str(workspace), "--select", "FM001", SAMPLE_PATH).returncode == 0
    assert run(str(path), "--select", "FM001", "--no-cache", cwd=workspace.parent).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["content/nothing.md"], "nothing.md"),
        (["/etc/hostname"], "/etc/hostname"),
        (["--format", "yaml"], "yaml"),
        (["--level", "half"], "half"),
        (["--select", "QQ001"], "QQ001"),
        (["--explain", "QQ001"], "QQ001"),
    ],
)
def test_wrong_calls_are_one_sentence(workspace: Path, arguments: list[str], part: str) -> None:
    done = run("-w", str(workspace), *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert part in done.stderr
    assert "Traceback" not in done.stderr


def test_command_explains(workspace: Path) -> None:
    done = run("--explain", "PG001")
    assert done.returncode == 0
    assert done.stdout.startswith("PG001  no paragraph exceeds 250 words")
