"""What commands print: whole tables in a pipe, one JSON document on standard output, sentences for what is wrong."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from io import StringIO
from types import SimpleNamespace

import pytest
from pydantic import BaseModel
from rich.console import Console

from codex.campaign.costs import append_costs
from codex.cli import app, launch
from codex.corpus import connections, deps, proposals
from codex.oversight.render.pieces import bar, plain, table
from codex.workspace import Workspace
from flows.reporting import say, tell
from tests.campaign.test_costs import LINES
from tests.shell import codexctl

SLUG = "lawson-michelsohn-spin-geometry"


def put(workspace: Workspace, files: Mapping[str, bytes]) -> None:
    for path, data in files.items():
        (workspace.root / path).parent.mkdir(parents=True, exist_ok=True)
        (workspace.root / path).write_bytes(data)


# --- tables --------------------------------------------------------------------------------------------------------


def test_no_table_is_broken_in_a_pipe(workspace: Workspace) -> None:
    put(workspace, append_costs(workspace.tree(), LINES))
    done = codexctl("costs", "-w", workspace.root, COLUMNS="80")
    first, *rows = done.stdout.splitlines()
    assert len(first) > 80
    assert first.split()[-3:] == ["vain", "Ceiling", "Used"]
    assert [row.split()[0] for row in rows[:-1]] == ["a", "b", "stray", "total"]
    assert rows[-1].endswith("have estimated token counts.")
    shown = codexctl("ledger", "show", SLUG, "-w", workspace.root, COLUMNS="20").stdout
    assert f"book:{SLUG}: draft" in shown.splitlines()


def text(made: object, width: int = 200) -> list[str]:
    out = StringIO()
    Console(width=width, file=out).print(made)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_a_table_shows_values_as_they_are() -> None:
    rows = [("[red]a[/red]\n\x1b[31mb", 12), ("c", None)]
    assert text(table(("[b]Name", "Figure"), rows, right=("Figure",))) == [
        "[b]Name              Figure",
        "[red]a[/red] �[31mb      12",
        "c",
    ]


def test_a_table_with_a_title_has_a_frame() -> None:
    assert text(table(("column",), [("1",)], title="[b]Title"))[:2] == ["[b]Title", "┏━━━━━━━━┓"]


def test_a_bar_is_as_wide_as_it_is_told_to_be() -> None:
    assert [bar(share, 10, "green").plain for share in (-1, 0, 0.34, 1, 2)] == ["━" * 10] * 5
    spans = [[(span.start, span.end) for span in bar(share, 10, "green").spans] for share in (0.34, 2)]
    assert spans == [[(0, 3), (3, 10)], [(0, 10)]]


def test_nothing_is_shown_as_nothing() -> None:
    assert (plain(None).plain, plain(0).plain) == ("", "0")


# --- JSON ----------------------------------------------------------------------------------------------------------


async def flow(request: BaseModel) -> list[dict[str, str]]:
    """Stands for a flow: it tells what it does."""
    del request
    say("draft → audited")
    tell("P1 audit", "reading")
    return [{"book": SLUG, "state": "audited"}]


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_run_for_a_script_prints_its_result_alone(
    seed: Workspace, form: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(launch, "start_server", lambda _: SimpleNamespace(ui="http://127.0.0.1:1", url="x"))
    monkeypatch.setattr(launch, "import_module", lambda _: SimpleNamespace(audit_next=flow))
    asked = ["audit-next", "--backend", "handoff", "--format", form, "-w", str(seed.root)]
    assert app.run(asked) == 0
    captured = capsys.readouterr()
    told = ["Prefect http://127.0.0.1:1", "draft → audited", "  P1 audit: reading"]
    if form == "json":
        assert json.loads(captured.out) == [{"book": SLUG, "state": "audited"}]
        assert captured.err.splitlines() == told
    else:
        assert captured.out.splitlines() == [*told, f"{SLUG} is at audited"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "3.35", "--dry-run"),
        ("produce-next", "--dry-run"),
        ("produce-next", "--backend", "handoff"),
        ("produce-next", "--brief-only"),
        ("check", "--explain", "PH001"),
        ("ledger", "show"),
        ("costs",),
        ("connections", "list"),
    ],
)
def test_json_is_one_document_and_nothing_else(seed: Workspace, arguments: tuple[str, ...]) -> None:
    done = codexctl(*arguments, "--format", "json", "-w", seed.root)
    assert "Traceback" not in done.stderr, done.stderr
    json.loads(done.stdout)


def test_a_dry_run_as_data(seed: Workspace) -> None:
    step = json.loads(codexctl("run", "3.35", "--dry-run", "--format", "json", "-w", seed.root).stdout)
    assert (step["book"], step["state"], step["pass"], step["leads_to"]) == (SLUG, "draft", "P1_audit", "audited")
    [call] = step["calls"]
    assert call["call"] == f"book:{SLUG}/P1_audit/1"
    assert 0 < call["first_turn_usd"] < 50
    assert step["ceilings_usd"][f"book:{SLUG}"] == 50
    assert step["spent_usd"] == 0


# --- what is wrong -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [("check",), ("graph",), ("ledger", "show"), ("run", "3.35")])
def test_a_format_that_there_is_not(
    seed: Workspace, command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run([*command, "--format", "xml", "-w", str(seed.root)]) == 2
    assert "--format 'xml' is not one of text, json" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("path", "command"),
    [
        (deps.PATH, ("graph",)),
        (connections.PATH, ("connections", "list", "--status", "all")),
        (proposals.PATH, ("connections", "list")),
    ],
)
def test_a_file_that_is_no_text_is_named(
    workspace: Workspace, path: str, command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    put(workspace, {path: b"caf\xe9\n"})
    git = ["git", "-C", str(workspace.root), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-qm", "Bytes"], check=True)
    assert app.run([*command, "-w", str(workspace.root)]) == 2
    assert f"codexctl: {path} is not UTF-8 text" in capsys.readouterr().err
