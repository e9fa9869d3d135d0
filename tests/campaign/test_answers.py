"""What a person may answer: each choice of the table, on real ledgers."""

from __future__ import annotations

from typing import Any

import pytest

from codex.campaign.answers import Given, Waiting, accepted, all_waiting, answer_events, hint, offered, waiting
from codex.campaign.events import Kind
from codex.errors import UserError

from .helpers import BOOK, Book, book_at, draft

OWED = [{"id": "03.09.02", "action": "new"}, {"id": "03.09.03", "action": "new"}]
PRODUCTION, VERIFICATION = "P4_production", "P5_verification"


def escalated(state: str, pass_name: str, to: str | None = None, **data: Any) -> Book:
    """A book that was escalated at a state by a pass, owing two units when it was in production."""
    book = book_at(state)
    if state == "in-production":
        book.add(draft(Kind.DELIVERABLES, data={"outstanding": OWED}))
    book.add(
        draft(
            Kind.ESCALATED, pass_name=pass_name, to_state=to, rationale="it failed", data={"reason": "it failed"} | data
        )
    )
    return book


def what_waits(book: Book) -> Waiting:
    found = waiting(book.ledger, BOOK)
    assert found is not None
    return found


def answered(book: Book, choice: str, text: str = "", *units: str) -> Book:
    book.add(*answer_events(what_waits(book), choice, Given(text, units)))
    return book


def test_a_book_at_work_waits_for_nobody() -> None:
    assert waiting(book_at("audited").ledger, BOOK) is None
    assert all_waiting(book_at("audited").ledger) == []


@pytest.mark.parametrize(
    ("state", "pass_name", "to", "names"),
    [
        ("draft", "P1_audit", None, ["retry", "defer", "by-hand"]),
        ("in-production", PRODUCTION, "production-needs-rework", ["retry", "reduce", "defer", "by-hand"]),
        ("production-complete", VERIFICATION, None, ["retry", "accept", "defer", "by-hand"]),
        ("woven", "PV_continuity", None, ["retry", "accept", "defer", "by-hand"]),
    ],
)
def test_what_is_offered_fits_what_failed(state: str, pass_name: str, to: str | None, names: list[str]) -> None:
    waits = what_waits(escalated(state, pass_name, to))
    assert [choice.name for choice in offered(waits)] == names
    assert (waits.source, waits.pass_name, waits.reason) == (state, pass_name, "it failed")
    assert waits.id.startswith("ev-")


def test_retry_goes_back_and_its_hint_is_for_that_pass_alone() -> None:
    book = answered(escalated("draft", "P1_audit"), "retry", "Read the course notes.")
    assert book.ledger.status(BOOK) == "draft"
    assert hint(book.ledger, BOOK, "P1_audit") == "Read the course notes."
    assert hint(book.ledger, BOOK, "P2_gap") == ""
    book.add(draft(Kind.PASS_COMPLETED, pass_name="P1_audit"))
    assert hint(book.ledger, BOOK, "P1_audit") == "", "it was for the attempt that has succeeded since"


def test_a_hint_for_production_is_told_to_each_unit_until_it_ships() -> None:
    book = answered(escalated("in-production", PRODUCTION, "production-needs-rework"), "retry", "Even case only.")
    assert book.ledger.status(BOOK) == "in-production"
    book.add(draft(Kind.UNIT_SHIPPED, unit="03.09.02", data={"id": "03.09.02", "checks": "27/27"}))
    assert hint(book.ledger, BOOK, PRODUCTION, "03.09.02") == ""
    assert hint(book.ledger, BOOK, PRODUCTION, "03.09.03") == "Even case only."


def test_reduce_leaves_units_out_and_remembers_them() -> None:
    book = escalated("in-production", PRODUCTION, "production-needs-rework")
    answered(book, "reduce", "outside this release", "03.09.03")
    entry = book.ledger.entry(BOOK)
    assert [each["id"] for each in entry["outstanding_deliverables"]] == ["03.09.02"]
    assert [each["id"] for each in entry["deferred"]] == ["03.09.03"]
    assert entry["status"] == "in-production"


def test_an_accepted_shortfall_keeps_its_reason() -> None:
    book = escalated("production-complete", VERIFICATION)
    assert accepted(book.ledger, BOOK, VERIFICATION) is None
    answered(book, "accept", "exercises of chapter 4 come later")
    assert book.ledger.status(BOOK) == "production-complete"
    assert accepted(book.ledger, BOOK, VERIFICATION) == "exercises of chapter 4 come later"
    assert accepted(book.ledger, BOOK, "PV_continuity") is None


def test_defer_and_by_hand() -> None:
    assert answered(escalated("draft", "P1_audit"), "defer", "no sources").ledger.status(BOOK) == "deferred"
    book = answered(escalated("draft", "P1_audit"), "by-hand")
    waits = what_waits(book)
    assert (waits.state, waits.by_hand) == ("escalated", True)
    assert "by-hand" not in [choice.name for choice in offered(waits)]
    assert answered(book, "retry").ledger.status(BOOK) == "draft"


def test_a_state_of_the_table_is_an_answer_too() -> None:
    assert answered(escalated("woven", "PV_continuity"), "gap-analysed").ledger.status(BOOK) == "gap-analysed"


@pytest.mark.parametrize(
    ("state", "choice", "given", "said"),
    [
        ("draft", "reduce", Given(units=("03.09.02",)), "is no answer here"),
        ("draft", "accept", Given("enough"), "is no answer here"),
        ("draft", "nonsense", Given(), "is no answer here"),
        ("draft", "defer", Given(" "), "needs a reason"),
        ("in-production", "reduce", Given("x"), "no unit is named"),
        ("in-production", "reduce", Given("x", ("01.01.01",)), "01.01.01 is not outstanding"),
    ],
)
def test_an_impossible_answer_says_what_is_possible(state: str, choice: str, given: Given, said: str) -> None:
    waits = what_waits(escalated(state, "P1_audit" if state == "draft" else PRODUCTION))
    with pytest.raises(UserError, match=said) as caught:
        answer_events(waits, choice, given)
    assert caught.value.remedy


def test_a_status_of_another_age_can_be_led_to_any_state() -> None:
    book = Book(draft(Kind.REGISTERED, data={"tier": "α", "title": "Old", "status": "half-done", "passes": {}}))
    waits = what_waits(book)
    assert waits.id == ""
    assert [choice.name for choice in offered(waits)] == []
    assert answered(book, "audited").ledger.status(BOOK) == "audited"
