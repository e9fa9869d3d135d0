"""Every command that the pages show is run: here, or by the test that the table names (shown.py)."""

from __future__ import annotations

import ast
import asyncio
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from codex.cli.app import COMMANDS, run
from codex.integration.init import init_workspace
from codex.integration.integrator import drain, integrate
from codex.passes.engine import run_pass
from codex.passes.outcomes import escalation
from codex.passes.services import Services
from codex.workspace import Workspace
from deployments.server import Server
from tests.docs.pages import PAGES, ROOT, blocks, commands
from tests.docs.shown import BOOK, MAKE, SHOWN, ByTest, Left, Recipe, Row, Typed, TypedThere, Walked
from tests.docs.test_contributing import NOT_TYPED, walk

RECORDINGS = ROOT / "manifests" / "pilot" / "recordings"

#: What takes the pilot's book to ``in-production``: the first gap analysis is sent back, as the recordings have it.
PASSES = ("P1_audit", "P2_gap", "P2_gap", "P3_plan", "P4_production")


def rows(kind: type[Row] | tuple[type[Row], ...]) -> list[str]:
    return [command for command, row in SHOWN.items() if isinstance(row, kind)]


def typed_rows(*, covered: bool) -> list[str]:
    return [command for command, row in SHOWN.items() if isinstance(row, Typed) and row.covered == covered]


def test_every_command_has_a_row_and_every_row_a_command() -> None:
    shown = {command: page.name for page in PAGES for command in commands(page.read_text(encoding="utf-8"))}
    missing = {command: page for command, page in shown.items() if command not in SHOWN}
    assert missing == {}, "a page shows a command that nothing runs: give it a row in tests/docs/shown.py"
    assert [command for command in SHOWN if command not in shown] == [], "no page shows these any more"


def test_every_command_of_the_program_is_shown() -> None:
    named = {word for command in SHOWN if command.startswith("codexctl ") for word in shlex.split(command)}
    assert set(COMMANDS) - named == {"pilot"}, "README.md or docs/ should say what it is for; pilot is `make pilot`"


# --- typed here -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a reader types: a pilot at ``in-production``, beside it another corpus, and the project's .venv."""
    home = tmp_path_factory.mktemp("typed")
    workspace = init_workspace(home / "pilot", campaign="pilot")
    for pass_name in PASSES:
        with Services.open(workspace, "replay", recordings=RECORDINGS) as services:
            asyncio.run(run_pass(workspace, services, f"book:{BOOK}", pass_name))
        drain(workspace)
    make_curriculum(home / "curriculum")
    (home / ".venv").symlink_to(ROOT / ".venv")
    return workspace.root


def make_curriculum(folder: Path) -> None:
    """A corpus in which something is off that can be mended."""
    workspace = init_workspace(folder, campaign="pilot")
    unit = next(folder.glob("content/*/*/*.md"))
    unit.write_text(unit.read_text("utf-8").replace("pending_prereqs: false", "pending_prereqs: true"), "utf-8")
    workspace.git.run("-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-q", "-am", "A flag")


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No server, key or setting of the person who runs the tests."""
    for name in [name for name in os.environ if name.startswith(("PREFECT", "ANTHROPIC", "CODEX", "MAKE", "MFLAGS"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ROOT", str(ROOT))
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)


@pytest.mark.parametrize("command", typed_rows(covered=False))
def test_typed(command: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    row = SHOWN[command]
    assert isinstance(row, Typed)
    monkeypatch.chdir(folder)
    if row.first:
        BEFORE[row.first](folder)
    line = row.instead or command
    status = run(shlex.split(line)[1:]) if line.split()[0] == "codexctl" else in_a_shell(line)
    out, err = capfd.readouterr()
    assert (status, row.says in out + err) == (row.status, True), out + err


def in_a_shell(line: str) -> int:
    return subprocess.run(["bash", "-c", line], check=False, timeout=60).returncode


def escalate(folder: Path) -> None:
    workspace = Workspace.open(folder)
    integrate(workspace, [escalation(workspace, f"book:{BOOK}", "P4_production", "a unit failed three times")])


BEFORE: dict[str, Callable[[Path], None]] = {"escalate": escalate}


# --- run by another test ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", rows((ByTest, TypedThere)))
def test_run_by_another_test(command: str) -> None:
    row = SHOWN[command]
    assert isinstance(row, ByTest | TypedThere)
    path, _, name = row.test.partition("::")
    source = (ROOT / path).read_text(encoding="utf-8")
    function = next((node for node in ast.walk(ast.parse(source)) if getattr(node, "name", "") == name), None)
    assert function is not None, f"{path} has no {name}"
    if isinstance(row, TypedThere):
        (block,) = [each for each in blocks((ROOT / row.page).read_text("utf-8")) if each.language == "sh"]
        assert command in block.text.splitlines()
        assert Path(row.page).name in source
        return
    body = "\n".join([ast.get_source_segment(source, each) or "" for each in (function, *function.decorator_list)])
    name, *others = words_of(command)
    assert says(source, name) and all(says(source, each) for each in others), f"{path} never runs this"
    assert not others or any(says(body, each) for each in others), f"{row.test} does not run this"


def words_of(command: str) -> list[str]:
    """What tells a command from others: its name (of make: the target), the part of a group, the options."""
    _, name, *rest = shlex.split(command)
    part = rest[:1] if name in COMMANDS and COMMANDS[name][1] == "app" else []
    return [name, *part, *(each for each in rest if each.startswith("--"))]


def says(source: str, word: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", source) is not None


@pytest.mark.parametrize("command", rows(Walked))
def test_walked(command: str) -> None:
    lines = [line.removeprefix(".venv/bin/") for block in walk() for line in block.text.splitlines()]
    assert command in lines and command not in NOT_TYPED


@pytest.mark.parametrize("command", rows(Recipe))
def test_line_of_a_recipe(command: str) -> None:
    row = SHOWN[command]
    assert isinstance(row, Recipe)
    recipe = dry(f"make {row.target}")
    assert f"{command}\n".removeprefix("python") in recipe


@pytest.mark.parametrize("command", [each for each in SHOWN if each.startswith("make ")])
def test_target_exists(command: str) -> None:
    assert dry(command)


@pytest.mark.parametrize("command", rows(Left))
def test_left_for_a_reason(command: str) -> None:
    row = SHOWN[command]
    assert isinstance(row, Left)
    assert len(row.why) > 20


def dry(command: str) -> str:
    """What make would do."""
    line = f"{MAKE} --dry-run {command.removeprefix('make ')}"
    done = subprocess.run(line.split(), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


# --- with the pilot at its end ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def covered(tmp_path_factory: pytest.TempPathFactory, prefect_server: Server) -> tuple[Path, dict[str, str]]:
    """The pilot at ``equivalence-covered`` with a new campaign beside it, and the environment to type in."""
    home = tmp_path_factory.mktemp("covered")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT", "ANTHROPIC"))}
    environment |= {"PREFECT_API_URL": prefect_server.url, "PREFECT_HOME": str(home / "prefect")}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    for line in ("codexctl pilot pilot", "codexctl init campaign"):
        done = subprocess.run(
            line.split(), cwd=home, env=environment, capture_output=True, text=True, check=False, timeout=200
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return home / "pilot", environment


@pytest.mark.soak
def test_the_costs_that_are_told_are_the_pilots(covered: tuple[Path, dict[str, str]]) -> None:
    folder, environment = covered
    line = "codexctl costs --by pass --format json"
    done = subprocess.run(line.split(), cwd=folder, env=environment, capture_output=True, text=True, check=True)
    found = {each["pass"].partition("_")[0]: each for each in json.loads(done.stdout)["rows"]}
    page = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| (P[\dWV]) [\w ]+ \| [^|]+ \| (\d+) \| ([\d.]+) \| ([\d.–]+) \|$", page, re.MULTILINE)
    assert {name: (int(turns), usd, vain.replace("–", "0.00")) for name, turns, usd, vain in told} == {
        name: (each["calls"], f"{each['usd']:.2f}", f"{each['usd_in_vain']:.2f}") for name, each in found.items()
    }


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_typed_with_the_pilot_at_its_end(covered: tuple[Path, dict[str, str]]) -> None:
    folder, environment = covered
    for command in typed_rows(covered=True):
        row = SHOWN[command]
        assert isinstance(row, Typed)
        for line in filter(None, (row.first, row.instead or command)):
            status, said = type_line(line, folder, environment, waits=row.waits and line != row.first)
        assert (status, row.says in said) == (130 if row.waits else row.status, True), f"{command}\n{said}"


def type_line(line: str, folder: Path, environment: dict[str, str], *, waits: bool) -> tuple[int, str]:
    """Status and output of a line; one that waits for an agent is interrupted when its call is listed."""
    process = subprocess.Popen(
        ["bash", "-c", f"exec {line}" if waits else line], cwd=folder, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    try:
        listed = await_call(folder if " -w " not in line else folder.parent / "campaign", process) if waits else ""
        if waits:
            process.send_signal(signal.SIGINT)
        return process.wait(120), listed + (process.stdout.read() if process.stdout else "")
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def await_call(folder: Path, process: subprocess.Popen[str]) -> str:
    """The names of the calls that this process waits for, as soon as there is one; earlier ones are still listed."""
    begun, until = time.time(), time.monotonic() + 90
    while time.monotonic() < until and process.poll() is None:
        found = [each.parent.name for each in (folder / ".codex/state/handoff").glob("*/status.json")
                 if each.stat().st_mtime > begun and '"waiting"' in each.read_text(encoding="utf-8")]  # fmt: skip
        if found:
            return " ".join(found)
        time.sleep(0.2)
    return ""
