"""The handoff backend: from the shell, by several agents, with a dead engine, late, and with hostile files."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from codex.agents.backends import open_backend
from codex.agents.call import CallAddress
from codex.agents.conversation import Failure, converse
from codex.agents.desk import (
    DeskAnswer,
    find_call,
    list_calls,
    read_arguments,
    read_reply,
    submit,
    use_tool,
    with_files,
)
from codex.agents.handoff import HandoffBackend
from codex.agents.journal import Journal
from codex.agents.outbox import Outbox, handoff_folder
from codex.agents.recording import Recorder, Recordings
from codex.agents.tools import Toolbox
from codex.errors import BackendError, UserError

from .helpers import ADDRESS, SUBPROCESS, Answer, a_call, workspace

#: The shells' own threads: the engine runs its tools in the loop's.
DESKS = ThreadPoolExecutor(16)

GOOD = {"title": "A title", "rows": [1, 2]}

ENGINE = """
    import asyncio, sys
    from pathlib import Path
    from agents.helpers import a_call
    from codex.agents.conversation import converse
    from codex.agents.handoff import HandoffBackend
    from codex.agents.journal import Journal
    from codex.agents.recording import Recorder
    from codex.agents.tools import Toolbox
    from codex.snapshot import TreeSnapshot

    home = Path(sys.argv[1])
    state = home / ".codex" / "state"
    talk = converse(a_call(), HandoffBackend(home, state), Journal(state / "journal.sqlite3"),
                    Toolbox(TreeSnapshot(home)), record=Recorder(home / "recorded"))
    sys.stdout.write(repr(asyncio.run(talk).reply))
"""


def engine(home: Path) -> subprocess.Popen[str]:
    line = [sys.executable, "-c", textwrap.dedent(ENGINE), str(home)]
    return subprocess.Popen(line, env=SUBPROCESS, stdout=subprocess.PIPE, text=True)


def shell(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "codex.cli", "--workspace", str(home), "call", *arguments]
    return subprocess.run(line, env=SUBPROCESS, cwd=home, capture_output=True, text=True, check=False)


def await_turn(home: Path, number: int) -> None:
    box = Outbox(handoff_folder(home / ".codex" / "state") / ADDRESS.slug)
    until = time.monotonic() + 10
    while time.monotonic() < until:
        status = box.status()
        if status is not None and status.state == "waiting" and status.turn == number and status.attended:
            return
        time.sleep(0.02)
    raise AssertionError(f"turn {number} was never waited for")


def test_a_round_trip_from_the_shell(tmp_path: Path) -> None:
    """Brief, two tool calls, a reply that does not fit, a reply that does."""
    workspace(tmp_path)
    running = engine(tmp_path)
    await_turn(tmp_path, 1)
    listed = shell(tmp_path, "list")
    assert f"{ADDRESS.slug}  waiting (step 1 of 8)" in listed.stdout
    brief = shell(tmp_path, "demo", "brief").stdout
    assert f"codexctl --workspace {tmp_path} call {ADDRESS.slug} tool read_unit " in brief
    assert "You answer in numbers." in brief
    assert "Give a title and rows." in brief

    found = shell(tmp_path, ADDRESS.slug, "tool", "search_corpus", '{"query": "quotient tensor"}')
    assert (found.returncode, "03.09.02-clifford-algebra" in found.stdout) == (0, True)
    read = shell(tmp_path, str(ADDRESS), "tool", "read_unit", "--arg", "id=03.09.02")
    assert "## Formal definition [Master]" in read.stdout

    (tmp_path / "reply.json").write_text('{"title": "x", "rows": [1, "two"]}')
    refused = shell(tmp_path, "demo", "submit", "reply.json")
    assert (refused.returncode, "rows.1: Input should be a valid integer" in refused.stdout) == (1, True)
    (tmp_path / "title.md").write_text('A "title" with \\ and \n two lines')
    (tmp_path / "reply.json").write_text('{"title": {"$file": "title.md"}, "rows": []}')
    accepted = shell(tmp_path, "demo", "submit", "reply.json")
    assert (accepted.returncode, accepted.stdout) == (0, "Accepted.\n")

    output, _ = running.communicate(timeout=10)
    assert output == repr(Answer(title='A "title" with \\ and \n two lines', rows=[]))
    turns = Recordings(tmp_path / "recorded").turns(ADDRESS)
    assert [turn.message["content"][0]["name"] for turn in turns] == ["search_corpus", "read_unit", "submit", "submit"]
    assert all(turn.tokens_estimated and turn.backend == "handoff" for turn in turns)
    journal = Journal(tmp_path / ".codex" / "state" / "journal.sqlite3")
    assert {(line["backend"], line["tokens_estimated"]) for line in journal.cost_lines()} == {("handoff", True)}
    assert all(line["cost_usd"] > 0 for line in journal.cost_lines())
    journal.close()


def test_an_engine_that_died_finds_the_reply_that_came_meanwhile(tmp_path: Path) -> None:
    workspace(tmp_path)
    running = engine(tmp_path)
    await_turn(tmp_path, 1)
    assert shell(tmp_path, "demo", "tool", "read_unit", '{"id": "03.09.02"}').returncode == 0
    await_turn(tmp_path, 2)
    running.send_signal(signal.SIGKILL)
    running.communicate()

    refused = shell(tmp_path, "demo", "tool", "read_unit", '{"id": "03.09.02"}')
    assert refused.returncode == 2
    assert "No run attends call" in refused.stderr
    assert "codexctl run demo --backend handoff" in refused.stderr
    assert "no run attends it" in shell(tmp_path, "list").stdout
    (tmp_path / "reply.json").write_text(json.dumps(GOOD))
    kept = shell(tmp_path, "demo", "submit", "reply.json")
    assert (kept.returncode, "Your reply is kept and will be used" in kept.stdout) == (1, True)

    output, _ = engine(tmp_path).communicate(timeout=20)
    assert output == repr(Answer(**GOOD))
    journal = Journal(tmp_path / ".codex" / "state" / "journal.sqlite3")
    assert [line["outcome"] for line in journal.cost_lines()] == ["ok", "lost", "ok"]
    journal.close()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    workspace(tmp_path / "ws")
    return tmp_path / "ws"


@pytest.fixture
def backend(home: Path) -> HandoffBackend:
    return HandoffBackend(home, home / ".codex" / "state")


async def at_desk(backend: HandoffBackend, act, *arguments, address: CallAddress = ADDRESS) -> DeskAnswer:
    """Do something at the shell's side, in a thread, once the call is there."""
    box = backend.outbox(address)
    while box.status() is None:
        await asyncio.sleep(0.01)
    return await asyncio.get_running_loop().run_in_executor(DESKS, act, box, *arguments, 10.0)


async def test_several_calls_and_agents_at_once(
    backend: HandoffBackend, home: Path, journal: Journal, toolbox: Toolbox
) -> None:
    addresses = [CallAddress("book:demo", "P4_production", f"u{n}") for n in range(4)]
    talks = [converse(a_call(address), backend, journal, toolbox) for address in addresses]

    async def agents(number: int, address: CallAddress) -> DeskAnswer:
        looks = [at_desk(backend, use_tool, "search_corpus", {"query": "algebra"}, address=address) for _ in range(2)]
        assert all("units, best first" in answer.text for answer in await asyncio.gather(*looks))
        return await at_desk(backend, submit, {"title": f"unit {number}", "rows": []}, address=address)

    *outcomes, a, b, c, d = await asyncio.gather(*talks, *(agents(n, address) for n, address in enumerate(addresses)))
    assert {answer.text for answer in (a, b, c, d)} == {"Accepted."}
    assert [outcome.reply.title for outcome in outcomes] == [f"unit {n}" for n in range(4)]
    assert [outcome.turns for outcome in outcomes] == [3] * 4
    assert {row["state"] for row in list_calls(handoff_folder(home / ".codex" / "state"))} == {"finished"}


async def test_nobody_answers_in_time_and_a_late_reply_is_kept(backend: HandoffBackend, journal, toolbox) -> None:
    outcome = await converse(a_call(answer_seconds=0.3), backend, journal, toolbox)
    assert outcome.failure is Failure.TRANSPORT
    assert "Nobody answered" in outcome.detail
    assert (outcome.cost, outcome.turns) == (0, 0)
    box = backend.outbox(ADDRESS)
    late = submit(box, GOOD, 1.0)
    assert "Too late" in late.text
    assert not late.ok
    assert box.status().state == "late"
    assert box.read("late", "1.json")["use"]["input"] == GOOD
    assert not box.path("inbox", "1.json").exists()
    with pytest.raises(BackendError, match="is over"):
        use_tool(box, "read_unit", {"id": "x"}, 1.0)


async def test_a_late_reply_is_not_used_by_the_next_run(
    backend: HandoffBackend, journal: Journal, toolbox: Toolbox
) -> None:
    await converse(a_call(answer_seconds=0.2), backend, journal, toolbox)
    submit(backend.outbox(ADDRESS), GOOD, 1.0)
    outcome = await converse(a_call(answer_seconds=0.3), backend, journal, toolbox)
    assert outcome.failure is Failure.TRANSPORT


async def test_a_half_written_or_foreign_turn_is_put_aside(backend: HandoffBackend, journal: Journal, toolbox) -> None:
    talk = asyncio.create_task(converse(a_call(), backend, journal, toolbox))
    box = backend.outbox(ADDRESS)
    spoilt = ['{"for": "', "[]", json.dumps({"for": "0" * 64, "use": {"name": "submit", "input": GOOD}})]
    for text in spoilt:
        while box.status() is None or box.path("inbox", "1.json").exists():
            await asyncio.sleep(0.01)
        box.path("inbox").mkdir(exist_ok=True)
        box.path("inbox", "1.json").write_text(text)
    answer = await at_desk(backend, submit, GOOD)
    outcome = await talk
    assert (answer.text, outcome.reply) == ("Accepted.", Answer(**GOOD))
    assert [path.read_text() for path in sorted(box.path("late").iterdir())] == spoilt


async def test_a_folder_of_another_prompt_is_put_aside(
    backend: HandoffBackend, home: Path, tmp_path: Path, toolbox
) -> None:
    for number, prompt in enumerate(("First.", "Second.")):
        talk = converse(a_call(prompt=prompt), backend, Journal(tmp_path / f"{number}.sqlite3"), toolbox)
        outcome, _ = await asyncio.gather(talk, at_desk_when(backend, prompt))
        assert outcome.reply == Answer(**GOOD)
    folders = sorted(path.name for path in handoff_folder(home / ".codex" / "state").iterdir())
    assert folders == [ADDRESS.slug, f"{ADDRESS.slug}.1.old"]


async def at_desk_when(backend: HandoffBackend, prompt: str) -> None:
    brief = backend.outbox(ADDRESS).path("brief.md")
    while not brief.exists() or prompt not in brief.read_text():
        await asyncio.sleep(0.01)
    while not backend.outbox(ADDRESS).status():
        await asyncio.sleep(0.01)
    await at_desk(backend, submit, GOOD)


async def test_what_ends_a_conversation_is_told_at_the_desk(backend: HandoffBackend, journal: Journal, toolbox) -> None:
    talk = asyncio.create_task(converse(a_call(max_turns=1), backend, journal, toolbox))
    answer = await at_desk(backend, use_tool, "read_unit", {"id": "03.09.02"})
    assert (answer.ok, answer.over) == (False, True)
    assert "No reply was handed in within 1 turns" in answer.text
    assert (await talk).failure is Failure.MAX_TURNS


async def test_use_ids_are_the_same_in_every_run(home: Path, tmp_path: Path, toolbox: Toolbox) -> None:
    ids = []
    for number in range(2):
        backend = HandoffBackend(home, tmp_path / f"state{number}")
        record = Recorder(tmp_path / f"recorded{number}")
        talk = asyncio.create_task(converse(a_call(), backend, Journal(tmp_path / f"{number}"), toolbox, record=record))
        await at_desk(backend, submit, GOOD)
        await talk
        (turn,) = record.recordings.turns(ADDRESS)
        ids.append(turn.message["content"][0]["id"])
    assert ids[0] == ids[1]
    assert ids[0].startswith("toolu_")


# --- what is handed in -----------------------------------------------------------------------------------------------


def test_files_are_put_in_place_of_their_names(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.md").write_text("∂ text\n")
    (tmp_path / "reply.json").write_text('{"a": {"$file": "sub/a.md"}, "b": [{"c": {"$file": "sub/../sub/a.md"}}]}')
    assert read_reply(tmp_path / "reply.json") == {"a": "∂ text\n", "b": [{"c": "∂ text\n"}]}


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "link", "linked/secret", "", ".", "a\0b", 4, None, ["x"]])
def test_no_file_outside_the_folder_is_read(tmp_path: Path, name: object) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "secret").write_text("secret")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "linked").symlink_to(tmp_path)
    with pytest.raises(UserError):
        with_files({"x": {"$file": name}}, folder)


def test_a_link_within_the_folder_is_no_file_either(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(UserError):
        with_files({"$file": "b"}, tmp_path)


def test_only_an_object_that_is_nothing_else_names_a_file(tmp_path: Path) -> None:
    value = {"$file": "absent", "more": 1}
    assert with_files(value, tmp_path) == value


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe", b'"text"'])
def test_a_reply_file_that_is_none_is_one_clear_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "reply.json").write_bytes(content)
    with pytest.raises(UserError, match=r"reply\.json is not"):
        read_reply(tmp_path / "reply.json")


def test_a_reply_file_that_is_absent_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no file"):
        read_reply(tmp_path / "reply.json")


def test_arguments_can_be_given_in_three_ways(tmp_path: Path, toolbox: Toolbox) -> None:
    box = Outbox(tmp_path / "call")
    box.write("tools.json", toolbox.definitions(("search_corpus", "check_draft")))
    (tmp_path / "draft.md").write_text("# Draft\n")
    assert read_arguments(box, "search_corpus", '{"query": "a"}', ["limit=3"], []) == {"query": "a", "limit": 3}
    assert read_arguments(box, "search_corpus", None, ["query=03.09=x"], []) == {"query": "03.09=x"}
    assert read_arguments(box, "check_draft", None, [], [f"text={tmp_path / 'draft.md'}"]) == {"text": "# Draft\n"}
    for wrong in (["limit"], ["=3"], ["limit=three"]):
        with pytest.raises(UserError):
            read_arguments(box, "search_corpus", None, wrong, [])


def test_a_call_is_found_by_a_part_of_its_name_if_there_is_one_only(backend: HandoffBackend, home: Path) -> None:
    folder = handoff_folder(home / ".codex" / "state")
    with pytest.raises(UserError, match="There is no call"):
        find_call(folder, "demo")
    for unit in ("u1", "u2"):
        address = CallAddress("book:demo", "P4_production", unit)
        values = {"state": "waiting", "turn": 1, "asks": "", "engine": "", "beat": 0, "model": "m", "max_turns": 2}
        backend.outbox(address).write("status.json", {"address": str(address), **values, "detail": ""})
    assert find_call(folder, "u2").name.endswith("u2.1")
    with pytest.raises(UserError, match="2 calls"):
        find_call(folder, "demo")


@pytest.mark.parametrize("arguments", [("list", "x"), ("u1",), ("u1", "dance"), ("u1", "tool"), ("u1", "submit")])
def test_a_wrong_call_of_the_command_ends_with_its_usage(home: Path, arguments: tuple[str, ...]) -> None:
    done = shell(home, *arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "codexctl" in done.stderr


def test_backends_are_chosen_by_name(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k")
    monkeypatch.delenv("CODEX_REPLAY_URL", raising=False)
    (tmp_path / "rec").mkdir()
    for name in ("anthropic", "handoff", "replay"):
        with open_backend(name, workspace=home, state_dir=home / "state", recordings=tmp_path / "rec") as backend:
            assert backend.name == name
    for name, recordings in ((None, None), ("gpt", None), ("replay", tmp_path / "absent"), ("replay", None)):
        with pytest.raises(BackendError), open_backend(name, workspace=home, state_dir=home, recordings=recordings):
            pass


def test_a_server_that_already_runs_is_used(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEX_REPLAY_URL", "http://127.0.0.1:1")
    with open_backend("replay", workspace=home, state_dir=home) as backend:
        assert backend.name == "replay"


def test_the_process_of_an_owner_is_known_by_more_than_its_number() -> None:
    from codex.agents.process import is_alive, this_process

    mine = this_process()
    host, boot, pid, start = mine.split("|")
    assert is_alive(mine) is True
    assert is_alive(f"{host}|{boot}|{pid}|0") is False
    assert is_alive(f"{host}|another boot|{pid}|{start}") is False
    assert is_alive(f"elsewhere|{boot}|{pid}|{start}") is None
    assert is_alive("") is None
    child = os.fork()
    if child == 0:
        os._exit(0)
    time.sleep(0.05)
    assert is_alive(f"{host}|{boot}|{child}|{start}") is False  # a zombie
    os.waitpid(child, 0)
