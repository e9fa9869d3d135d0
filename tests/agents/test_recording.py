"""Recordings: written whole, read strictly, and nothing secret in them."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codex.agents.call import CallAddress
from codex.agents.messages import Reply, prompt_sha256
from codex.agents.recording import RecordedTurn, Recorder, Recordings
from codex.errors import DataError, StorageError

from .helpers import ADDRESS, a_call, a_reply, a_request, message, submit, text


def test_the_layout_is_subject_pass_unit_attempt(tmp_path: Path) -> None:
    recordings = Recordings(tmp_path)
    assert recordings.path(ADDRESS) == tmp_path / "demo" / "P4_production.03.09.02.1.jsonl"
    assert recordings.path(CallAddress("book:demo", "P1_audit", attempt=2)) == tmp_path / "demo" / "P1_audit.2.jsonl"


def test_a_line_has_these_fields_and_no_others(tmp_path: Path) -> None:
    Recorder(tmp_path).put(a_request(), a_reply())
    (line,) = Recordings(tmp_path).path(ADDRESS).read_text().splitlines()
    raw = json.loads(line)
    assert list(raw) == ["turn", "prompt_sha256", "message", "tokens_estimated", "backend"]
    assert set(raw["message"]) == {"role", "content", "stop_reason", "usage", "model"}
    assert raw["prompt_sha256"] == prompt_sha256(a_request().body)


def test_putting_a_turn_twice_changes_nothing(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    for turn in (1, 2, 1, 2):
        recorder.put(a_request(turn=turn), a_reply())
    assert [t.turn for t in Recordings(tmp_path).turns(ADDRESS)] == [1, 2]


def test_another_answer_ends_what_was_recorded_after_it(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    for turn in (1, 2, 3):
        recorder.put(a_request(turn=turn), a_reply())
    recorder.put(a_request(turn=2), Reply(message(text("anew")), "replay"))
    assert [t.turn for t in Recordings(tmp_path).turns(ADDRESS)] == [1, 2]


def test_conversations_are_recorded_side_by_side(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    addresses = [CallAddress("book:demo", "P4_production", f"u{n}") for n in range(8)]

    def write(address: CallAddress) -> None:
        for turn in range(1, 6):
            recorder.put(a_request(a_call(address), turn), a_reply())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, addresses))
    assert all(len(Recordings(tmp_path).turns(address)) == 5 for address in addresses)
    assert not list(tmp_path.rglob("*.tmp"))


@given(st.text(), st.booleans())
def test_any_text_is_read_back(words: str, estimated: bool) -> None:
    turn = RecordedTurn(3, "f" * 64, message(text(words), submit()), estimated, "handoff")
    assert RecordedTurn.read(turn.line()) == turn
    assert "\n" not in turn.line()


def test_an_absent_recording_is_no_turns(tmp_path: Path) -> None:
    assert Recordings(tmp_path / "nowhere").turns(ADDRESS) == []
    assert Recordings(tmp_path).turn(ADDRESS, 1) is None


@pytest.mark.parametrize("spoilt", ["{", "[]", "{}", '{"turn": 1, "message": {}}'])
def test_a_spoilt_line_is_named(tmp_path: Path, spoilt: str) -> None:
    path = Recordings(tmp_path).path(ADDRESS)
    Recorder(tmp_path).put(a_request(), a_reply())
    path.write_text(path.read_text() + spoilt + "\n")
    with pytest.raises(DataError, match=rf"Line 2 of the recording .*{path.name}"):
        Recordings(tmp_path).turns(ADDRESS)


def test_a_folder_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("a file in the way")
    with pytest.raises(StorageError, match="cannot be written"):
        Recorder(tmp_path).put(a_request(), a_reply())
