"""``codexctl ledger`` and ``codexctl costs`` on a workspace on disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codex.campaign.costs import append_costs
from codex.campaign.events import Kind
from codex.campaign.ledger import CAMPAIGN
from codex.campaign.log import LOG
from codex.cli.app import run

from .helpers import Book, book_at, draft, registered
from .test_costs import LINES


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "content").mkdir()
    book = book_at("in-production", title="Manifolds [bold]and[/bold] \x1b[31mmore")
    book.add(draft(Kind.PASS_COMPLETED, pass_name="P1_audit", cost_usd="1.5", rationale="[red]nine[/red] sources"))
    book.add(draft(Kind.ESCALATED, pass_name="P4_production", data={"reason": "failed three times"}))
    book.add(registered("book:second", tier="β"), registered("flow:f", kind="author"))
    write(tmp_path, book.files | append_costs(book.snapshot, LINES))
    return tmp_path


def write(root: Path, files: dict[str, bytes]) -> None:
    for path, data in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)


def call(capsys, root: Path, *arguments: str) -> tuple[int, str, str]:
    status = run([*arguments, "-w", str(root)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_show_lists_books_and_flows(capsys, workspace):
    status, out, _ = call(capsys, workspace, "ledger", "show")
    assert status == 0
    assert [line.split()[:2] for line in out.splitlines()[1:4]] == [
        ["lee-manifolds", "α"],
        ["second", "β"],
        ["flow:f", "α"],
    ]
    assert "a person" in out and "0 of 2 books covered" in out


def test_show_as_json_is_the_document(capsys, workspace):
    status, out, _ = call(capsys, workspace, "ledger", "show", "--format", "json")
    assert status == 0 and out.encode() == (workspace / CAMPAIGN).read_bytes()
    _, one, _ = call(capsys, workspace, "ledger", "show", "second", "--format", "json")
    assert json.loads(one) == json.loads(out)["books"]["second"]


@pytest.mark.parametrize("name", ["lee-manifolds", "book:lee-manifolds"])
def test_show_one_book_with_text_as_text(capsys, workspace, name):
    status, out, _ = call(capsys, workspace, "ledger", "show", name)
    assert status == 0 and "Waits for a person: failed three times." in out
    assert "Manifolds [bold]and[/bold] �[31mmore" in out and "\x1b" not in out
    assert any(line.split()[:2] == ["P1_audit", "completed"] for line in out.splitlines())


def test_an_unknown_book_is_one_sentence_and_2(capsys, workspace):
    status, out, err = call(capsys, workspace, "ledger", "show", "nobody")
    assert (status, out) == (2, "") and "'book:nobody' is not in the ledger" in err and "Traceback" not in err


def test_log(capsys, workspace):
    status, out, _ = call(capsys, workspace, "ledger", "log", "--last", "4")
    assert status == 0 and "[red]nine[/red] sources" in out and "4 older ones" not in out and "older ones" in out
    _, out, _ = call(capsys, workspace, "ledger", "log", "lee-manifolds", "--format", "json")
    events = json.loads(out)
    assert [e["subject"] for e in events] == ["book:lee-manifolds"] * len(events) and events[0]["kind"] == "registered"


def test_verify_a_whole_ledger(capsys, workspace):
    status, out, _ = call(capsys, workspace, "ledger", "verify")
    assert status == 0 and out.startswith("The ledger is whole: 9 events in 1 files")
    status, out, _ = call(capsys, workspace, "ledger", "verify", "--format", "json")
    assert (status, json.loads(out)) == (0, {"whole": True, "events": 9, "files": 1, "problems": []})


def test_verify_names_what_was_changed_and_exits_1(capsys, workspace):
    log = workspace / LOG
    log.write_bytes(log.read_bytes().replace(b'"cost_usd":"1.5"', b'"cost_usd":"0.5"'))
    status, out, _ = call(capsys, workspace, "ledger", "verify")
    assert status == 1
    event = json.loads(log.read_bytes().splitlines()[5])["id"]
    assert out.splitlines()[0] == f"{LOG}, line 6 [{event}]: event 6 was changed after it was written"
    assert out.splitlines()[1].startswith(
        f"{CAMPAIGN}: books.lee-manifolds.passes.P1_audit.cost_usd is 1.5, the log gives 0.5"
    )
    status, out, _ = call(capsys, workspace, "ledger", "verify", "--format", "json")
    assert status == 1 and (json.loads(out)["problems"][0]["line"], json.loads(out)["problems"][0]["event"]) == (
        6,
        event,
    )


@pytest.mark.parametrize("command", [["show"], ["log"], ["rebuild"]])
def test_a_corrupt_line_is_one_sentence_and_2(capsys, workspace, command):
    log = workspace / LOG
    before = log.read_bytes()
    log.write_bytes(before[:-40])
    status, out, err = call(capsys, workspace, "ledger", *command)
    assert (status, out) == (2, "")
    assert err.startswith(f"codexctl: {LOG}, line 9 cannot be read: not valid JSON") and "Traceback" not in err
    assert log.read_bytes() == before[:-40]
    assert call(capsys, workspace, "ledger", "verify")[0] == 1


def test_rebuild_prints_the_projection_and_writes_nothing(capfdbinary, workspace):
    good = (workspace / CAMPAIGN).read_bytes()
    (workspace / CAMPAIGN).write_bytes(b"{}")
    assert run(["ledger", "rebuild", "-w", str(workspace)]) == 0
    assert capfdbinary.readouterr().out == good
    assert (workspace / CAMPAIGN).read_bytes() == b"{}"


def test_a_campaign_without_a_log(capsys, tmp_path, fasttrack):
    (tmp_path / "content").mkdir()
    write(tmp_path, {CAMPAIGN: (fasttrack / CAMPAIGN).read_bytes()})
    status, out, _ = call(capsys, tmp_path, "ledger", "show")
    assert status == 0 and "2 of 2 books covered" in out
    assert "no log yet" in call(capsys, tmp_path, "ledger", "verify")[1]


def test_an_empty_workspace(capsys, tmp_path):
    for name in ("content", "manifests"):
        (tmp_path / name).mkdir()
    assert "no books yet" in call(capsys, tmp_path, "ledger", "show")[1]
    assert call(capsys, tmp_path, "ledger", "log")[:2] == (0, "The log has no such events.\n")
    assert call(capsys, tmp_path, "costs")[0] == 0


def test_costs_against_budgets(capsys, workspace):
    (workspace / "codex.toml").write_text('[budget]\nbooks_usd = {"second" = "7"}\n')
    status, out, _ = call(capsys, workspace, "costs", "--by", "tier", "--format", "json")
    found = json.loads(out)
    assert status == 0 and found["total"]["usd"] == 1.54 and found["total"]["calls"] == 4
    assert found["rows"][0]["tier"] == "?"
    status, out, _ = call(capsys, workspace, "costs", "--by", "model")
    assert status == 0 and "1 of 4 calls have estimated token counts." in out


def test_costs_of_known_books_have_ceilings(capsys, tmp_path):
    (tmp_path / "content").mkdir()
    book = Book(registered("book:a"), registered("book:b", tier="gamma"))
    write(tmp_path, book.files | append_costs(book.snapshot, LINES))
    (tmp_path / "codex.toml").write_text('[budget]\nbooks_usd = {"a" = "0.72"}\n')
    rows = json.loads(call(capsys, tmp_path, "costs", "--format", "json")[1])["rows"]
    assert [(r["book"], r["usd"], r["ceiling_usd"]) for r in rows] == [
        ("a", 0.36, 0.72),
        ("b", 1.0, 20.0),
        ("stray", 0.18, None),
    ]
    assert " 50%" in call(capsys, tmp_path, "costs")[1]


def test_a_wrong_total_or_format_is_2(capsys, workspace):
    assert call(capsys, workspace, "costs", "--by", "colour")[0] == 2
    assert call(capsys, workspace, "ledger", "show", "--format", "xml")[0] == 2
