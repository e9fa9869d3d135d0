"""What follows an attempt without success: faulty replies and shortfalls are counted apart."""

from __future__ import annotations

from codex.campaign.about import unmet
from codex.campaign.events import EventDraft, Kind
from codex.campaign.ledger import Ledger
from codex.campaign.limits import verification_section
from codex.campaign.recourse import after_fault, after_shortfall, reason_to_escalate

from .helpers import BOOK, Book, book_at, draft, moved, overlay, registered

P5, PV = "P5_verification", "PV_continuity"


def faulty(pass_name: str = P5) -> EventDraft:
    return draft(
        Kind.PASS_FAILED, pass_name=pass_name, data={"kind": "reply", "defects": [{"where": "a", "what": "b"}]}
    )


def short(pass_name: str = P5) -> EventDraft:
    return draft(Kind.PASS_FAILED, pass_name=pass_name, data={"kind": "shortfall", "defects": []})


def again() -> list[EventDraft]:
    return [
        moved("production-complete", "production-ready"),
        moved("production-ready", "in-production"),
        moved("in-production", "production-complete"),
    ]


def following(ledger: Ledger, pass_name: str = P5) -> tuple[str, str]:
    """The rungs after one more faulty reply, and after one more shortfall."""
    rungs = after_fault(ledger, BOOK, pass_name, more=1), after_shortfall(ledger, BOOK, pass_name, more=1)
    return rungs[0].action, rungs[1].action


def test_a_faulty_reply_does_not_use_up_what_a_shortfall_is_allowed() -> None:
    book = book_at("production-complete")
    assert following(book.ledger) == ("retry", "back")
    book.add(faulty())
    assert following(book.ledger) == ("reduce", "back"), "the book has not fallen short once"
    book.add(short(), *again())
    assert following(book.ledger) == ("retry", "accept"), "a sound reply ends a row of faulty ones"


def test_a_unit_that_a_person_withdrew_is_no_shortfall() -> None:
    book = book_at("verified")
    book.add(moved("verified", "production-ready"), *again()[1:])
    assert book.ledger.rounds(BOOK) == 2
    assert following(book.ledger)[1] == "back", "the first time that it falls short, it goes back"


def test_a_person_is_asked_after_three_faulty_replies_and_after_four_shortfalls() -> None:
    book = book_at("woven")
    for count in range(3):
        assert reason_to_escalate(book.ledger, BOOK, PV) is None, count
        book.add(faulty(PV))
    assert "PV continuity failed 3 times in a row. a: b" in str(reason_to_escalate(book.ledger, BOOK, PV))
    book = book_at("woven")
    for count in range(4):
        assert reason_to_escalate(book.ledger, BOOK, PV) is None, count
        book.add(short(PV))
    assert reason_to_escalate(book.ledger, BOOK, PV)


def test_the_ladder_of_the_tier_holds_for_faulty_replies() -> None:
    book = Book(registered(tier="γ"))
    book.add(faulty("P1_audit"))
    assert after_fault(book.ledger, BOOK, "P1_audit", more=1).action == "degrade"


def test_a_book_with_a_degraded_audit_is_measured_by_what_was_asked_of_it() -> None:
    book = Book(registered(tier="γ"))
    book.add(moved("draft", "audit-degraded"))
    layers = {"theorem": 95, "exercise": 0, "worked_example": 0, "notation": 100, "sequencing": 100}
    layers |= {"intuition": 100, "application": 80}
    book.add(draft(Kind.PASS_COMPLETED, pass_name=P5, data={"layers": layers}))
    assert unmet(("layers_met",), book.ledger, overlay({}), BOOK) == []
    other = Book(registered(tier="β"))
    other.add(draft(Kind.PASS_COMPLETED, pass_name=P5, data={"layers": layers}))
    assert "exercise 0 < 80" in unmet(("layers_met",), other.ledger, overlay({}), BOOK)[0]


def test_a_second_verification_is_looked_for_in_the_section_that_it_writes() -> None:
    book = book_at("production-complete")
    book.add(short(), *again())
    number = verification_section(book.ledger, BOOK)
    assert number == 5
    first = "## §4 Equivalence verification\n" + "".join(
        f"\n### §4.{n} Part\n\nA sentence stands here.\n" for n in range(1, 5)
    )
    path = f"plans/fasttrack/{BOOK.partition(':')[2]}.md"
    there = unmet(("verification_filled",), book.ledger, overlay({path: first.encode()}), BOOK)
    assert there and "§5.1" in there[0]
    both = first + first.replace("§4", "§5")
    assert unmet(("verification_filled",), book.ledger, overlay({path: both.encode()}), BOOK) == []
