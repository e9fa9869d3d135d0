"""What was paid in vain, by the ledger's failed attempts and by the calls' own ends."""

from __future__ import annotations

from decimal import Decimal

import pytest

from codex.campaign.costs import Cost, grand_total, totals
from codex.campaign.events import Kind
from codex.campaign.vain import failed_attempts, in_vain

from .helpers import BOOK, book_at, draft

SLUG = BOOK.partition(":")[2]


def cost(pass_name: str, attempt: int, usd: str, unit: str | None = None, outcome: str = "ok") -> Cost:
    line = {"book": SLUG, "pass": pass_name, "unit": unit, "attempt": attempt, "cost_usd": usd, "outcome": outcome}
    return Cost.model_validate(line)


@pytest.fixture
def failed() -> frozenset[tuple[str, str, str, int]]:
    book = book_at("in-production")
    book.add(
        draft(Kind.PASS_FAILED, pass_name="P1_audit", data={"attempt": 1, "kind": "reply"}),
        draft(Kind.PASS_FAILED, pass_name="P5_verification", data={"attempt": 1, "kind": "shortfall"}),
        draft(Kind.UNIT_REJECTED, pass_name="P4_production", data={"id": "03.09.02", "attempt": 1}),
        draft(Kind.PASS_FAILED, pass_name="P4_production", unit="03.09.02", data={"attempt": 2, "kind": "agent"}),
    )
    return failed_attempts(book.ledger)


@pytest.mark.parametrize(
    ("line", "vain"),
    [
        (cost("P1_audit", 1, "1"), True),
        (cost("P1_audit", 2, "1"), False),
        (cost("P5_verification", 1, "1"), False),  # it found what is missing: that is its work
        (cost("P4_production", 1, "1", "03.09.02"), True),
        (cost("P4_production", 2, "1", "03.09.02"), True),
        (cost("P4_production", 3, "1", "03.09.02"), False),
        (cost("P4_production", 1, "1", "03.09.03"), False),
        (cost("P2_gap", 1, "1", outcome="lost"), True),
        (cost("P2_gap", 1, "1", outcome="refusal"), True),
        (cost("P2_gap", 1, "1", outcome="pause_turn"), False),
    ],
)
def test_which_calls_were_paid_in_vain(failed: frozenset[tuple[str, str, str, int]], line: Cost, vain: bool) -> None:
    assert in_vain(line, failed) is vain


def test_the_sums_tell_it_apart(failed: frozenset[tuple[str, str, str, int]]) -> None:
    lines = [cost("P1_audit", 1, "0.25"), cost("P1_audit", 2, "0.50"), cost("P2_gap", 1, "0.10", outcome="lost")]
    found = totals(lines, "pass", vain=lambda line: in_vain(line, failed))
    assert (found["P1_audit"].usd, found["P1_audit"].vain_usd) == (Decimal("0.75"), Decimal("0.25"))
    assert grand_total(lines, lambda line: in_vain(line, failed)).vain_usd == Decimal("0.35")
