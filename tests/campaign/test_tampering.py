"""Every single mutation of a ledger of several files is found, and a mutated line is named: file, number, event id."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codex.campaign import log
from codex.campaign.events import Kind
from codex.campaign.ledger import CAMPAIGN
from codex.campaign.log import HEAD, LOG, segment_path
from codex.campaign.verify import Problem, verify

from .helpers import Book, draft, moved, overlay, registered

SIZE = 5
SEALED = [segment_path(1), segment_path(2), segment_path(3)]
FILES = [*SEALED, LOG]


@pytest.fixture(autouse=True, scope="module")
def small_files() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "SEGMENT_SIZE", SIZE)
        yield


@pytest.fixture(scope="module")
def whole(small_files: None) -> dict[str, bytes]:
    notes = (draft(Kind.NOTED, rationale=f"note {n}", id=f"ev-{n}") for n in range(3 * SIZE + 1))
    book = Book(registered(), moved("draft", "audited"), *notes)
    assert sorted(book.files) == sorted([*FILES, HEAD, CAMPAIGN]) and verify(book.snapshot) == []
    return book.files


def found(files: dict[str, bytes]) -> list[Problem]:
    return verify(overlay(files))


def id_of(line: bytes) -> str:
    return str(json.loads(line)["id"])


def lines_of(files: dict[str, bytes]) -> list[tuple[str, bytes]]:
    return [(path, line) for path in FILES for line in files[path].splitlines(keepends=True)]


def laid_out(lines: list[tuple[str, bytes]]) -> dict[str, bytes]:
    return {path: b"".join(line for at, line in lines if at == path) for path in FILES}


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_byte_changed_removed_or_added_anywhere(whole, data):
    path = data.draw(st.sampled_from(sorted(whole)))
    content = bytearray(whole[path])
    at = data.draw(st.integers(0, len(content) - 1))
    act = data.draw(st.sampled_from(["change", "remove", "add", "cut"]))
    if act == "change":
        content[at] = data.draw(st.integers(0, 255).filter(lambda b: b != content[at]))
    elif act == "add":
        content.insert(at, data.draw(st.integers(0, 255)))
    else:
        del content[at : at + 1 if act == "remove" else len(content)]
    problems = found(whole | {path: bytes(content)})
    assert problems or bytes(content) == whole[path]
    if path in FILES and act == "change":
        line = whole[path].count(b"\n", 0, at) + 1
        named = {(p.path, p.line) for p in problems}
        assert (path, line) in named or whole[path][at : at + 1] == b"\n", "the line itself is named"


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_line_removed_doubled_swapped_or_moved_between_files(whole, data):
    lines = lines_of(whole)
    one = data.draw(st.integers(0, len(lines) - 1))
    other = data.draw(st.integers(0, len(lines) - 1).filter(lambda n: n != one))
    act = data.draw(st.sampled_from(["remove", "double", "swap", "move"]))
    changed = list(lines)
    if act == "remove":
        del changed[one]
    elif act == "double":
        changed.insert(other, (lines[other][0], lines[one][1]))
    elif act == "swap":
        changed[one], changed[other] = (lines[one][0], lines[other][1]), (lines[other][0], lines[one][1])
    else:
        line = changed.pop(one)
        changed.insert(other, (changed[min(other, len(changed) - 1)][0], line[1]))
    files = whole | laid_out(changed)
    problems = found(files)
    assert problems or files == whole
    if act in {"double", "swap"}:
        assert any(p.line and p.event in {id_of(lines[one][1]), id_of(lines[other][1])} for p in problems)


@pytest.mark.parametrize("path", [*FILES, HEAD, CAMPAIGN])
def test_a_file_removed_or_emptied(whole, path):
    without = {name: data for name, data in whole.items() if name != path}
    assert any(p.path == path for p in found(without)) or path == LOG
    assert found(without) and found(whole | {path: b""})


def test_a_log_removed_as_a_whole_is_missed(whole):
    (problem,) = found({CAMPAIGN: whole[CAMPAIGN]})
    assert (problem.code, problem.path) == ("missing", LOG)
    assert found({CAMPAIGN: b'{"books": {}}'}) == [], "a ledger of another age had none"


def test_sealed_files_that_changed_places_are_told_as_one(whole):
    files = whole | {SEALED[0]: whole[SEALED[1]], SEALED[1]: whole[SEALED[0]]}
    (problem,) = [p for p in found(files) if p.path != CAMPAIGN]
    assert (problem.code, problem.path, problem.line) == ("swapped", SEALED[1], 1)
    assert problem.message == f"events 1 to 5 stand after event 10, which is in {SEALED[0]}, line 5"


def test_a_sealed_file_replaced_by_a_forged_one_is_named(whole):
    forged = Book(registered(title="Forged"), *(draft(Kind.NOTED, id=f"f{n}") for n in range(2 * SIZE))).files
    problems = [p for p in found(whole | {SEALED[0]: forged[SEALED[0]]}) if p.path != CAMPAIGN]
    assert [(p.code, p.path, p.line, p.event) for p in problems] == [("changed", SEALED[0], SIZE, "f3")]
    assert (
        "event 5 was changed" in problems[0].message and "the whole file may have been replaced" in problems[0].message
    )


def test_a_sealed_file_in_place_of_another(whole):
    problems = found(whole | {SEALED[1]: whole[SEALED[0]]})
    assert ("duplicated", SEALED[1], 1) in [(p.code, p.path, p.line) for p in problems]
    assert any("events 6 to 10 are missing" in p.message for p in problems)


def test_lines_that_only_changed_files_are_found(whole):
    first, *rest = whole[SEALED[1]].splitlines(keepends=True)
    problems = found(whole | {SEALED[0]: whole[SEALED[0]] + first, SEALED[1]: b"".join(rest)})
    assert [(p.code, p.path) for p in problems] == [("form", SEALED[0]), ("form", SEALED[1])]
    assert problems[0].message == "it holds 6 events, and a sealed file holds 5"


def test_an_older_end_put_back_is_found(whole):
    shorter = Book(registered(), moved("draft", "audited")).files
    assert any(p.path in {LOG, HEAD} for p in found(whole | {LOG: shorter[LOG], HEAD: shorter[HEAD]}))
