from __future__ import annotations

import copy
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from codex.campaign.canonical import GENESIS
from codex.campaign.events import Event, Kind
from codex.campaign.projection import FOLDS, empty, fold, fold_into, render

from .helpers import BOOK, NOW, Book, book_at, draft, later, moved, registered

names = st.sampled_from(["P1_audit", "P4_production", "P5_verification", "other", ""])
junk = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.floats(allow_nan=False) | st.text("ab:0. ", max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=2),
    max_leaves=5,
)
KEYS = ["attempt", "units", "defects", "next", "id", "path", "checks", "outstanding", "blocked_by", "reason", "choices"]
KEYS += [
    "choice",
    "until",
    "passes",
    "status",
    "totals",
    "agent_invocations",
    "current_owner",
    "books",
    "tier",
    "layers",
]
datas = st.dictionaries(st.sampled_from(KEYS), junk, max_size=5)


@st.composite
def events(draw, seq: int = 1) -> Event:
    return Event(
        seq=seq,
        at=draw(st.sampled_from(["2026-01-05T12:00:00Z", "2026-01-06T00:00:00Z"])),
        id=f"e{draw(st.integers(0, 10**6))}",
        subject=draw(
            st.sampled_from([BOOK, "book:other", "flow:f", "unit:01.01.01", "campaign", "odd", "book:", "x:y"])
        ),
        kind=draw(st.sampled_from([*Kind, "of_tomorrow"])),
        from_state=draw(st.none() | st.just("draft")),
        to_state=draw(st.none() | st.sampled_from(["audited", "production-ready", "woven", "escalated", "nowhere"])),
        pass_name=draw(st.none() | names),
        unit=draw(st.none() | st.just("01.01.01")),
        owner=draw(st.none() | st.just("me")),
        cost_usd=draw(st.sampled_from(["0", "0.10", "1.25"])),
        data=draw(datas),
        prev=GENESIS,
    )


REGISTRATION = Event(
    seq=1, at="2026-01-05T12:00:00Z", id="r", subject=BOOK, kind="registered", data={"tier": "α"}, prev=GENESIS
)


@settings(max_examples=100)
@given(st.lists(events(), max_size=12), st.integers(0, 12))
def test_the_fold_is_total_pure_and_can_be_split(found, at):
    found = [REGISTRATION, *found]
    before = copy.deepcopy(found)
    whole = fold(found)
    assert found == before, "folding changed an event"
    assert fold(found) == whole
    parted = fold_into(fold_into(empty(), found[:at]), found[at:])
    assert render(parted) == render(whole)
    assert json.loads(render(whole)) == whole


def test_every_kind_has_a_fold():
    assert set(FOLDS) == set(Kind) - {Kind.REGISTERED}


def test_money_is_added_exactly():
    book = Book(registered(), *(draft(Kind.NOTED, id=f"c{n}", cost_usd="0.10", pass_name="P1_audit") for n in range(3)))
    document = book.ledger.document()
    assert document["totals"]["cost_usd_total"] == 0.3
    assert document["books"]["lee-manifolds"]["passes"]["P1_audit"]["cost_usd"] == 0.3


def test_a_new_book_has_the_protocols_entry():
    entry = Book(registered(fasttrack_entry="1.07")).ledger.book("lee-manifolds")
    assert list(entry) == [
        *("tier", "fasttrack_entry", "title", "passes", "status", "current_owner", "owner_until", "plan_path"),
        "outstanding_deliverables",
    ]
    assert entry["plan_path"] == "plans/fasttrack/lee-manifolds.md"
    assert entry["passes"]["P1_audit"] == {"status": "pending", "blocked_by": []}
    assert entry["passes"]["P2_gap"] == {"status": "pending", "blocked_by": ["P1_audit"]}


def test_a_pass_from_start_to_end():
    book = Book(registered())
    book.add(draft(Kind.PASS_STARTED, pass_name="P1_audit", data={"attempt": 1}))
    assert book.ledger.book("lee-manifolds")["passes"]["P1_audit"] == {
        "status": "in-progress",
        "attempt": 1,
        "started": "2026-01-05T12:00:00Z",
    }
    failed = draft(
        Kind.PASS_FAILED,
        pass_name="P1_audit",
        cost_usd="0.5",
        data={"attempt": 1, "defects": [{}, {}], "next": "retry"},
    )
    book.add(failed, at=later(1))
    record = book.ledger.book("lee-manifolds")["passes"]["P1_audit"]
    assert (record["status"], record["defects"], record["next"], record["cost_usd"]) == ("failed", 2, "retry", 0.5)
    done = draft(
        Kind.PASS_COMPLETED, pass_name="P1_audit", cost_usd="0.25", data={"attempt": 2, "sources": 9, "status": "x"}
    )
    book.add(done, at=later(2))
    entry = book.ledger.book("lee-manifolds")
    assert entry["passes"]["P1_audit"] == {
        "status": "completed",
        "attempt": 2,
        "started": "2026-01-05T12:00:00Z",
        "cost_usd": 0.75,
        "sources": 9,
        "completed": "2026-01-05T12:02:00Z",
    }
    assert entry["passes"]["P2_gap"]["blocked_by"] == []


def test_a_verification_that_falls_short_opens_production_again():
    book = book_at("in-production")
    unit = {"action": "new", "checks": "27/27", "path": "content/x.md"}
    book.add(
        draft(Kind.DELIVERABLES, data={"outstanding": ["03.01.01", {"id": "03.01.02"}, "unit:03.01.03", "crosswalk"]}),
        draft(Kind.UNIT_REJECTED, unit="03.01.01", data={"attempt": 1, "defects": [1, 2, 3]}, cost_usd="1"),
        draft(Kind.UNIT_SHIPPED, unit="03.01.01", data={"attempt": 2, **unit}, cost_usd="2"),
        draft(Kind.UNIT_SHIPPED, data={"id": "03.01.02", **unit}),
        draft(Kind.UNIT_SHIPPED, unit="03.01.03", data=unit),
        draft(Kind.PASS_COMPLETED, pass_name="P4_production"),
        moved("in-production", "production-complete"),
        draft(Kind.PASS_FAILED, pass_name="P5_verification", data={"defects": [{"row": "T1"}]}),
        moved("production-complete", "production-ready"),
    )
    entry = book.ledger.book("lee-manifolds")
    production = entry["passes"]["P4_production"]
    assert entry["status"] == "production-ready"
    assert production["status"] == "pending" and production["cost_usd"] == 3.0
    assert production["units"]["03.01.01"] == {"status": "shipped", "attempt": 2, "cost_usd": 3.0, **unit}
    assert entry["passes"]["P5_verification"]["status"] == "failed"
    assert entry["outstanding_deliverables"] == ["crosswalk"]
    assert book.ledger.rounds(BOOK) == 2


def test_weaving_again_reopens_weaving_alone():
    book = book_at("woven")
    book.add(draft(Kind.PASS_COMPLETED, pass_name="PW_weaving"), draft(Kind.PASS_FAILED, pass_name="PV_continuity"))
    book.add(draft(Kind.PASS_COMPLETED, pass_name="P5_verification"), moved("woven", "woven"))
    passes = book.ledger.book("lee-manifolds")["passes"]
    assert passes["P5_verification"]["status"] == "completed" and passes["PV_continuity"]["status"] == "failed"


def test_what_blocks_a_pass_from_outside_is_kept():
    book = Book(registered())
    book.add(draft(Kind.DELIVERABLES, data={"blocked_by": {"PW_weaving": ["book:peer", 3]}}))
    assert book.ledger.book("lee-manifolds")["passes"]["PW_weaving"]["blocked_by"] == ["P5_verification", "book:peer"]


def test_an_escalation_and_its_answer():
    book = book_at("in-production")
    choices = ["in-production", "deferred"]
    book.add(
        draft(
            Kind.ESCALATED,
            pass_name="P4_production",
            unit="03.01.01",
            data={"reason": "third failure", "choices": choices},
        )
    )
    entry = book.ledger.book("lee-manifolds")
    assert entry["status"] == "escalated"
    assert entry["escalation"] == {
        "from": "in-production",
        "pass": "P4_production",
        "unit": "03.01.01",
        "reason": "third failure",
        "choices": choices,
        "since": "2026-01-05T12:00:00Z",
    }
    assert book.ledger.document()["totals"]["books_in_production"] == 1, "an escalated book has not lost its way"
    result = book.add(draft(Kind.ANSWERED, data={"choice": "retry", "hint": "cite the original"}))
    assert (result.appended[0].from_state, result.appended[0].to_state) == ("escalated", "in-production")
    entry = book.ledger.book("lee-manifolds")
    assert entry["status"] == "in-production" and "escalation" not in entry
    assert entry["answer"]["hint"] == "cite the original"


def test_a_degraded_audit_is_remembered():
    book = Book(registered(tier="γ"))
    book.add(moved("draft", "audit-degraded"))
    assert book.ledger.book("lee-manifolds")["expectations"] == "topic-equivalent"


def test_totals_count_what_was_reached_and_what_is():
    book = book_at("verified")
    book.add(registered("book:second"), registered("book:third", tier="γ"), registered("flow:f1", kind="author"))
    book.add(moved("draft", "audit-degraded", "book:third"), moved("draft", "deferred", "book:second"))
    totals = book.ledger.document()["totals"]
    assert (
        totals
        | {
            "books_total": 3,
            "books_in_scope": 2,
            "books_audited": 2,
            "books_gap_analysed": 1,
            "books_verified": 1,
            "books_woven": 0,
            "books_by_state": {"audit-degraded": 1, "deferred": 1, "verified": 1},
            "flows_total": 1,
            "cost_usd_total": 0.0,
            "agent_invocations_total": 0,
        }
        == totals
    )


def test_agent_calls_are_counted():
    book = Book(registered(), *(draft(Kind.NOTED, id=f"i{n}", data={"agent_invocations": n}) for n in (1, 2, -5)))
    assert book.ledger.document()["totals"]["agent_invocations_total"] == 3


def test_a_unit_can_be_a_subject_of_its_own():
    book = Book(registered())
    assert "units" not in book.ledger.document()
    unit = "unit:03.01.01"
    book.add(draft(Kind.CLAIMED, unit, owner="a", data={"until": "2026-01-05T13:00:00Z"}))
    assert book.ledger.owner(unit, NOW) == "a"
    book.add(draft(Kind.UNIT_SHIPPED, unit, owner="a", data={"checks": "27/27"}), draft(Kind.RELEASED, unit, owner="a"))
    entry = book.ledger.entry(unit)
    assert (entry["status"], entry["checks"], entry["current_owner"]) == ("shipped", "27/27", None)
    assert book.ledger.attempts(unit, "P4_production") == 1
    assert list(book.ledger.document()) == ["version", "campaign_started", "books", "flows", "units", "totals"]


def test_rendering_is_indented_keeps_letters_and_ends_with_a_line_end():
    data = render(fold([REGISTRATION]))
    assert data.startswith(b'{\n  "version": 1,\n  "campaign_started": "2026-01-05",\n') and data.endswith(b"}\n")
    assert "α".encode() in data
