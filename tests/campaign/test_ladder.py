from __future__ import annotations

from decimal import Decimal

import pytest

from codex.tracks.fasttrack.books import BOOK
from codex.tracks.fasttrack.flows import FLOW
from codex.tracks.fasttrack.ladders import LADDERS, SHORTFALLS, TIER_LADDERS
from codex.tracks.ladder import DEFAULT
from codex.tracks.registry import rung


def actions(pass_name: str, count: int, tier: str | None = None) -> list[str]:
    return [rung(pass_name, n, tier, short=pass_name in SHORTFALLS).action for n in range(1, count + 1)]


@pytest.mark.parametrize(
    ("pass_name", "tier", "expected"),
    [
        ("P1_audit", "α", ["retry", "retry", "escalate", "escalate"]),
        ("P1_audit", "γ", ["retry", "degrade", "escalate"]),
        ("P2_gap", None, ["retry", "escalate"]),
        ("P3_plan", None, ["retry", "escalate"]),
        ("P4_production", "γ", ["retry", "reduce", "escalate", "escalate"]),
        ("P5_verification", None, ["back", "accept", "accept"]),
        ("PW_weaving", None, ["retry", "retry", "escalate"]),
        ("PV_continuity", None, ["back", "back", "back", "escalate"]),
        ("PB_bridges", None, ["retry", "reduce", "escalate"]),
    ],
)
def test_the_protocols_ladders(pass_name, tier, expected):
    assert actions(pass_name, len(expected), tier) == expected


def test_token_budgets_grow_as_the_protocol_says():
    assert [rung("P4_production", n).token_factor for n in (1, 2)] == [Decimal("1.5")] * 2
    assert rung("P1_audit", 1, "β").token_factor == 2
    assert rung("P5_verification", 1, short=True).token_factor == 1


def test_every_ladder_ends_with_a_person_or_an_accepted_shortfall():
    known = {*LADDERS, *SHORTFALLS}
    assert known == set(BOOK.passes) and not set(FLOW.passes) & known
    for ladder in (*LADDERS.values(), *SHORTFALLS.values(), *TIER_LADDERS.values(), DEFAULT):
        assert ladder[-1].action in {"escalate", "accept"}
        assert all(each.note and each.token_factor >= 1 for each in ladder)


def test_a_ladder_begins_with_a_failure():
    with pytest.raises(ValueError, match="begins with a failure"):
        rung("P1_audit", 0)


def test_a_faulty_verification_is_asked_again_whatever_the_book_lacks():
    """The ladders of a faulty reply and of a book that falls short are two: the first never sends a book back."""
    assert [rung("P5_verification", n).action for n in (1, 2, 3)] == ["retry", "reduce", "escalate"]
    assert [rung("PV_continuity", n).action for n in (1, 2, 3)] == ["retry", "reduce", "escalate"]
