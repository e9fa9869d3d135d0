"""Tampering: each kind is found, named by event, file and line, and nothing else is accused."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codex.campaign.events import Kind
from codex.campaign.ledger import CAMPAIGN
from codex.campaign.log import HEAD, LOG, segment_path
from codex.campaign.verify import verify

from .helpers import Book, draft, moved, overlay, registered

COUNT = 9
BASE = Book(
    registered(),
    moved("draft", "audited"),
    *(draft(Kind.NOTED, rationale=f"note {n}", cost_usd="0.5") for n in range(COUNT - 2)),
)
LINES = BASE.files[LOG].splitlines(keepends=True)


def found(lines, **files):
    problems = verify(overlay(BASE.files | {LOG: b"".join(lines)} | files))
    return [(p.code, p.path, p.line) for p in problems if p.path != CAMPAIGN], problems


def edited(line: bytes) -> bytes:
    """The line with its rationale changed, still a good line."""
    return re.sub(rb'"rationale":"[^"]*"', b'"rationale":"something else"', line)


def test_a_whole_log_has_no_problem():
    assert found(LINES) == ([], [])


@pytest.mark.parametrize("at", range(COUNT))
def test_a_changed_line_is_found_and_named(at):
    lines = [edited(line) if n == at else line for n, line in enumerate(LINES)]
    assert found(lines)[0] == [("changed", LOG, at + 1)]


def test_what_is_said_of_a_changed_line():
    problems = found([edited(line) if n == 4 else line for n, line in enumerate(LINES)])[1]
    assert problems[0].message == "event 5 was changed after it was written"
    assert problems[0].place == "manifests/campaign.log.jsonl, line 5"


@pytest.mark.parametrize("at", range(COUNT - 1))
def test_a_changed_number_does_not_hide_the_line(at):
    lines = [re.sub(rb'"seq":\d+', b'"seq":77', line) if n == at else line for n, line in enumerate(LINES)]
    assert found(lines)[0] == [("changed", LOG, at + 1)]


@pytest.mark.parametrize("at", range(COUNT - 2))
def test_two_changed_neighbours_are_both_named(at):
    lines = [edited(line) if n in {at, at + 1} else line for n, line in enumerate(LINES)]
    assert found(lines)[0] == [("changed", LOG, at + 1), ("changed", LOG, at + 2)]


@pytest.mark.parametrize("at", range(COUNT - 1))
def test_a_missing_line_is_found_and_named(at):
    codes, problems = found([*LINES[:at], *LINES[at + 1 :]])
    assert codes == [("missing", LOG, at + 1)]
    assert problems[0].message == f"event {at + 1} is missing before this line"


@pytest.mark.parametrize("left", range(1, COUNT))
def test_a_cut_end_is_found_and_named(left):
    codes, problems = found(LINES[:left])
    assert codes == [("cut", LOG, left)]
    lost = f"event {COUNT} is" if left == COUNT - 1 else f"events {left + 1} to {COUNT} are"
    assert problems[0].message == f"{lost} cut off: {HEAD} counts {COUNT} events"


def test_an_emptied_or_removed_log_is_cut():
    assert found([])[0] == [("cut", LOG, None)]
    without = {path: data for path, data in BASE.files.items() if path != LOG}
    assert verify(overlay(without))[0].code == "cut"


@pytest.mark.parametrize("at", range(COUNT - 1))
def test_swapped_lines_are_found_and_named(at):
    lines = [*LINES[:at], LINES[at + 1], LINES[at], *LINES[at + 2 :]]
    codes, problems = found(lines)
    assert codes == [("swapped", LOG, at + 2)]
    assert f"event {at + 1} stands after event {at + 2}" in problems[0].message


@pytest.mark.parametrize("at", range(COUNT))
def test_a_doubled_line_is_found_and_named(at):
    codes, problems = found([*LINES[: at + 1], LINES[at], *LINES[at + 1 :]])
    assert codes == [("duplicated", LOG, at + 2)]
    assert problems[0].message == f"event {at + 1} stands twice, first in {LOG}, line {at + 1}"


def test_a_forged_line_in_between_is_found():
    forged = edited(LINES[4]).replace(b'"id":"', b'"id":"x')
    codes, _ = found([*LINES[:5], forged, *LINES[5:]])
    assert ("duplicated", LOG, 6) in codes


@pytest.mark.parametrize("at", range(COUNT))
def test_a_line_that_cannot_be_read_is_named_and_no_other(at):
    lines = [line[:20] + b"\n" if n == at else line for n, line in enumerate(LINES)]
    codes, problems = found(lines)
    assert codes == [("unreadable", LOG, at + 1)]
    assert problems[-1].message == "not compared, because the log cannot be read whole"


def test_an_id_that_stands_twice_is_found():
    own = json.loads(LINES[7])["id"].encode()
    lines = [*LINES[:8], LINES[8].replace(json.loads(LINES[8])["id"].encode(), own)]
    assert ("duplicated", LOG, 9) in found(lines)[0]


@pytest.mark.parametrize("head", [b"", b"{}", b"[]", b"\xff", b'{"events": "9", "sha256": 1}'])
def test_a_head_that_says_nothing_is_a_problem(head):
    assert found(LINES, **{HEAD: head})[0] == [("head", HEAD, None)]


def test_a_missing_head_is_a_problem():
    without = {path: data for path, data in BASE.files.items() if path != HEAD}
    assert [p.code for p in verify(overlay(without))] == ["head"]


def test_a_head_of_an_older_log_is_a_problem():
    old = Book(registered()).files[HEAD]
    assert ("head", HEAD, None) in found(LINES, **{HEAD: old})[0]


def test_a_missing_segment_is_named():
    big = Book(registered(), *(draft(Kind.NOTED, id=f"n{n}") for n in range(2500)))
    assert verify(big.snapshot) == []
    without = {path: data for path, data in big.files.items() if path != segment_path(2)}
    problems = verify(overlay(without))
    assert [(p.code, p.path, p.line) for p in problems[:2]] == [("missing", segment_path(2), None), ("missing", LOG, 1)]
    assert "events 1001 to 2000 are missing" in problems[1].message


def test_the_first_difference_of_campaign_json_is_named():
    document = json.loads(BASE.files[CAMPAIGN])
    document["books"]["lee-manifolds"]["status"] = "verified"
    problems = verify(overlay(BASE.files | {CAMPAIGN: json.dumps(document, indent=2).encode()}))
    assert [p.code for p in problems] == ["projection"]
    assert problems[0].message == 'books.lee-manifolds.status is "verified", the log gives "audited"'


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"{", "cannot be read"),
        (json.dumps(json.loads(BASE.files[CAMPAIGN])).encode(), "written differently"),
        (BASE.files[CAMPAIGN].replace(b'"version": 1', b'"version": 1.0'), "version is 1.0, the log gives 1"),
        (
            BASE.files[CAMPAIGN].replace(b'"version": 1', b'"more": [], "version": 1'),
            "more is [], the log gives absent",
        ),
    ],
)
def test_campaign_json_is_compared_byte_for_byte(data, said):
    problems = verify(overlay(BASE.files | {CAMPAIGN: data}))
    assert [p.code for p in problems] == ["projection"] and said in problems[0].message


def test_a_missing_campaign_json_is_a_problem():
    without = {path: data for path, data in BASE.files.items() if path != CAMPAIGN}
    assert [(p.code, p.path) for p in verify(overlay(without))] == [("projection", CAMPAIGN)]


@settings(max_examples=100)
@given(st.data())
def test_any_change_of_any_byte_is_found(data):
    path = data.draw(st.sampled_from([LOG, CAMPAIGN, HEAD]))
    content = bytearray(BASE.files[path])
    at = data.draw(st.integers(0, len(content) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != content[at]))
    content[at] = byte
    harmless = path == HEAD and json_or_none(bytes(content)) == json.loads(BASE.files[HEAD])
    blank = path == LOG and bytes(content).replace(b"\r", b"").split() == BASE.files[LOG].split()
    assert verify(overlay(BASE.files | {path: bytes(content)})) or harmless or blank


def json_or_none(data: bytes):
    try:
        return json.loads(data)
    except ValueError:
        return None
