from __future__ import annotations

import json

import pytest

from codex.campaign.canonical import GENESIS, digest
from codex.campaign.events import Kind
from codex.campaign.ledger import Ledger
from codex.campaign.log import HEAD, LOG, SEGMENT_SIZE, read_log, segment_path
from codex.campaign.verify import verify
from codex.errors import DataError

from .helpers import BOOK, NOW, Book, draft, overlay, registered


def notes(first: int, count: int):
    return [draft(Kind.NOTED, id=f"n-{n}", rationale=f"note {n}") for n in range(first, first + count)]


def test_the_chain_begins_at_zeros_and_each_line_hashes_the_one_before():
    book = Book(registered(), *notes(0, 3))
    lines = book.files[LOG].splitlines()
    previous = [GENESIS, *map(digest, lines)]
    assert [json.loads(line)["prev"] for line in lines] == previous[:-1]
    assert json.loads(book.files[HEAD]) == {"events": 4, "sha256": previous[-1]}


def test_a_full_file_is_sealed_when_the_next_event_comes():
    book = Book(registered(), *notes(0, SEGMENT_SIZE - 1))
    full = book.files[LOG]
    assert full.count(b"\n") == SEGMENT_SIZE and segment_path(1) not in book.files
    book.add(*notes(SEGMENT_SIZE, 2))
    assert book.files[segment_path(1)] == full
    assert [json.loads(line)["seq"] for line in book.files[LOG].splitlines()] == [SEGMENT_SIZE + 1, SEGMENT_SIZE + 2]
    assert json.loads(book.files[LOG].splitlines()[0])["prev"] == digest(full.splitlines()[-1])
    assert verify(book.snapshot) == []


def test_one_append_may_seal_several_files():
    book = Book(registered(), *notes(0, 2 * SEGMENT_SIZE))
    assert segment_path(1) == "manifests/log/campaign-0001.jsonl"
    assert [book.files[p].count(b"\n") for p in (segment_path(1), segment_path(2), LOG)] == [1000, 1000, 1]
    assert len(book.ledger.events()) == 2001
    assert verify(book.snapshot) == []


def test_an_append_leaves_sealed_files_and_older_lines_alone():
    book = Book(registered(), *notes(0, SEGMENT_SIZE))
    before = book.files[LOG]
    result = book.add(draft(Kind.NOTED, rationale="one more"))
    assert segment_path(1) not in result.changes
    assert result.changes[LOG].startswith(before)


@pytest.mark.parametrize(("bad", "why"), [(b'{"seq": 2, "at"', "not valid JSON"), (b"<<<<<<< HEAD", "not valid JSON")])
def test_the_first_bad_line_is_named_with_file_line_and_reason(bad, why):
    book = Book(registered())
    with pytest.raises(DataError, match=rf"manifests/campaign.log.jsonl, line 2 cannot be read: {why}") as caught:
        Ledger.load(overlay(book.files | {LOG: book.files[LOG] + bad + b"\n"}))
    assert caught.value.exit_status == 2


def test_blank_lines_a_missing_last_line_end_and_cr_before_it_are_read():
    book = Book(registered(), *notes(0, 2))
    loose = book.files[LOG].replace(b"\n", b"\r\n").removesuffix(b"\r\n") + b"\n\n"
    assert read_log(overlay(book.files | {LOG: loose})).tail.last == read_log(book.snapshot).tail.last
    assert {p.code for p in verify(overlay(book.files | {LOG: loose}))} == {"form"}, "read, but not what was written"
    unended = Book()
    unended.files = book.files | {LOG: book.files[LOG].removesuffix(b"\n")}
    unended.add(draft(Kind.NOTED, rationale="goes on its own line"))
    assert verify(unended.snapshot) == []


def test_no_log_is_an_empty_ledger():
    ledger = Ledger.load(overlay({}))
    assert ledger.events() == () and ledger.subjects() == () and not ledger.knows(BOOK)
    assert ledger.document()["totals"]["books_total"] == 0


@pytest.mark.parametrize("number", [1, 2])
def test_a_missing_sealed_file_is_named(number):
    book = Book(registered(), *notes(0, 2500))
    without = {path: data for path, data in book.files.items() if path != segment_path(number)}
    with pytest.raises(DataError, match=f"manifests/log/campaign-000{number}.jsonl is missing"):
        Ledger.load(overlay(without))


@pytest.mark.parametrize("change", ["cut", "edited end", "no head", "no log", "bad head"])
def test_nothing_is_added_after_an_end_that_was_tampered_with(change):
    files = dict(Book(registered(), *notes(0, 3)).files)
    if change == "cut":
        files[LOG] = b"".join(files[LOG].splitlines(keepends=True)[:-1])
    elif change == "edited end":
        files[LOG] = files[LOG].replace(b"note 2", b"note x")
    elif change == "bad head":
        files[HEAD] = b"{}"
    else:
        del files[HEAD if change == "no head" else LOG]
    ledger = Ledger.load(overlay(files))
    assert ledger.knows(BOOK) is (change != "no log"), "it can still be looked at"
    with pytest.raises(DataError, match="Nothing can be added to the ledger"):
        ledger.append([draft(Kind.NOTED)], NOW)
