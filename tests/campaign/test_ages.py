"""Names of another age: mapped by the tables, twice is once, and the old words are kept."""

from __future__ import annotations

import copy
import json

from hypothesis import given
from hypothesis import strategies as st

from codex.campaign.adopt import adopted_drafts, normalised
from codex.campaign.ages import KEPT, PASS_STATUS, normalise_book

OLD = {
    "tier": "beta",
    "status": "equivalence-covered-and-continuity-verified",
    "mine": [1],
    "passes": {
        "P1_audit": {"status": "done", "completed_at": "2026-04-29", "lines": 3},
        "P4_production_batch1": {"status": "completed", "completed_at": "2026-05-01", "agents": ["A"]},
        "P4_production_batch2": {"status": "completed", "completed_at": "2026-05-03"},
        "P4_production": {"status": "pending"},
        "P5_verification": {"status": "needs-rework"},
        "P5_reverification": {"status": "pending"},
        "P9_unheard_of": {"status": "odd"},
    },
}


def test_the_words_of_today():
    book, changes = normalise_book(OLD, "books.one")
    assert (book["tier"], book["status"], book["mine"]) == ("β", "equivalence-covered", [1])
    passes = book["passes"]
    assert list(passes) == ["P1_audit", "P4_production", "P5_verification", "P9_unheard_of"]
    assert passes["P1_audit"] == {"status": "completed", "lines": 3, "completed": "2026-04-29"}
    assert (passes["P4_production"]["status"], passes["P4_production"]["completed"]) == ("completed", "2026-05-03")
    assert passes["P4_production"]["parts"]["P4_production_batch1"]["agents"] == ["A"]
    assert passes["P5_verification"]["status"] == "failed", "its second try has not been made"
    assert passes["P9_unheard_of"] == {"status": "odd"}
    told = {(each.what, each.where) for each in changes}
    assert ("pass-name", "books.one.passes.P5_reverification") in told and ("tier", "books.one.tier") in told


def test_nothing_is_dropped_and_the_record_itself_stays():
    before = copy.deepcopy(OLD)
    book, _ = normalise_book(OLD, "")
    assert before == OLD
    kept = book[KEPT]
    assert (kept["tier"], kept["status"]) == ("beta", OLD["status"])
    untouched = {"P9_unheard_of": OLD["passes"]["P9_unheard_of"]}
    assert kept["passes"] | untouched == OLD["passes"]


def test_a_record_of_today_comes_back_as_it_is():
    book, _ = normalise_book(OLD, "")
    assert normalise_book(book, "") == (book, [])


def test_a_status_that_no_table_knows_stays_for_a_person():
    assert normalise_book({"status": "half done", "passes": {}}, "") == ({"status": "half done", "passes": {}}, [])


def test_a_doubled_key_is_told_with_both_values():
    text = '{"books": {"a.b": {"passes": {}, "status": "audited", "status": "draft"}}, "totals": {"n": 2, "n": 0}}'
    told = {each.where: (each.before, each.after) for each in normalised(text.encode(), "x")}
    assert told == {"books.a.b.status": (["audited", "draft"], "draft"), "totals.n": ([2, 0], 2)}


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=3)
    | st.sampled_from([*PASS_STATUS, "alpha", "completed"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["status", "completed_at", "parts", "x"]), inner)
    ),
    max_leaves=8,
)
NAMES = st.sampled_from(["P1_audit", "P4_production", "P4_production_batch1", "P6_rework", "P5_reverification", "x"])
RECORDS = st.fixed_dictionaries(
    {}, optional={"tier": VALUES, "status": VALUES, "passes": st.dictionaries(NAMES, VALUES) | VALUES, KEPT: VALUES}
)


@given(RECORDS)
def test_any_record_is_read_once_and_keeps_every_leaf(record):
    book, changes = normalise_book(record, "b")
    assert normalise_book(book, "b")[1] == []
    assert bool(changes) == (book != record)
    text = json.dumps(book)
    if isinstance(record.get("passes"), dict):
        for name in record["passes"]:
            assert json.dumps(name) in text
    if isinstance(record.get("tier"), str):
        assert json.dumps(record["tier"]) in text


@given(st.dictionaries(st.text(max_size=3), RECORDS, max_size=3))
def test_drafts_carry_what_is_normalised(books):
    data = json.dumps({"books": books}).encode()
    drafts = {draft.subject: draft.data for draft in adopted_drafts(data, "x")}
    for name, record in books.items():
        assert drafts[f"book:{name}"] == normalise_book(record, "")[0]
    assert drafts == {draft.subject: draft.data for draft in adopted_drafts(data, "x")}
