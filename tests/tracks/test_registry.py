from __future__ import annotations

from dataclasses import replace

import pytest

from codex.errors import UserError
from codex.tracks.fasttrack import TRACK
from codex.tracks.fasttrack.books import BOOK
from codex.tracks.machine import BESIDE_THE_WAY, Machine, State, Transition, by_persons
from codex.tracks.registry import checked, is_subject, machine_of
from codex.tracks.track import Track, load

NOTE = Machine(
    kind="note",
    shelf="notes",
    initial="draft",
    states=(State("draft"), State("done", final=True), *BESIDE_THE_WAY),
    passes=("N1_write",),
    transitions=(Transition("draft", "done", "it is written", "N1_write"), *by_persons(("draft",))),
)


def track(machine: Machine, name: str = "notes") -> Track:
    return Track(name, (machine,), "nowhere:PASSES")


def test_a_track_of_its_own_stands_beside_the_books() -> None:
    assert [each.name for each in checked((TRACK, track(NOTE)))] == ["fasttrack", "notes"]


@pytest.mark.parametrize(
    ("machine", "why"),
    [
        (replace(NOTE, kind="book"), "the kind 'book' is another track's"),
        (replace(NOTE, kind="campaign"), "the kind 'campaign' is another track's"),
        (replace(NOTE, shelf="flows"), "the kind 'note' is another track's"),
        (replace(NOTE, passes=("P1_audit",)), "its pass 'P1_audit' is another track's"),
        (replace(NOTE, states=(State("draft"), *BESIDE_THE_WAY)), "note has no state 'done'"),
        (replace(NOTE, states=NOTE.states[:2], transitions=NOTE.transitions[:1]), "note lacks the state 'escalated'"),
        (replace(NOTE, states=(*NOTE.states, State("adrift"))), "nothing leads on from 'adrift' of note"),
    ],
)
def test_a_track_that_would_stop_half_way_is_refused_by_name(machine: Machine, why: str) -> None:
    with pytest.raises(UserError, match=why):
        checked((TRACK, track(machine)))


def test_two_tracks_of_one_name_are_refused() -> None:
    with pytest.raises(UserError, match="there is a track 'fasttrack' already"):
        checked((TRACK, track(NOTE, "fasttrack")))


def test_what_cannot_be_loaded_is_named() -> None:
    with pytest.raises(UserError, match="nowhere:PASSES cannot be loaded: No module named 'nowhere'"):
        load("nowhere:PASSES")
    with pytest.raises(UserError, match=r"codex\.errors:Nothing cannot be loaded"):
        load("codex.errors:Nothing")


@pytest.mark.parametrize("slug", ["", "../x", "a/b", "A", "a.md", "a--b", "é", "a\n", "x" * 161])
def test_a_name_is_no_way_to_another_file(slug: str) -> None:
    assert not BOOK.named(slug)
    assert not is_subject(f"book:{slug}")
    assert not replace(NOTE, names=".*").named(slug) or slug in {"A", "a.md", "a--b"}


def test_the_document_of_a_subject() -> None:
    assert BOOK.path_of("lang-algebra") == "plans/fasttrack/lang-algebra.md"
    assert is_subject("book:lang-algebra") and is_subject("campaign") and not is_subject("module:x")
    assert machine_of("book") is BOOK and machine_of("campaign") is None


def test_where_a_failure_leads() -> None:
    assert BOOK.falls_back("production-complete", "P5_verification") == "production-ready"
    assert BOOK.falls_back("draft", "P1_audit") == "audit-degraded"
    assert BOOK.falls_back("woven", "PV_continuity") is None
    assert BOOK.falls_back("in-production", "P4_production") is None
    assert BOOK.escalates_to("in-production", "P4_production") == "production-needs-rework"
    assert BOOK.escalates_to("production-ready", "P4_production") == "escalated"


def test_the_state_in_which_units_are_asked_for_one_by_one() -> None:
    unit = machine_of("unit:00.00.01")
    assert [s.name for s in BOOK.states if BOOK.in_batch(s.name, "P4_production")] == ["in-production"]
    assert [s.name for s in unit.states if unit.in_batch(s.name, "P4_production")] == ["in-production"]
    assert not any(BOOK.in_batch(s.name, "PW_weaving") for s in BOOK.states)
