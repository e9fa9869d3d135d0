from __future__ import annotations

import json
import re
import time
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codex.campaign.adopt import read_document
from codex.campaign.events import EventDraft, Kind
from codex.campaign.ledger import CAMPAIGN, Ledger, append
from codex.campaign.log import HEAD, LOG
from codex.campaign.ownership import claim_draft, holder, release_draft
from codex.campaign.verify import verify
from codex.errors import DataError, UserError

from .helpers import BOOK, NOW, Book, book_at, draft, later, moved, overlay, registered


def test_an_append_numbers_stamps_and_gives_whole_files():
    result = append(overlay({}), [registered(), moved("draft", "audited", rationale="done")], NOW)
    assert sorted(result.changes) == [CAMPAIGN, LOG, HEAD]
    assert [(e.seq, e.at, e.from_state, e.to_state) for e in result.appended] == [
        (1, "2026-01-05T12:00:00Z", None, None),
        (2, "2026-01-05T12:00:00Z", "draft", "audited"),
    ]
    assert result.ledger.status(BOOK) == "audited"
    assert Ledger.load(overlay(dict(result.changes))).document() == result.ledger.document()


def test_nothing_taken_changes_nothing():
    book = Book(registered())
    result = book.offer([moved("draft", "woven")])
    assert result.changes == {} and result.appended == () and len(result.refused) == 1
    assert result.ledger.status(BOOK) == "draft"
    assert append(overlay({}), [], NOW).changes == {}


def test_an_id_is_recorded_once():
    book = Book(registered())
    one = draft(Kind.NOTED, rationale="once").with_id("proposal-1")
    assert book.add(one, one).ignored == (one.id,)
    result = book.offer([one])
    assert result.ignored == (one.id,) and result.changes == {}
    assert sum(e.id == one.id for e in book.ledger.events()) == 1


def test_drafts_without_an_id_are_different_events():
    note = draft(Kind.NOTED, rationale="same words")
    book = Book(registered(), note, note)
    assert len(book.ledger.events(BOOK)) == 3


def test_the_time_never_runs_backwards_in_the_log():
    book = Book(registered())
    assert book.add(draft(Kind.NOTED), at=later(-60)).appended[0].at == "2026-01-05T12:00:00Z"


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        append(overlay({}), [registered()], datetime(2026, 1, 5))  # noqa: DTZ001 (what is refused)


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (registered(), "is in the ledger already"),
        (draft(Kind.NOTED, "book:unknown"), "'book:unknown' is not in the ledger|book:unknown is not in the ledger"),
        (draft(Kind.NOTED, "shelf:x"), "no subjects of the kind 'shelf'"),
        (draft(Kind.NOTED, "book:../../etc"), "not the name of a subject"),
        (draft(Kind.NOTED, expect="audited"), "was expected at 'audited' and is at 'draft'"),
        (moved("draft", "woven"), "no way from 'draft' to 'woven'"),
        (moved("audited", "gap-analysed"), "is at 'draft', not at 'audited'"),
        (draft(Kind.TRANSITION), "names no state"),
        (draft(Kind.TRANSITION, "campaign", to_state="x"), "campaign has no state machine"),
        (draft(Kind.TRANSITION, "unit:01.01.01", to_state="x"), "no way from .* to 'x'"),
        (draft(Kind.ANSWERED), "waits for nobody"),
        (draft(Kind.ESCALATED, to_state="audited"), "no state in which a person is waited for"),
        (draft(Kind.ESCALATED, to_state="production-needs-rework"), "no way from 'draft'"),
        (draft(Kind.PASS_COMPLETED), "names no pass"),
        (draft(Kind.UNIT_SHIPPED), "names no unit"),
        (draft(Kind.CLAIMED, data={"until": "2027-01-01"}), "needs an owner"),
        (draft(Kind.CLAIMED, owner="a"), "needs an end in the future"),
        (draft(Kind.CLAIMED, owner="a", data={"until": "2026-01-05T11:59:59Z"}), "needs an end in the future"),
        (draft(Kind.NOTED, cost_usd="-1"), "is no cost"),
        (draft(Kind.NOTED, cost_usd="1e12"), "is no cost"),
        (draft(Kind.NOTED, data={"x": float("nan")}), "cannot be written as JSON"),
        (draft(Kind.NOTED, data={"x": "\ud800"}), "cannot be written as JSON"),
        (draft(Kind.NOTED, data={"x": object()}), "cannot be written as JSON"),
    ],
)
def test_what_is_refused_and_why(one, why):
    book = Book(registered())
    refused = book.offer([one]).refused
    assert len(refused) == 1 and refused[0].draft == one
    assert re.search(why, refused[0].reason), refused[0].reason


def test_drafts_are_judged_one_after_another():
    book = Book()
    result = book.offer(
        [registered(), moved("draft", "audited", expect="draft"), moved("draft", "audited", expect="draft")]
    )
    assert len(result.appended) == 2
    assert [r.reason for r in result.refused] == [f"{BOOK} was expected at 'draft' and is at 'audited'"]


def test_a_refused_draft_about_a_unit_leaves_no_trace():
    book = Book(registered())
    book.offer([draft(Kind.NOTED, "unit:01.01.01", cost_usd="-1"), draft(Kind.NOTED)])
    assert book.ledger.subjects("unit") == ()


def test_a_claim_is_exclusive_until_it_ends():
    book = Book(registered())
    book.add(claim_draft(BOOK, "run-a", NOW, 60))
    assert holder(book.ledger, BOOK, later(59)) == "run-a"
    assert (
        book.refusal(claim_draft(BOOK, "run-b", later(1), 60), later(1))
        == f"{BOOK} is held by run-a until 2026-01-05T13:00:00Z"
    )
    assert "is held by run-a" in book.refusal(moved("draft", "audited", owner="run-b"))
    assert "is held by run-a" in book.refusal(release_draft(BOOK, "run-b"))
    assert book.refusal(draft(Kind.NOTED, owner="run-b", rationale="a person may always note")) == ""
    assert book.refusal(moved("draft", "audited", owner="run-a")) == ""
    assert holder(book.ledger, BOOK, later(60)) is None
    book.add(claim_draft(BOOK, "run-b", later(60), 10), at=later(60))
    assert holder(book.ledger, BOOK, later(61)) == "run-b"


def test_ones_own_claim_can_be_renewed_and_given_back():
    book = Book(registered())
    book.add(claim_draft(BOOK, "a", NOW, 10))
    book.add(claim_draft(BOOK, "a", later(5), 10), at=later(5))
    assert holder(book.ledger, BOOK, later(14)) == "a"
    book.add(release_draft(BOOK, "a"), at=later(6))
    assert holder(book.ledger, BOOK, later(7)) is None
    assert book.ledger.book("lee-manifolds")["owner_until"] is None


def test_the_same_claim_delivered_twice_is_one_event():
    book = Book(registered())
    claim = claim_draft(BOOK, "a", NOW, 10).with_id("p-1:0")
    assert book.add(claim, claim).ignored == (claim.id,)


def test_attempts_failures_and_the_last_failure():
    book = book_at("in-production")
    unit, p4 = "03.01.01", "P4_production"

    def reject(n):
        return draft(Kind.UNIT_REJECTED, unit=unit, pass_name=p4, data={"attempt": n, "defects": [n]})

    book.add(reject(1), reject(2), draft(Kind.PASS_FAILED, unit=unit, pass_name=p4, data={"attempt": 3}))
    ledger = book.ledger
    assert ledger.attempts(BOOK, p4, unit) == ledger.failures(BOOK, p4, unit) == 3
    assert ledger.attempts(BOOK, p4) == 0 and ledger.attempts(BOOK, p4, "03.01.02") == 0
    assert ledger.last_failure(BOOK, p4, unit).data["attempt"] == 3
    book.add(draft(Kind.ESCALATED, pass_name=p4, unit=unit), draft(Kind.ANSWERED, data={"choice": "retry"}))
    assert (book.ledger.attempts(BOOK, p4, unit), book.ledger.failures(BOOK, p4, unit)) == (3, 0)
    assert book.ledger.last_failure(BOOK, p4, unit) is not None, "the next attempt still has to mend it"
    book.add(draft(Kind.UNIT_SHIPPED, pass_name=p4, data={"id": unit, "attempt": 4, "checks": "27/27"}))
    assert (book.ledger.attempts(BOOK, p4, unit), book.ledger.failures(BOOK, p4, unit)) == (4, 0)
    assert book.ledger.last_failure(BOOK, p4, unit) is None


def test_a_failed_pass_counts_over_rounds():
    book = book_at("production-complete")
    for _ in range(2):
        book.add(draft(Kind.PASS_FAILED, pass_name="P5_verification"), moved("production-complete", "production-ready"))
        book.add(moved("production-ready", "in-production"), moved("in-production", "production-complete"))
    assert book.ledger.failures(BOOK, "P5_verification") == 2
    assert book.ledger.rounds(BOOK) == 3
    book.add(draft(Kind.PASS_COMPLETED, pass_name="P5_verification"))
    assert (book.ledger.attempts(BOOK, "P5_verification"), book.ledger.failures(BOOK, "P5_verification")) == (3, 0)


def test_spent_is_exact():
    book = Book(registered(), *(draft(Kind.NOTED, id=f"c{n}", cost_usd="0.1") for n in range(10)))
    assert str(book.ledger.spent(BOOK)) == "1.0" and str(book.ledger.spent()) == "1.0"


def test_an_unknown_subject_is_a_users_error():
    with pytest.raises(UserError, match="'book:nobody' is not in the ledger"):
        Ledger.load(overlay({})).book("nobody")


def test_what_the_ledger_gives_out_cannot_change_it():
    ledger = Book(registered()).ledger
    ledger.book("lee-manifolds")["status"] = "woven"
    ledger.document()["books"].clear()
    assert ledger.status(BOOK) == "draft"


# --- another age ------------------------------------------------------------------------------------------------


def pairs(text: bytes) -> list[list[tuple[str, object]]]:
    """Every object of a JSON text as its list of members, doubled keys included."""
    found: list[list[tuple[str, object]]] = []
    json.loads(text, object_pairs_hook=lambda members: found.append(members) or dict(members))
    return found


def test_a_real_campaign_loads_without_dropping_a_key(fasttrack):
    data = (fasttrack / CAMPAIGN).read_bytes()
    snapshot = overlay({CAMPAIGN: data})
    ledger = Ledger.load(snapshot)
    assert ledger.subjects() == ("book:lawson-michelsohn-spin-geometry", "book:bott-tu-differential-forms")
    spin = ledger.book("lawson-michelsohn-spin-geometry")
    assert spin["passes"]["PW_weaving"]["edits_made"] == 35, "named twice in the file: the fuller record counts"
    assert spin["passes"]["PV_continuity"]["status"] == "completed"
    assert ledger.status("book:bott-tu-differential-forms") == "equivalence-covered"
    records = [dict(p) for p in pairs(data)]
    kept = json.dumps(ledger.document(), ensure_ascii=False)
    for record in records:
        for key in record:
            assert json.dumps(key, ensure_ascii=False) in kept, key
    for fuller in (r for r in records if len(r) > 3 and "status" in r and "passes" not in r):
        assert any(
            fuller.items() <= p.items()
            for b in ledger.document()["books"].values()
            for p in [*b["passes"].values(), *b["adopted"]["passes"].values()]
        )


def test_the_first_append_brings_the_other_age_into_the_log(fasttrack):
    data = (fasttrack / CAMPAIGN).read_bytes()
    before = overlay({CAMPAIGN: data})
    assert verify(before) == []
    result = append(before, [registered("book:third")], NOW)
    assert [e.subject for e in result.appended] == [
        "campaign",
        "book:lawson-michelsohn-spin-geometry",
        "book:bott-tu-differential-forms",
        "book:third",
    ]
    after = overlay({CAMPAIGN: data} | dict(result.changes))
    assert verify(after) == []
    document = Ledger.load(after).document()
    assert list(document)[:3] == ["_comment", "version", "campaign_started"]
    assert document["campaign_started"] == "2026-04-29"
    assert document["totals"]["campaign_status"] == "initializing"
    assert (document["totals"]["books_total"], document["totals"]["books_equivalence_covered"]) == (3, 2)
    untouched = Ledger.load(before).book("bott-tu-differential-forms")
    assert Ledger.load(after).book("bott-tu-differential-forms") == untouched


def test_asking_an_old_ledger_for_nothing_writes_nothing(fasttrack):
    before = overlay({CAMPAIGN: (fasttrack / CAMPAIGN).read_bytes()})
    assert append(before, [], NOW).changes == {}
    assert append(before, [draft(Kind.NOTED, "book:nobody")], NOW).changes == {}


def test_old_money_is_counted_on():
    old = {"books": {}, "totals": {"cost_usd_total": 2.5, "agent_invocations_total": 4, "mine": 1}}
    result = append(overlay({CAMPAIGN: json.dumps(old).encode()}), [registered(cost=1)], NOW)
    more = result.ledger.append([draft(Kind.NOTED, cost_usd="0.5", data={"agent_invocations": 1})], NOW)
    totals = more.ledger.document()["totals"]
    assert (totals["cost_usd_total"], totals["agent_invocations_total"], totals["mine"]) == (3.0, 5, 1)


def test_an_old_owner_without_an_end_holds_nothing():
    old = {"books": {"b": {"status": "audited", "passes": {}, "current_owner": "agent-a1"}}}
    assert Ledger.load(overlay({CAMPAIGN: json.dumps(old).encode()})).owner("book:b", NOW) is None


def test_a_status_that_is_no_state_can_be_left_for_any_state():
    old = {"books": {"b": {"status": "half done", "passes": {}}}}
    result = append(overlay({CAMPAIGN: json.dumps(old).encode()}), [moved("half done", "audited", "book:b")], NOW)
    assert result.ledger.status("book:b") == "audited"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"{", "line 1 cannot be read: not valid JSON"),
        (b"[]", "must be a JSON object"),
        (b'{"books": []}', "books must be a JSON object"),
        (b'{"books": {"b": 1}}', "book:b must be a JSON object"),
        (b"\xff", "cannot be read"),
        (b"[" * 100_000, "cannot be read"),
    ],
)
def test_a_bad_campaign_json_without_a_log_is_named(data, why):
    with pytest.raises(DataError, match=f"manifests/campaign.json.*{why}"):
        Ledger.load(overlay({CAMPAIGN: data}))


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.dictionaries(st.sampled_from("xyz"), st.integers(0, 2))), max_size=5)
)
def test_no_key_of_a_doubled_object_is_lost(members):
    text = "{" + ",".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in members) + "}"
    document = read_document(text.encode(), "x")
    for key, value in members:
        assert set(value) <= set(document[key])


# --- speed ------------------------------------------------------------------------------------------------------


def test_a_thousand_events_are_read_and_added_to_quickly():
    book = Book(registered(), *(draft(Kind.NOTED, id=f"n{n}", cost_usd="0.01") for n in range(999)))
    snapshot = book.snapshot
    started = time.perf_counter()
    append(snapshot, [draft(Kind.NOTED)], NOW)
    assert time.perf_counter() - started < 0.5  # measured: 0.03 s


@settings(max_examples=40)
@given(st.data())
def test_hostile_drafts_never_raise(data):
    texts = st.text(max_size=8) | st.sampled_from(
        [BOOK, "campaign", "unit:01.01.01", "escalated", "audited", "P1_audit"]
    )
    anything = st.recursive(
        st.none() | st.floats() | st.integers() | st.text(max_size=3) | st.binary(max_size=2),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
        max_leaves=4,
    )
    keys = st.sampled_from(
        ["id", "until", "units", "defects", "passes", "status", "outstanding", "blocked_by", "choices"]
    )
    drafts = data.draw(
        st.lists(
            st.builds(
                EventDraft,
                subject=texts,
                kind=st.sampled_from(Kind),
                from_state=st.none() | texts,
                to_state=st.none() | texts,
                pass_name=st.none() | texts,
                unit=st.none() | texts,
                owner=st.none() | texts,
                data=st.dictionaries(keys, anything, max_size=3),
            ),
            max_size=6,
        )
    )
    book = Book(registered())
    book.offer(drafts)
    assert verify(book.snapshot) == []
